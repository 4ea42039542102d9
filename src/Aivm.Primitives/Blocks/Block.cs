using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>A header and its transactions. Encoded as Ethereum's block, whose lists of ommers and withdrawals are empty here.</summary>
public sealed record Block(BlockHeader Header, IReadOnlyList<Transaction> Transactions)
{
    /// <summary>The chain's default limit for one encoded block, in bytes.</summary>
    public const int DefaultMaxLength = 8 << 20;

    public byte[] Encode()
    {
        var writer = new RlpWriter(1024 + Transactions.Sum(transaction => transaction.Encoded.Length + 4));
        var block = writer.BeginList();
        Header.Write(writer);
        var transactions = writer.BeginList();
        foreach (var transaction in Transactions)
        {
            if (transaction.Type == TransactionType.Legacy)
                writer.WriteRaw(transaction.Encoded.Span);
            else
                writer.Write(transaction.Encoded.Span);
        }
        writer.EndList(transactions);
        writer.WriteListHeader(0);
        writer.WriteListHeader(0);
        writer.EndList(block);
        return writer.ToArray();
    }

    /// <param name="encoded">Kept by the transactions, not copied: it must not change afterwards.</param>
    /// <param name="error"><c>block-too-large</c>, <c>block-malformed</c>, or what was wrong with a transaction.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out Block? block,
        [NotNullWhen(false)] out Error? error,
        int maxLength = DefaultMaxLength,
        int maxTransactionLength = Transaction.DefaultMaxLength)
    {
        block = null;
        if (encoded.Length > maxLength)
        {
            error = new Error("block-too-large", $"The block has {encoded.Length} bytes; the limit is {maxLength}.");
            return false;
        }
        var reader = new RlpReader(encoded.Span);
        if (!reader.TryReadList(out var parts)
            || !reader.End
            || !BlockHeader.TryRead(ref parts, out var header)
            || !parts.TryReadList(out var items)
            || !parts.TryReadList(out var ommers)
            || !parts.TryReadList(out var withdrawals)
            || !parts.End
            || !ommers.End
            || !withdrawals.End)
            return Fails(out error);
        var transactions = new List<Transaction>();
        while (!items.End)
        {
            if (!TryReadEnvelope(ref items, out var envelope))
                return Fails(out error);
            encoded.Span.Overlaps(envelope, out var offset);
            if (!Transaction.TryDecode(encoded.Slice(offset, envelope.Length), out var transaction, out error, maxTransactionLength))
                return false;
            transactions.Add(transaction);
        }
        block = new Block(header, transactions);
        error = null;
        return true;
    }

    /// <summary>A legacy transaction stands in the block as the list that it is, a typed one as a string of bytes.</summary>
    private static bool TryReadEnvelope(ref RlpReader items, out ReadOnlySpan<byte> envelope) =>
        items.NextIsList
            ? items.TryReadItem(out envelope)
            : items.TryReadBytes(out envelope) && !envelope.IsEmpty && envelope[0] < Rlp.EmptyList;

    private static bool Fails(out Error error)
    {
        error = new Error("block-malformed", "The block is malformed: it is not the canonical RLP of a header, transactions and two empty lists.");
        return false;
    }
}
