using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>
/// The 2048-bit filter over the addresses and topics of logs (Yellow Paper, 4.3.1): what it does not contain did not happen.
/// Immutable.
/// </summary>
public sealed class Bloom : IEquatable<Bloom>
{
    public const int Size = 256;

    public static readonly Bloom Empty = new(new byte[Size]);

    private readonly byte[] _bits;

    private Bloom(byte[] bits) => _bits = bits;

    public ReadOnlySpan<byte> Span => _bits;

    public bool IsEmpty => !Span.ContainsAnyExcept((byte)0);

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public static Bloom FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Size
            ? bytes.ContainsAnyExcept((byte)0) ? new Bloom(bytes.ToArray()) : Empty
            : throw new ArgumentException($"Expected {Size} bytes, got {bytes.Length}.", nameof(bytes));

    public static Bloom Of(IReadOnlyList<LogEntry> logs)
    {
        if (logs.Count == 0)
            return Empty;
        var bits = new byte[Size];
        foreach (var log in logs)
        {
            Add(bits, log.Address.Span);
            foreach (var topic in log.Topics)
                Add(bits, topic.Span);
        }
        return new Bloom(bits);
    }

    /// <summary>The filter that contains what any of these contains: a block's from its receipts'.</summary>
    public static Bloom Union(IEnumerable<Bloom> blooms)
    {
        byte[]? union = null;
        foreach (var bloom in blooms)
        {
            if (ReferenceEquals(bloom, Empty))
                continue;
            union ??= new byte[Size];
            for (var i = 0; i < Size; i++)
                union[i] |= bloom._bits[i];
        }
        return union is null ? Empty : new Bloom(union);
    }

    /// <summary>False: no log has it. True: some log may have it.</summary>
    public bool MayContain(Address address) => MayContain(address.Span);

    /// <inheritdoc cref="MayContain(Address)"/>
    public bool MayContain(in Hash256 topic) => MayContain(topic.Span);

    public bool Equals([NotNullWhen(true)] Bloom? other) => other is not null && Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => Equals(obj as Bloom);

    /// <summary>For dictionaries within one process only.</summary>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(Keccak.Hash(_bits).Span);

    public override string ToString() => Hex.Encode(_bits);

    private bool MayContain(ReadOnlySpan<byte> item)
    {
        var hash = Keccak.Hash(item);
        for (var i = 0; i < 3; i++)
        {
            var (index, mask) = Bit(hash, i);
            if ((_bits[index] & mask) == 0)
                return false;
        }
        return true;
    }

    private static void Add(byte[] bits, ReadOnlySpan<byte> item)
    {
        var hash = Keccak.Hash(item);
        for (var i = 0; i < 3; i++)
        {
            var (index, mask) = Bit(hash, i);
            bits[index] |= mask;
        }
    }

    /// <summary>The low 11 bits of the i-th pair of bytes count bits from the last byte's lowest.</summary>
    private static (int Index, byte Mask) Bit(in Hash256 hash, int i)
    {
        var bit = BinaryPrimitives.ReadUInt16BigEndian(hash.Span[(2 * i)..]) & 0x7FF;
        return (Size - 1 - (bit >> 3), (byte)(1 << (bit & 7)));
    }
}
