using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>What became of a transaction, as the receipts root commits to it.</summary>
public sealed class Receipt(TransactionType type, bool success, ulong cumulativeGasUsed, IReadOnlyList<LogEntry> logs)
{
    public TransactionType Type { get; } = type;

    public bool Success { get; } = success;

    /// <summary>The gas that the block had used when this transaction ended.</summary>
    public ulong CumulativeGasUsed { get; } = cumulativeGasUsed;

    public IReadOnlyList<LogEntry> Logs { get; } = logs;

    public Bloom Bloom { get; } = Bloom.Of(logs);

    /// <summary>The envelope of EIP-2718, the leaf of the receipts trie.</summary>
    public byte[] Encode()
    {
        var writer = new RlpWriter(capacity: 512);
        if (Type != TransactionType.Legacy)
            writer.WriteRaw([(byte)Type]);
        var fields = writer.BeginList();
        writer.Write(Success ? 1UL : 0UL);
        writer.Write(CumulativeGasUsed);
        writer.Write(Bloom.Span);
        var logs = writer.BeginList();
        foreach (var log in Logs)
            log.Write(writer);
        writer.EndList(logs);
        writer.EndList(fields);
        return writer.ToArray();
    }

    /// <param name="error"><c>receipt-malformed</c>, also when the bloom is not that of the logs.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out Receipt? receipt, [NotNullWhen(false)] out Error? error)
    {
        var reason = Read(encoded, out receipt);
        error = null;
        if (reason is null)
            return true;
        receipt = null;
        error = new Error("receipt-malformed", $"The receipt is malformed: {reason}.");
        return false;
    }

    /// <returns>What is wrong, or null: then there is a receipt.</returns>
    private static string? Read(ReadOnlySpan<byte> encoded, out Receipt receipt)
    {
        receipt = null!;
        if (encoded.IsEmpty)
            return "it is empty";
        var isTyped = encoded[0] < Rlp.EmptyList;
        var type = isTyped ? (TransactionType)encoded[0] : TransactionType.Legacy;
        if (isTyped && type is not (TransactionType.AccessList or TransactionType.DynamicFee))
            return $"its type {encoded[0]} is not supported";
        var envelope = new RlpReader(isTyped ? encoded[1..] : encoded);
        if (!envelope.TryReadList(out var fields) || !envelope.End)
            return "it is not one RLP list";
        if (!fields.TryReadUInt64(out var status) || status > 1)
            return "its status is not 0 or 1";
        if (!fields.TryReadUInt64(out var cumulativeGasUsed))
            return "its gas cannot be read";
        if (!fields.TryReadBytes(out var bloom) || bloom.Length != Bloom.Size)
            return "its bloom cannot be read";
        if (!fields.TryReadList(out var items) || !fields.End)
            return "its logs are not its last field";
        var logs = new List<LogEntry>();
        while (!items.End)
        {
            if (!LogEntry.TryRead(ref items, out var log))
                return $"its log {logs.Count} cannot be read";
            logs.Add(log);
        }
        receipt = new Receipt(type, status == 1, cumulativeGasUsed, logs);
        return receipt.Bloom.Span.SequenceEqual(bloom) ? null : "its bloom is not that of its logs";
    }
}
