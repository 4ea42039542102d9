using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace Aivm.Primitives;

/// <summary>
/// Reads ABI-encoded values in order and accepts exactly what Solidity's <c>abi.encode</c> writes: clean padding, and tails that follow
/// each other in order without gaps or sharing. Nothing decoded is therefore larger than the data it came from, and each value has one
/// encoding. Static tuples and fixed arrays of static elements are read field by field.
/// </summary>
/// <remarks>
/// Whoever reads ends with <see cref="TryEnd"/>, which refuses bytes that were not read. After a failed read the reader is spent.
/// Counts and lengths are checked against the data before they are returned, so they may size an allocation.
/// </remarks>
public ref struct AbiReader
{
    private const int Word = AbiWriter.Word;
    private const int MaxNesting = 8;

    private readonly ReadOnlySpan<byte> _data;
    private Frames _outer;
    private int _depth;
    private Frame _frame;

    /// <summary>A head being read: offsets count from <see cref="Base"/>.</summary>
    private struct Frame(int start)
    {
        public readonly int Base = start;
        public int Head = start;

        /// <summary>Where the first tail lies, which is where the head must end; -1 until there is one.</summary>
        public int FirstTail = -1;

        /// <summary>Where the next tail must lie.</summary>
        public int NextTail = -1;

        /// <summary>True when the head reaches up to the first tail.</summary>
        public readonly bool IsComplete => FirstTail < 0 || Head == FirstTail;

        public readonly int End => FirstTail < 0 ? Head : NextTail;
    }

    [InlineArray(MaxNesting)]
    private struct Frames
    {
        private Frame _first;
    }

    /// <param name="data">The encoded values, without a selector.</param>
    public AbiReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _frame = new Frame(0);
    }

    /// <summary>True when every value was read and no byte is left over.</summary>
    public readonly bool TryEnd() => _depth == 0 && _frame.IsComplete && _frame.End == _data.Length;

    public bool TryReadUInt256(out UInt256 value)
    {
        var read = TryTakeWord(out var word);
        value = read ? UInt256.FromBigEndian(word) : default;
        return read;
    }

    /// <summary>Reads a <c>uintN</c>.</summary>
    public bool TryReadUInt(int bits, out UInt256 value) => TryReadUInt256(out value) && value.BitLength <= bits;

    /// <summary>Reads a <c>uint64</c>.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        value = 0;
        if (!TryTakeWord(out var word) || !IsFilled(word[..(Word - sizeof(ulong))], 0))
            return false;
        value = BinaryPrimitives.ReadUInt64BigEndian(word[(Word - sizeof(ulong))..]);
        return true;
    }

    /// <summary>Reads a <c>uint32</c>.</summary>
    public bool TryReadUInt32(out uint value)
    {
        var read = TryReadUInt64(out var wide) && wide <= uint.MaxValue;
        value = read ? (uint)wide : 0;
        return read;
    }

    /// <summary>Reads an <c>int64</c>.</summary>
    public bool TryReadInt64(out long value)
    {
        value = 0;
        return TryTakeWord(out var word) && TryDecodeInt64(word, out value);
    }

    public bool TryReadBool(out bool value)
    {
        var read = TryReadUInt64(out var number) && number <= 1;
        value = read && number == 1;
        return read;
    }

    public bool TryReadAddress(out Address address)
    {
        address = default;
        if (!TryTakeWord(out var word) || !IsFilled(word[..(Word - Address.Size)], 0))
            return false;
        address = new Address(word[(Word - Address.Size)..]);
        return true;
    }

    /// <summary>Reads a <c>bytes32</c>.</summary>
    public bool TryReadHash(out Hash256 hash)
    {
        var read = TryTakeWord(out var word);
        hash = read ? new Hash256(word) : default;
        return read;
    }

    /// <summary>Reads a <c>bytesN</c>.</summary>
    public bool TryReadFixedBytes(int size, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!TryTakeWord(out var word) || !IsFilled(word[size..], 0))
            return false;
        bytes = word[..size];
        return true;
    }

    /// <param name="bytes">A view of the data, not a copy.</param>
    public bool TryReadBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!TryTakeTail() || !TryTakeLength(unit: 1, out var length))
            return false;
        var padded = (int)(((long)length + Word - 1) / Word * Word);
        if (padded > _data.Length - _frame.NextTail || !IsFilled(_data.Slice(_frame.NextTail, padded)[length..], 0))
            return false;
        bytes = _data.Slice(_frame.NextTail, length);
        _frame.NextTail += padded;
        return true;
    }

    /// <summary>Reads a <c>string</c>; what is not UTF-8 is refused.</summary>
    public bool TryReadString(out string text)
    {
        text = "";
        if (!TryReadBytes(out var bytes) || !Utf8.IsValid(bytes))
            return false;
        text = AbiWriter.StrictUtf8.GetString(bytes);
        return true;
    }

    /// <summary>Reads an <c>int64[]</c> of at most <paramref name="maxCount"/> elements.</summary>
    public bool TryReadInt64Array(int maxCount, out long[] values)
    {
        values = [];
        if (!TryTakeCount(maxCount, out var count))
            return false;
        var decoded = new long[count];
        if (!TryTakeInt64s(decoded))
            return false;
        values = decoded;
        return true;
    }

    /// <summary>Reads an <c>int64[]</c> into memory that the caller has; false where it does not fit.</summary>
    /// <param name="count">How many elements there are.</param>
    public bool TryReadInt64Array(Span<long> values, out int count) =>
        TryTakeCount(values.Length, out count) && TryTakeInt64s(values[..count]);

    /// <summary>Enters a dynamic tuple, or a fixed array of dynamic elements; <see cref="TryLeave"/> ends it.</summary>
    public bool TryEnterTuple() => TryTakeTail() && TryEnter();

    /// <summary>Enters <c>T[]</c>; the caller reads <paramref name="count"/> elements and then calls <see cref="TryLeave"/>.</summary>
    /// <param name="count">Never more than the words that are left.</param>
    public bool TryEnterArray(out int count)
    {
        count = 0;
        return TryTakeTail() && TryTakeLength(unit: Word, out count) && TryEnter();
    }

    /// <summary>Leaves the innermost tuple or array; false when it was not read as a whole.</summary>
    public bool TryLeave()
    {
        if (_depth == 0 || !_frame.IsComplete)
            return false;
        var end = _frame.End;
        _frame = _outer[--_depth];
        _frame.NextTail = end;
        return true;
    }

    private bool TryEnter()
    {
        if (_depth == MaxNesting)
            return false;
        _outer[_depth++] = _frame;
        _frame = new Frame(_frame.NextTail);
        return true;
    }

    private bool TryTakeWord(out ReadOnlySpan<byte> word)
    {
        var limit = _frame.FirstTail < 0 ? _data.Length : _frame.FirstTail;
        if (limit - _frame.Head < Word)
        {
            word = default;
            return false;
        }
        word = _data.Slice(_frame.Head, Word);
        _frame.Head += Word;
        return true;
    }

    /// <summary>Reads an offset from the head, which must point at the next tail.</summary>
    private bool TryTakeTail()
    {
        if (!TryTakeWord(out var word) || !TryDecodeSize(word, out var offset) || offset > _data.Length - _frame.Base)
            return false;
        var position = _frame.Base + offset;
        if (_frame.FirstTail < 0)
        {
            if (position < _frame.Head)
                return false;
            _frame.FirstTail = _frame.NextTail = position;
        }
        return position == _frame.NextTail;
    }

    /// <summary>Reads the length at the next tail; at least <paramref name="unit"/> bytes per element are left.</summary>
    private bool TryTakeLength(int unit, out int length)
    {
        length = 0;
        if (_data.Length - _frame.NextTail < Word
            || !TryDecodeSize(_data.Slice(_frame.NextTail, Word), out var announced)
            || announced > (_data.Length - _frame.NextTail - Word) / unit)
            return false;
        _frame.NextTail += Word;
        length = announced;
        return true;
    }

    private bool TryTakeCount(int maxCount, out int count)
    {
        count = 0;
        return TryTakeTail() && TryTakeLength(unit: Word, out count) && count <= maxCount;
    }

    /// <summary>Inferences pass thousands of numbers: 64 bits at a time, and one question at the end.</summary>
    private bool TryTakeInt64s(Span<long> values)
    {
        var parts = MemoryMarshal.Cast<byte, long>(_data.Slice(_frame.NextTail, values.Length * Word));
        var faults = 0L;
        for (var i = 0; i < values.Length; i++, parts = parts[4..])
        {
            var value = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(parts[3]) : parts[3];
            var sign = value >> 63;
            faults |= (parts[0] ^ sign) | (parts[1] ^ sign) | (parts[2] ^ sign);
            values[i] = value;
        }
        _frame.NextTail += values.Length * Word;
        return faults == 0;
    }

    private static bool TryDecodeSize(ReadOnlySpan<byte> word, out int size)
    {
        size = BinaryPrimitives.ReadInt32BigEndian(word[(Word - sizeof(int))..]);
        return size >= 0 && IsFilled(word[..(Word - sizeof(int))], 0);
    }

    private static bool TryDecodeInt64(ReadOnlySpan<byte> word, out long value)
    {
        value = BinaryPrimitives.ReadInt64BigEndian(word[(Word - sizeof(long))..]);
        return IsFilled(word[..(Word - sizeof(long))], value < 0 ? (byte)0xFF : (byte)0);
    }

    private static bool IsFilled(ReadOnlySpan<byte> bytes, byte fill) => !bytes.ContainsAnyExcept(fill);
}
