using System.Buffers.Binary;
using System.Text;

namespace Aivm.Primitives;

/// <summary>
/// Writes ABI-encoded values in order; tails follow each other without gaps, as Solidity's <c>abi.encode</c> lays them out. Static tuples
/// and fixed arrays of static elements are written field by field; <see cref="BeginTuple"/> and <see cref="BeginArray"/> are for dynamic ones.
/// </summary>
/// <remarks>Writing more or fewer values than announced is a bug of the caller and throws <see cref="InvalidOperationException"/>.</remarks>
public sealed class AbiWriter
{
    internal const int Word = 32;

    private readonly Stack<Frame> _outer = new();
    private byte[] _buffer;
    private int _length;
    private Frame _frame;

    /// <summary>A head being filled: offsets count from <see cref="Base"/>.</summary>
    private struct Frame
    {
        public int Base;
        public int Head;
        public int HeadEnd;
    }

    /// <param name="headWords">The words of all values' heads together: one for a dynamic value, all words for a static one.</param>
    public AbiWriter(int headWords)
    {
        _buffer = new byte[Math.Max(4, headWords) * Word];
        Begin(headWords);
    }

    internal AbiWriter(int headWords, uint selector)
    {
        _buffer = new byte[AbiSelector.Size + Math.Max(4, headWords) * Word];
        BinaryPrimitives.WriteUInt32BigEndian(Reserve(AbiSelector.Size), selector);
        Begin(headWords);
    }

    /// <summary>The finished encoding.</summary>
    public byte[] ToArray()
    {
        if (_outer.Count != 0)
            throw new InvalidOperationException("A tuple or an array was not ended.");
        RequireFullHead();
        return _buffer.AsSpan(0, _length).ToArray();
    }

    /// <summary>Any <c>uintN</c>; the caller keeps to its range.</summary>
    public AbiWriter WriteUInt(UInt256 value)
    {
        value.WriteBigEndian(NextWord());
        return this;
    }

    /// <summary>Any <c>intN</c> that 64 bits hold.</summary>
    public AbiWriter WriteInt(long value)
    {
        WriteSignExtended(NextWord(), value);
        return this;
    }

    public AbiWriter WriteBool(bool value)
    {
        NextWord()[^1] = value ? (byte)1 : (byte)0;
        return this;
    }

    public AbiWriter WriteAddress(in Address address)
    {
        address.Span.CopyTo(NextWord()[(Word - Address.Size)..]);
        return this;
    }

    /// <summary><c>bytes32</c>.</summary>
    public AbiWriter WriteHash(in Hash256 hash)
    {
        hash.Span.CopyTo(NextWord());
        return this;
    }

    /// <summary><c>bytes1</c> to <c>bytes32</c>.</summary>
    public AbiWriter WriteFixedBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > Word)
            throw new ArgumentException("Fixed bytes are 1 to 32 bytes.", nameof(bytes));
        bytes.CopyTo(NextWord());
        return this;
    }

    public AbiWriter WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteOffset();
        WriteLength(bytes.Length);
        bytes.CopyTo(Reserve((bytes.Length + Word - 1) / Word * Word));
        return this;
    }

    /// <exception cref="EncoderFallbackException">The text has a lone surrogate, which UTF-8 cannot say.</exception>
    public AbiWriter WriteString(string text) => WriteBytes(StrictUtf8.GetBytes(text));

    /// <summary><c>int64[]</c>.</summary>
    public AbiWriter WriteInt64Array(ReadOnlySpan<long> values)
    {
        WriteOffset();
        WriteLength(values.Length);
        var words = Reserve(values.Length * Word);
        for (var i = 0; i < values.Length; i++)
            WriteSignExtended(words.Slice(i * Word, Word), values[i]);
        return this;
    }

    /// <summary>Begins a dynamic tuple, or a fixed array of dynamic elements.</summary>
    /// <param name="headWords">The words of all its fields' heads together.</param>
    public AbiWriter BeginTuple(int headWords)
    {
        WriteOffset();
        _outer.Push(_frame);
        Begin(headWords);
        return this;
    }

    /// <summary>Begins <c>T[]</c>.</summary>
    /// <param name="elementWords">The head words of one element: 1 for a dynamic one.</param>
    public AbiWriter BeginArray(int count, int elementWords = 1)
    {
        WriteOffset();
        _outer.Push(_frame);
        WriteLength(count);
        Begin(count * elementWords);
        return this;
    }

    /// <summary>Ends the innermost tuple or array.</summary>
    public AbiWriter End()
    {
        RequireFullHead();
        _frame = _outer.Pop();
        return this;
    }

    internal static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private void Begin(int headWords)
    {
        _frame.Base = _frame.Head = _length;
        Reserve(headWords * Word);
        _frame.HeadEnd = _length;
    }

    private void WriteOffset()
    {
        var offset = _length - _frame.Base;
        BinaryPrimitives.WriteInt32BigEndian(NextWord()[(Word - sizeof(int))..], offset);
    }

    private void WriteLength(int length) => BinaryPrimitives.WriteInt32BigEndian(Reserve(Word)[(Word - sizeof(int))..], length);

    private static void WriteSignExtended(Span<byte> word, long value)
    {
        if (value < 0)
            word[..(Word - sizeof(long))].Fill(0xFF);
        BinaryPrimitives.WriteInt64BigEndian(word[(Word - sizeof(long))..], value);
    }

    private Span<byte> NextWord()
    {
        if (_frame.Head == _frame.HeadEnd)
            throw new InvalidOperationException("More values are written than were announced.");
        var word = _buffer.AsSpan(_frame.Head, Word);
        _frame.Head += Word;
        return word;
    }

    private void RequireFullHead()
    {
        if (_frame.Head != _frame.HeadEnd)
            throw new InvalidOperationException("Fewer values were written than were announced.");
    }

    /// <summary>Appends zeros.</summary>
    private Span<byte> Reserve(int count)
    {
        var start = _length;
        _length += count;
        if (_length > _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(_length, 2L * _buffer.Length)));
        return _buffer.AsSpan(start, count);
    }
}
