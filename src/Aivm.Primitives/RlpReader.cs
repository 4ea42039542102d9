namespace Aivm.Primitives;

/// <summary>
/// Reads RLP items one after the other and accepts their canonical encoding only: shortest lengths, single bytes below 0x80 without a
/// prefix, numbers without leading zeros. A failed read consumes nothing. Whoever reads checks <see cref="End"/> at the end of each
/// list and of the whole; nesting is as deep as the calls of <see cref="TryReadList"/>, so no input makes the reader recurse.
/// </summary>
public ref struct RlpReader(ReadOnlySpan<byte> encoded)
{
    private ReadOnlySpan<byte> _rest = encoded;

    /// <summary>True when every byte was read.</summary>
    public readonly bool End => _rest.IsEmpty;

    /// <summary>The bytes not yet read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>True when the next item is a list; false for bytes and at the end.</summary>
    public readonly bool NextIsList => !_rest.IsEmpty && _rest[0] >= Rlp.EmptyList;

    public bool TryReadBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return !NextIsList && TryReadPayload(out bytes);
    }

    public bool TryReadList(out RlpReader items)
    {
        items = default;
        if (!NextIsList || !TryReadPayload(out var payload))
            return false;
        items = new RlpReader(payload);
        return true;
    }

    /// <summary>Reads one item with its header. The items inside a list are not looked at.</summary>
    public bool TryReadItem(out ReadOnlySpan<byte> item)
    {
        var before = _rest;
        item = default;
        if (!TryReadPayload(out _))
            return false;
        item = before[..(before.Length - _rest.Length)];
        return true;
    }

    public bool TryReadUInt64(out ulong value)
    {
        value = 0;
        if (!TryReadUInt256(sizeof(ulong), out var wide))
            return false;
        value = (ulong)wide;
        return true;
    }

    public bool TryReadUInt256(out UInt256 value) => TryReadUInt256(UInt256.Size, out value);

    public bool TryReadHash(out Hash256 hash)
    {
        var read = TryReadExactly(Hash256.Size, out var bytes);
        hash = read ? new Hash256(bytes) : default;
        return read;
    }

    public bool TryReadAddress(out Address address)
    {
        var read = TryReadExactly(Address.Size, out var bytes);
        address = read ? new Address(bytes) : default;
        return read;
    }

    /// <summary>Reads an address, or null for no bytes (a transaction that creates a contract has no recipient).</summary>
    public bool TryReadOptionalAddress(out Address? address)
    {
        address = null;
        if (!End && _rest[0] == Rlp.EmptyBytes)
        {
            _rest = _rest[1..];
            return true;
        }
        if (!TryReadAddress(out var present))
            return false;
        address = present;
        return true;
    }

    private bool TryReadExactly(int length, out ReadOnlySpan<byte> bytes)
    {
        var before = _rest;
        if (TryReadBytes(out bytes) && bytes.Length == length)
            return true;
        _rest = before;
        return false;
    }

    private bool TryReadUInt256(int maxBytes, out UInt256 value)
    {
        var before = _rest;
        value = default;
        if (TryReadBytes(out var bytes) && bytes.Length <= maxBytes && (bytes.IsEmpty || bytes[0] != 0))
        {
            value = UInt256.FromBigEndian(bytes);
            return true;
        }
        _rest = before;
        return false;
    }

    private bool TryReadPayload(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (_rest.IsEmpty)
            return false;
        var prefix = _rest[0];
        if (prefix < Rlp.EmptyBytes)
        {
            payload = _rest[..1];
            _rest = _rest[1..];
            return true;
        }

        var shortest = prefix < Rlp.EmptyList ? Rlp.EmptyBytes : Rlp.EmptyList;
        var header = 1;
        var length = prefix - shortest;
        if (length > Rlp.ShortLimit && !TryReadLength(_rest[1..], length - Rlp.ShortLimit, ref header, out length))
            return false;
        if (length > _rest.Length - header)
            return false;
        payload = _rest.Slice(header, length);
        if (prefix == Rlp.EmptyBytes + 1 && payload[0] < Rlp.EmptyBytes)
        {
            payload = default;
            return false;
        }
        _rest = _rest[(header + length)..];
        return true;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> bytes, int lengthOfLength, ref int header, out int length)
    {
        length = 0;
        if (lengthOfLength > Rlp.MaxHeaderLength - 1 || lengthOfLength > bytes.Length || bytes[0] == 0)
            return false;
        uint value = 0;
        foreach (var digit in bytes[..lengthOfLength])
            value = (value << 8) | digit;
        if (value <= Rlp.ShortLimit || value > int.MaxValue)
            return false;
        header += lengthOfLength;
        length = (int)value;
        return true;
    }
}
