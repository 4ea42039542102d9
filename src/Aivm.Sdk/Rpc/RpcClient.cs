using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Ethereum's JSON-RPC over HTTP. Safe for concurrent use. Every method throws <see cref="RpcException"/> when the node refuses, and
/// <see cref="AivmException"/> with <c>node-unreachable</c>, <c>node-timeout</c> or <c>node-answer-invalid</c> when there is no usable answer.
/// </summary>
public sealed class RpcClient : IDisposable
{
    private const int MaxBatch = 100;

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly JsonRpcTransport _transport;

    /// <param name="timeout">For one request; 30 s when null.</param>
    /// <param name="handler">For tests; owned by the client.</param>
    public RpcClient(Uri endpoint, TimeSpan? timeout = null, HttpMessageHandler? handler = null)
    {
        Endpoint = endpoint;
        _transport = new JsonRpcTransport(endpoint, timeout ?? DefaultTimeout, handler);
    }

    public Uri Endpoint { get; }

    public void Dispose() => _transport.Dispose();

    /// <summary>Any method: what has no wrapper here.</summary>
    public Task<JsonElement> InvokeAsync(RpcRequest request, CancellationToken cancellation = default) =>
        _transport.CallAsync(request, cancellation);

    /// <summary>Many calls in one request.</summary>
    public Task<RpcBatch> InvokeBatchAsync(IReadOnlyList<RpcRequest> requests, CancellationToken cancellation = default) =>
        _transport.CallAsync(requests, cancellation);

    public async Task<ulong> GetChainIdAsync(CancellationToken cancellation = default) =>
        Read(await InvokeAsync(new("eth_chainId"), cancellation), result => (ulong)EthereumJson.Quantity(result));

    public async Task<ulong> GetBlockNumberAsync(CancellationToken cancellation = default) =>
        Read(await InvokeAsync(new("eth_blockNumber"), cancellation), result => (ulong)EthereumJson.Quantity(result));

    /// <returns>In wei, after the latest block.</returns>
    public async Task<UInt256> GetBalanceAsync(Address account, CancellationToken cancellation = default) =>
        Read(await InvokeAsync(new("eth_getBalance", json => WriteAccount(json, account, "latest")), cancellation), EthereumJson.Quantity);

    /// <summary>The nonce of the next transaction, those waiting in the pool counted.</summary>
    public async Task<ulong> GetNonceAsync(Address account, CancellationToken cancellation = default) =>
        Read(
            await InvokeAsync(new("eth_getTransactionCount", json => WriteAccount(json, account, "pending")), cancellation),
            result => (ulong)EthereumJson.Quantity(result));

    public async Task<byte[]> GetCodeAsync(Address account, CancellationToken cancellation = default) =>
        Read(await InvokeAsync(new("eth_getCode", json => WriteAccount(json, account, "latest")), cancellation), EthereumJson.Data);

    /// <summary>Tries a call, on the latest state unless it names another, and gives what it returns.</summary>
    public async Task<byte[]> CallAsync(CallRequest call, CancellationToken cancellation = default) =>
        Read(await InvokeAsync(EthCall(call), cancellation), EthereumJson.Data);

    public async Task<ulong> EstimateGasAsync(CallRequest call, CancellationToken cancellation = default) =>
        Read(
            await InvokeAsync(new("eth_estimateGas", json => WriteCall(json, call)), cancellation), result => (ulong)EthereumJson.Quantity(result));

    public async Task<GasFees> GetFeesAsync(CancellationToken cancellation = default)
    {
        var batch = await InvokeBatchAsync(
            [new("eth_getBlockByNumber", WriteLatestWithoutTransactions), new("eth_maxPriorityFeePerGas")], cancellation);
        return Read(batch[0], block => new GasFees(block.Quantity("baseFeePerGas"), Read(batch[1], EthereumJson.Quantity)));
    }

    public async Task<ChainHead> GetHeadAsync(CancellationToken cancellation = default) => Read(
        await InvokeAsync(new("eth_getBlockByNumber", WriteLatestWithoutTransactions), cancellation),
        block => new ChainHead((ulong)block.Quantity("number"), block.Hash("hash"), block.Hash("parentHash"), (ulong)block.Quantity("timestamp")));

    /// <exception cref="AivmException"><c>node-answer-invalid</c>: also where the node has no such block.</exception>
    public async Task<Hash256> GetBlockHashAsync(ulong number, CancellationToken cancellation = default) => Read(
        await InvokeAsync(new("eth_getBlockByNumber", json =>
        {
            json.WriteStringValue(((UInt256)number).ToHexQuantity());
            json.WriteBooleanValue(false);
        }), cancellation),
        block => block.Hash("hash"));

    /// <summary>The node looks at 10,000 blocks at most, and gives 10,000 logs.</summary>
    public async Task<IReadOnlyList<MinedLog>> GetLogsAsync(LogQuery query, CancellationToken cancellation = default) => Read(
        await InvokeAsync(new("eth_getLogs", query.Write), cancellation), result => result.EnumerateArray().Select(MinedLog.Read).ToArray());

    public async Task<Hash256> SendAsync(Transaction transaction, CancellationToken cancellation = default) =>
        Read(await InvokeAsync(SendRequest(transaction), cancellation), result => Hash256.Parse(result.GetString()));

    /// <returns>What the transaction was sent with; null where the node does not know it.</returns>
    public async Task<byte[]?> GetCalldataAsync(Hash256 transaction, CancellationToken cancellation = default)
    {
        var result = await InvokeAsync(new("eth_getTransactionByHash", json => json.WriteStringValue(transaction.ToString())), cancellation);
        return result.ValueKind == JsonValueKind.Null ? null : Read(result, found => EthereumJson.Data(found.GetProperty("input")));
    }

    /// <returns>Null while the transaction is in no block.</returns>
    public async Task<TransactionReceipt?> GetReceiptAsync(Hash256 transaction, CancellationToken cancellation = default) =>
        ReadReceipt(await InvokeAsync(ReceiptRequest(transaction), cancellation));

    /// <returns>One for each transaction, null while it is in no block.</returns>
    public async Task<TransactionReceipt?[]> GetReceiptsAsync(IReadOnlyList<Hash256> transactions, CancellationToken cancellation = default)
    {
        var batch = await InvokeBatchAsync([.. transactions.Select(ReceiptRequest)], cancellation);
        var receipts = new TransactionReceipt?[batch.Count];
        for (var i = 0; i < receipts.Length; i++)
            receipts[i] = ReadReceipt(batch[i]);
        return receipts;
    }

    /// <summary>Waits until a transaction is in a block.</summary>
    /// <exception cref="AivmException"><c>receipt-timeout</c>: it may still be mined later.</exception>
    public async Task<TransactionReceipt> WaitForReceiptAsync(Hash256 transaction, TimeSpan deadline, CancellationToken cancellation = default) =>
        (await WaitForReceiptsAsync([transaction], deadline, cancellation))[0];

    /// <inheritdoc cref="WaitForReceiptAsync"/>
    public async Task<TransactionReceipt[]> WaitForReceiptsAsync(
        IReadOnlyList<Hash256> transactions, TimeSpan deadline, CancellationToken cancellation = default)
    {
        var receipts = new Dictionary<Hash256, TransactionReceipt>();
        var pause = FirstPause;
        using var timer = new CancellationTokenSource(deadline);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        while (true)
        {
            Hash256[] missing = [.. transactions.Where(hash => !receipts.ContainsKey(hash)).Distinct().Take(MaxBatch)];
            if (missing.Length == 0)
                return [.. transactions.Select(hash => receipts[hash])];
            try
            {
                var found = (await GetReceiptsAsync(missing, either.Token)).OfType<TransactionReceipt>().ToArray();
                foreach (var receipt in found)
                    receipts[receipt.TransactionHash] = receipt;
                if (found.Length == missing.Length)
                    continue;
                await Task.Delay(pause, either.Token);
                pause = pause < LongestPause ? 2 * pause : pause;
            }
            catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                throw new AivmException(
                    Failure.Environment,
                    "receipt-timeout",
                    $"Transaction {missing[0]} is in no block after {deadline.TotalSeconds:0} s; it may still be mined, look for its receipt later.");
            }
        }
    }

    internal static RpcRequest EthCall(CallRequest call) => new("eth_call", json => WriteCall(json, call));

    internal static RpcRequest SendRequest(Transaction transaction) =>
        new("eth_sendRawTransaction", json => json.WriteDataValue(transaction.Encoded.Span));

    /// <summary>Names what is wrong when an answer is not of the form that the method promises.</summary>
    internal static T Read<T>(JsonElement result, Func<JsonElement, T> read)
    {
        try
        {
            return read(result);
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException or KeyNotFoundException or OverflowException)
        {
            throw JsonRpcTransport.Invalid($"a value is missing or malformed ({exception.Message})", exception);
        }
    }

    private static RpcRequest ReceiptRequest(Hash256 transaction) =>
        new("eth_getTransactionReceipt", json => json.WriteStringValue(transaction.ToString()));

    private static TransactionReceipt? ReadReceipt(JsonElement result) =>
        result.ValueKind == JsonValueKind.Null ? null : Read(result, TransactionReceipt.Read);

    private static void WriteAccount(Utf8JsonWriter json, Address account, string block)
    {
        json.WriteStringValue(account.ToString());
        json.WriteStringValue(block);
    }

    private static void WriteCall(Utf8JsonWriter json, CallRequest call)
    {
        call.Write(json);
        json.WriteStringValue(call.Block is { } block ? ((UInt256)block).ToHexQuantity() : "latest");
    }

    private static void WriteLatestWithoutTransactions(Utf8JsonWriter json)
    {
        json.WriteStringValue("latest"u8);
        json.WriteBooleanValue(false);
    }
}
