using System.Diagnostics;
using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a wallet is asked to send. What is null, the wallet fills in.</summary>
public sealed record TransactionRequest
{
    public Address? To { get; init; }

    /// <summary>In wei.</summary>
    public UInt256 Value { get; init; }

    public ReadOnlyMemory<byte> Data { get; init; }

    public ulong? GasLimit { get; init; }

    public GasFees? Fees { get; init; }
}

/// <summary>
/// An account that sends transactions through a node: fills in chain id, nonce, fees and gas, signs, and waits for receipts. Safe for
/// concurrent use; transactions go out in the order of the calls. One key belongs in one wallet, or nonces collide.
/// </summary>
public sealed class Wallet
{
    /// <summary>The most gas that a transaction may ask for (the chain's limit).</summary>
    public const ulong MaxTransactionGas = 1UL << 26;

    private static readonly TimeSpan Rebroadcast = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    private readonly byte[] _key;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ulong? _chainId;
    private ulong? _nextNonce;

    /// <param name="key">A secret key, 32 bytes; copied.</param>
    /// <exception cref="ArgumentException">The key is not a secret key.</exception>
    public Wallet(RpcClient rpc, ReadOnlySpan<byte> key)
    {
        Rpc = rpc;
        Address = Secp256k1.AddressOf(key);
        _key = key.ToArray();
    }

    public RpcClient Rpc { get; }

    public Address Address { get; }

    /// <summary>How long <see cref="SendAndWaitAsync"/> waits for a block.</summary>
    public TimeSpan ReceiptDeadline { get; init; } = TimeSpan.FromMinutes(2);

    public Task<UInt256> GetBalanceAsync(CancellationToken cancellation = default) => Rpc.GetBalanceAsync(Address, cancellation);

    /// <summary>Gas for a request on the latest state, with a margin of an eighth for what may change until it runs.</summary>
    /// <exception cref="RpcException">It would revert now, and why.</exception>
    public async Task<ulong> EstimateGasAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var gas = await Rpc.EstimateGasAsync(new CallRequest { From = Address, To = request.To, Value = request.Value, Data = request.Data }, cancellation);
        return request.Data.IsEmpty ? gas : Math.Max(gas, Math.Min(gas + (gas / 8), MaxTransactionGas));
    }

    /// <summary>As <see cref="EstimateGasAsync"/>; null where it runs out of all the gas that a transaction may have.</summary>
    /// <exception cref="RpcException">It would revert now, and why.</exception>
    public async Task<ulong?> TryEstimateGasAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        try
        {
            return await EstimateGasAsync(request, cancellation);
        }
        catch (RpcException exception) when (!exception.IsRevert && exception.Failure == Failure.Input)
        {
            return null;
        }
    }

    /// <summary>Signs and sends.</summary>
    /// <returns>The transaction; it is in the pool now, in a block later.</returns>
    public async Task<Transaction> SendAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var gasLimit = request.GasLimit ?? await EstimateGasAsync(request, cancellation);
        var fees = request.Fees ?? await Rpc.GetFeesAsync(cancellation);
        await _gate.WaitAsync(cancellation);
        try
        {
            _chainId ??= await Rpc.GetChainIdAsync(cancellation);
            _nextNonce ??= await Rpc.GetNonceAsync(Address, cancellation);
            var transaction = Sign(request, gasLimit, fees, _chainId.Value, _nextNonce.Value);
            await Rpc.SendAsync(transaction, cancellation);
            _nextNonce++;
            return transaction;
        }
        catch
        {
            // Whether the node took it is not known: ask it for the nonce again.
            _nextNonce = null;
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Sends and waits until the transaction is in a block.</summary>
    /// <exception cref="AivmException"><c>transaction-reverted</c>, <c>receipt-timeout</c>.</exception>
    public async Task<TransactionReceipt> SendAndWaitAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var transaction = await SendAsync(request, cancellation);
        return await WaitAsync(transaction, cancellation);
    }

    /// <summary>
    /// Waits until a transaction of this wallet is in a block. A node that goes away and comes back without it, its pool being in memory, is given it again.
    /// </summary>
    /// <exception cref="AivmException"><c>transaction-reverted</c>, <c>receipt-timeout</c>, <c>node-unreachable</c>.</exception>
    public async Task<TransactionReceipt> WaitAsync(Transaction transaction, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var left = ReceiptDeadline - clock.Elapsed;
            try
            {
                var receipt = await Rpc.WaitForReceiptAsync(transaction.Hash, TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, Rebroadcast.Ticks)), cancellation);
                return receipt.Success ? receipt : throw await RevertedAsync(transaction, receipt, cancellation);
            }
            catch (AivmException exception) when (IsTransient(exception) && clock.Elapsed + RetryPause < ReceiptDeadline)
            {
                await SendAgainAsync(transaction, cancellation);
            }
            catch (AivmException exception) when (IsTransient(exception))
            {
                // It may never come, and what follows it would wait for it.
                await ForgetNonceAsync();
                throw;
            }
        }
    }

    /// <summary>Whether asking the node again may help.</summary>
    internal static bool IsTransient(AivmException exception) => exception.Error.Code is "receipt-timeout" or "node-unreachable" or "node-timeout";

    /// <summary>A secret that whoever has the account's key can make again, and nobody else.</summary>
    /// <param name="info">What for: another purpose, another secret.</param>
    internal void DeriveSecret(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> secret) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, secret, salt, info);

    private async Task ForgetNonceAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        _nextNonce = null;
        _gate.Release();
    }

    private async Task SendAgainAsync(Transaction transaction, CancellationToken cancellation)
    {
        try
        {
            await Rpc.SendAsync(transaction, cancellation);
        }
        catch (RpcException)
        {
            // The node has it already, in its pool or in a block.
        }
        catch (AivmException)
        {
            await Task.Delay(RetryPause, cancellation);
        }
    }

    private Transaction Sign(TransactionRequest request, ulong gasLimit, GasFees fees, ulong chainId, ulong nonce) => new UnsignedTransaction
    {
        Type = TransactionType.DynamicFee,
        ChainId = chainId,
        Nonce = nonce,
        MaxPriorityFeePerGas = fees.MaxPriorityFeePerGas,
        MaxFeePerGas = fees.MaxFeePerGas,
        GasLimit = gasLimit,
        To = request.To,
        Value = request.Value,
        Data = request.Data,
    }.Sign(_key);

    /// <summary>Receipts do not say why; trying the call again often does.</summary>
    private async Task<AivmException> RevertedAsync(Transaction transaction, TransactionReceipt receipt, CancellationToken cancellation)
    {
        var reason = receipt.GasUsed == transaction.GasLimit ? "it ran out of gas" : "execution reverted";
        try
        {
            var call = new CallRequest { From = Address, To = transaction.To, Value = transaction.Value, Data = transaction.Data, Gas = transaction.GasLimit };
            await Rpc.CallAsync(call, cancellation);
        }
        catch (RpcException exception)
        {
            reason = exception.Message;
        }
        return new AivmException(
            Failure.Check, "transaction-reverted", $"Transaction {transaction.Hash} failed in block {receipt.BlockNumber}: {reason}.");
    }
}
