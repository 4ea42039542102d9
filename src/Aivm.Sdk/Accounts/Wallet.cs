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

    /// <summary>What was agreed to: such a transaction is not raised while it waits.</summary>
    public GasFees? Fees { get; init; }

    /// <summary>The same on the terms of a quote.</summary>
    internal TransactionRequest On(GasQuote quote) => this with { GasLimit = quote.Gas, Fees = quote.Fees };
}

/// <summary>What a transaction will cost.</summary>
/// <param name="Gas">The limit that it will have.</param>
/// <param name="Fee">In wei, the most that the gas can cost on these terms: mostly it is half.</param>
public sealed record GasQuote(ulong Gas, UInt256 Fee, GasFees Fees);

/// <summary>
/// An account that sends transactions through a node: fills in chain id, nonce, fees and gas, signs, and waits for receipts. Safe for
/// concurrent use; transactions go out in the order of the calls. One key belongs in one wallet, or nonces collide.
/// </summary>
public sealed class Wallet
{
    /// <summary>The most gas that a transaction may ask for (the chain's limit).</summary>
    public const ulong MaxTransactionGas = 1UL << 26;

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

    /// <summary>
    /// Wei: the most that a unit of gas may cost where a request does not say what it offers. Null: what it takes when the transaction is sent, and no more if
    /// gas becomes dearer while it waits.
    /// </summary>
    public UInt256? MaxGasPrice { get; init; }

    /// <summary>How long a transaction waits before it is sent again, or raised.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    public Task<UInt256> GetBalanceAsync(CancellationToken cancellation = default) => Rpc.GetBalanceAsync(Address, cancellation);

    /// <summary>Gas for a request on the latest state, with a margin of an eighth for what may change until it runs.</summary>
    /// <exception cref="RpcException">It would revert now, and why.</exception>
    public async Task<ulong> EstimateGasAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var gas = await Rpc.EstimateGasAsync(new CallRequest { From = Address, To = request.To, Value = request.Value, Data = request.Data }, cancellation);
        return request.Data.IsEmpty ? gas : Math.Max(gas, Math.Min(gas + (gas / 8), MaxTransactionGas));
    }

    /// <summary>As <see cref="EstimateGasAsync"/>; null where it runs out of all the gas that a transaction may have.</summary>
    /// <exception cref="RpcException">It would revert now, or its sender cannot pay for it, and why.</exception>
    public async Task<ulong?> TryEstimateGasAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        try
        {
            return await EstimateGasAsync(request, cancellation);
        }
        catch (RpcException exception) when (exception.IsOutOfGas)
        {
            return null;
        }
    }

    /// <summary>Asks the node whether it would take the request, and what that costs: nothing is sent.</summary>
    /// <exception cref="RpcException">It would revert now, and why.</exception>
    public async Task<GasQuote> QuoteAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var gas = await EstimateGasAsync(request, cancellation);
        var fees = await Rpc.GetFeesAsync(cancellation);
        return new GasQuote(gas, fees.MaxFeePerGas * gas, fees);
    }

    /// <summary>Signs and sends.</summary>
    /// <returns>The transaction; it is in the pool now, in a block later.</returns>
    /// <exception cref="AivmException"><c>gas-too-dear</c>: nothing was sent.</exception>
    public async Task<Transaction> SendAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var gasLimit = request.GasLimit ?? await EstimateGasAsync(request, cancellation);
        var fees = await OfferAsync(request, cancellation);
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

    /// <summary>Sends and waits until the transaction is in a block. Where gas becomes dearer meanwhile, it is raised within <see cref="MaxGasPrice"/>.</summary>
    /// <exception cref="AivmException"><c>gas-too-dear</c>, and those of <see cref="WaitAsync"/>.</exception>
    public async Task<TransactionReceipt> SendAndWaitAsync(TransactionRequest request, CancellationToken cancellation = default)
    {
        var transaction = await SendAsync(request, cancellation);
        return await WaitWithinAsync(transaction, request.Fees is null ? MaxGasPrice : null, cancellation);
    }

    /// <summary>
    /// Waits until a transaction of this wallet is in a block. A node that goes away and comes back without it, its pool being in memory, is given it again.
    /// </summary>
    /// <exception cref="AivmException"><c>transaction-reverted</c>, <c>receipt-timeout</c>, <c>fee-too-low</c>, <c>node-unreachable</c>.</exception>
    public Task<TransactionReceipt> WaitAsync(Transaction transaction, CancellationToken cancellation = default) => WaitWithinAsync(transaction, most: null, cancellation);

    /// <param name="most">Wei for a unit of gas, up to which it is raised; null: it is not.</param>
    private async Task<TransactionReceipt> WaitWithinAsync(Transaction transaction, UInt256? most, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var waiting = new WaitingTransaction(Rpc, transaction);
        while (true)
        {
            var left = ReceiptDeadline - clock.Elapsed;
            try
            {
                var receipt = await waiting.ReceiptAsync(TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, Patience.Ticks)), cancellation);
                return receipt.Success ? receipt : throw await RevertedAsync(waiting.Latest, receipt, cancellation);
            }
            catch (AivmException exception) when (IsTransient(exception) && clock.Elapsed + RetryPause < ReceiptDeadline)
            {
                await SendAgainAsync(waiting, most, cancellation);
            }
            catch (AivmException exception) when (IsTransient(exception))
            {
                // It may never come, and what follows it would wait for it.
                await ForgetNonceAsync();
                throw exception.Error.Code == "receipt-timeout" ? await WhyAsync(waiting.Latest, exception, cancellation) : exception;
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

    private async Task SendAgainAsync(WaitingTransaction waiting, UInt256? most, CancellationToken cancellation)
    {
        try
        {
            if (most is not null && await RaiseAsync(waiting.Latest, most.Value, cancellation) is { } raised && await waiting.TryReplaceAsync(raised, cancellation))
                return;
            await Rpc.SendAsync(waiting.Latest, cancellation);
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

    /// <returns>Null where it need not offer more, or may not.</returns>
    private async Task<Transaction?> RaiseAsync(Transaction waiting, UInt256 most, CancellationToken cancellation)
    {
        var now = await Rpc.GetFeesAsync(cancellation);
        return now.BaseFee > waiting.MaxFeePerGas && OfferedFees.Of(waiting).RaisedWithin(most, now) is { } fees
            ? Sign(new TransactionRequest { To = waiting.To, Value = waiting.Value, Data = waiting.Data }, waiting.GasLimit, fees, waiting.ChainId!.Value, waiting.Nonce)
            : null;
    }

    /// <summary>A transaction that waits for its fees says so.</summary>
    private async Task<AivmException> WhyAsync(Transaction waiting, AivmException timeout, CancellationToken cancellation)
    {
        try
        {
            var baseFee = (await Rpc.GetFeesAsync(cancellation)).BaseFee;
            return baseFee <= waiting.MaxFeePerGas ? timeout : new AivmException(
                Failure.Environment, "fee-too-low",
                $"Transaction {waiting.Hash} is in no block: it offers {waiting.MaxFeePerGas} wei for a unit of gas, and a block takes {baseFee}. When gas gets cheaper it is mined, and nothing of {Address.ToChecksumString()} before it: look for its receipt later. One for which --max-gas-price allows more is raised while it waits.");
        }
        catch (AivmException)
        {
            return timeout;
        }
    }

    private async Task<OfferedFees> OfferAsync(TransactionRequest request, CancellationToken cancellation)
    {
        var now = request.Fees ?? await Rpc.GetFeesAsync(cancellation);
        return OfferedFees.Within(request.Fees is null ? MaxGasPrice : null, now) ?? throw new AivmException(
            Failure.Check, "gas-too-dear", $"A unit of gas costs {now.BaseFee} wei, more than the {MaxGasPrice} that are allowed: wait, or allow more (--max-gas-price). Nothing was sent.");
    }

    private Transaction Sign(TransactionRequest request, ulong gasLimit, OfferedFees fees, ulong chainId, ulong nonce) => new UnsignedTransaction
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
            Failure.Check, "transaction-reverted", $"Transaction {receipt.TransactionHash} failed in block {receipt.BlockNumber}: {reason}.");
    }
}
