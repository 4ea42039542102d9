using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// What the end of a block announces, where no transaction did it: deadlines that passed. Such logs stand in one more receipt, behind those of the
/// transactions, so that the receipts root and the bloom commit to them; tools find them by <c>eth_getLogs</c> and subscriptions, under a hash
/// that is no transaction's.
/// </summary>
public static class BlockEnd
{
    /// <summary>keccak256("aivm end of block" ‖ height), the height as 8 bytes, big-endian.</summary>
    public static Hash256 TransactionHash(ulong height)
    {
        Span<byte> bytes = stackalloc byte[Words.Length + sizeof(ulong)];
        Words.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[Words.Length..], height);
        return Keccak.Hash(bytes);
    }

    private static ReadOnlySpan<byte> Words => "aivm end of block"u8;

    /// <summary>Its receipt used no gas.</summary>
    internal static Receipt ReceiptOf(ulong blockGasUsed, IReadOnlyList<LogEntry> logs) => new(TransactionType.Legacy, success: true, blockGasUsed, logs);

    internal static byte[] Encode(IReadOnlyList<LogEntry> logs)
    {
        var writer = new RlpWriter(256 * logs.Count);
        var list = writer.BeginList();
        foreach (var log in logs)
            log.Write(writer);
        writer.EndList(list);
        return writer.ToArray();
    }

    internal static bool TryDecode(ReadOnlySpan<byte> encoded, out List<LogEntry> logs)
    {
        logs = [];
        var reader = new RlpReader(encoded);
        if (!reader.TryReadList(out var items) || !reader.End)
            return false;
        while (!items.End)
        {
            if (!LogEntry.TryRead(ref items, out var log))
                return false;
            logs.Add(log);
        }
        return true;
    }
}
