using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a paid inference will cost.</summary>
/// <param name="Price">In wei; goes to the model's owner and the network.</param>
/// <param name="Gas">The limit the transaction will have.</param>
/// <param name="Fee">In wei, the most that the gas can cost on these terms: mostly it is half.</param>
public sealed record InferenceQuote(UInt256 Price, ulong Gas, UInt256 Fee, GasFees Fees)
{
    public UInt256 Total => Price + Fee;
}

/// <summary>A paid inference, in a block.</summary>
public sealed record InferenceResult(long[] Output, InferenceReceipt Receipt, TransactionReceipt Transaction);

/// <summary>Buys inferences from the Models contract: every validator runs the model in the block, and a receipt is left.</summary>
public sealed class InferenceClient(Wallet wallet)
{
    private readonly ModelsClient _models = new(wallet.Rpc);

    /// <summary>Quotes before anything is paid; also finds out whether the input suits the model.</summary>
    /// <param name="input">Packed in the declared types, little-endian.</param>
    /// <exception cref="AivmException"><c>model-too-heavy</c>: no transaction runs it.</exception>
    public async Task<InferenceQuote> QuoteAsync(Address model, ReadOnlyMemory<byte> input, CancellationToken cancellation = default) =>
        await TryQuoteAsync(model, input, cancellation)
        ?? throw new AivmException(
            Failure.Input, "model-too-heavy", $"A run of {model.ToChecksumString()} takes more gas than a transaction may have: have it run as a job.");

    /// <summary>As <see cref="QuoteAsync"/>; null where no transaction runs the model.</summary>
    public async Task<InferenceQuote?> TryQuoteAsync(Address model, ReadOnlyMemory<byte> input, CancellationToken cancellation = default)
    {
        var info = await _models.GetInfoAsync(model, cancellation);
        if (await wallet.TryEstimateGasAsync(Request(model, input, info.Price), cancellation) is not { } gas)
            return null;
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        return new InferenceQuote(info.Price, gas, fees.MaxFeePerGas * gas, fees);
    }

    /// <summary>Pays and runs, on the terms of a quote; a price that rose since then makes it revert.</summary>
    public async Task<InferenceResult> InferAsync(
        Address model, ReadOnlyMemory<byte> input, InferenceQuote? quote = null, CancellationToken cancellation = default)
    {
        var transaction = await SendAsync(model, input, quote ?? await QuoteAsync(model, input, cancellation), cancellation);
        return ReadResult(await wallet.WaitAsync(transaction, cancellation));
    }

    /// <summary>Sends without waiting for a block: for many inferences at once. <see cref="Wallet.WaitAsync"/> and <see cref="ReadResult"/> finish it.</summary>
    public Task<Transaction> SendAsync(Address model, ReadOnlyMemory<byte> input, InferenceQuote quote, CancellationToken cancellation = default) =>
        wallet.SendAsync(Request(model, input, quote.Price) with { GasLimit = quote.Gas, Fees = quote.Fees }, cancellation);

    /// <summary>Reads the output and the receipt from the log of a successful transaction, and checks one against the other.</summary>
    /// <exception cref="AivmException"><c>node-answer-invalid</c>.</exception>
    public static InferenceResult ReadResult(TransactionReceipt transaction)
    {
        foreach (var (output, receipt, _) in Read(transaction.Logs))
            return new InferenceResult(output, receipt, transaction);
        throw ModelsClient.Malformed(ModelsInterface.Infer);
    }

    /// <summary>The encoded receipts that logs hold.</summary>
    internal static IEnumerable<byte[]> FindReceipts(IEnumerable<LogEntry> logs) => Read(logs).Select(inference => inference.Encoded);

    private static IEnumerable<(long[] Output, InferenceReceipt Receipt, byte[] Encoded)> Read(IEnumerable<LogEntry> logs)
    {
        foreach (var log in logs)
            if (log.Address == ModelsInterface.Contract && log.Topics.Count == 4 && log.Topics[0] == ModelsInterface.Inferred.Topic
                && TryRead(log, out var output, out var receipt, out var encoded))
                yield return (output, receipt, encoded);
    }

    private static bool TryRead(LogEntry log, out long[] output, out InferenceReceipt receipt, out byte[] encoded)
    {
        (receipt, encoded) = (null!, []);
        var reader = new AbiReader(log.Data.Span);
        if (!reader.TryReadInt64Array(ModelsClient.MaxOutputs, out output) || !reader.TryReadBytes(out var bytes) || !reader.TryEnd()
            || !InferenceReceipt.TryDecode(bytes, out var decoded, out _) || decoded.Id != log.Topics[3] || !decoded.VouchesFor(output))
            return false;
        (receipt, encoded) = (decoded, bytes.ToArray());
        return true;
    }

    private static TransactionRequest Request(Address model, ReadOnlyMemory<byte> input, UInt256 price) => new()
    {
        To = ModelsInterface.Contract,
        Value = price,
        Data = ModelsInterface.Infer.BeginCall().WriteAddress(model).WriteBytes(input.Span).ToArray(),
    };
}
