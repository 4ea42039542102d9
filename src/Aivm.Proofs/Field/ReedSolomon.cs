namespace Aivm.Proofs;

/// <summary>
/// The Reed-Solomon code of length n = 2^lengthBits: a message is the coefficients of a polynomial, lowest first, and symbol i of its code word
/// is the value at <see cref="Point"/>(i). Messages have 2^messageBits coefficients and a tail of any number more, up to n in all;
/// they are transformed coset by coset, in each of which x^(2^messageBits) is a constant: the tail is wrapped onto the start.
/// </summary>
internal sealed unsafe class ReedSolomon
{
    private readonly int _size;

    public ReedSolomon(int messageBits, int lengthBits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(messageBits);
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBits, messageBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBits, Ntt.MaxBits);
        (_size, LengthBits, Length) = (1 << messageBits, lengthBits, 1 << lengthBits);
    }

    public int LengthBits { get; }

    /// <summary>Symbols of a code word: n.</summary>
    public int Length { get; }

    private int Cosets => Length / _size;

    /// <summary>g^e, where g = <see cref="Felt.RootOfUnity"/>(log2 n) and e is the index with its log2 n bits in reverse.</summary>
    public Felt Point(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Length);
        return NttRoots.For(LengthBits).Point(index);
    }

    /// <summary>The code word of message[messageAt ...], into codeword[codewordAt ...].</summary>
    public void Encode(FeltArray message, int messageAt, int count, FeltArray codeword, int codewordAt)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unchecked((uint)count), (uint)Length);
        Check(message.Length, messageAt, count);
        Check(codeword.Length, codewordAt, Length);
        Encode(message.At(messageAt), count, codeword.At(codewordAt));
    }

    /// <summary>The code word of all of a message, whose symbols are of the extension.</summary>
    public void Encode(ExtArray message, ExtArray codeword)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(codeword.Length, Length);
        for (var k = 0; k < Ext4.Degree; k++)
            Encode(message.Plane(k), message.Length, codeword.Plane(k));
    }

    /// <summary>Some symbols of a message's code word.</summary>
    public void EncodeAt(ExtArray message, ReadOnlySpan<int> positions, Span<Ext4> symbols)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(symbols.Length, positions.Length);
        var points = new Felt[positions.Length];
        for (var i = 0; i < points.Length; i++)
            points[i] = Point(positions[i]);
        using var at = new PointValues(points);
        using var values = at.Of(message);
        for (var i = 0; i < symbols.Length; i++)
            symbols[i] = values[i];
    }

    private void Encode(uint* message, int count, uint* codeword)
    {
        for (var coset = 0; coset < Cosets; coset++)
            EncodeCoset(message, count, coset, unchecked(codeword + ((nint)coset * _size)));
    }

    private void EncodeCoset(uint* message, int count, int coset, uint* values)
    {
        var start = Math.Min(count, _size);
        new ReadOnlySpan<uint>(message, start).CopyTo(new(values, start));
        new Span<uint>(values, _size)[start..].Clear();
        // x^size is the square of this coset's root, which is the root of half its number or less than zero that.
        var root = Felt.FromMontgomery(NttRoots.For(LengthBits).Roots[coset / 2]);
        var constant = int.IsOddInteger(coset) ? -root : root;
        var power = constant;
        for (var at = _size; at < count; at += _size, power *= constant)
            FieldKernels.AddScaled(values, power, unchecked(message + at), Math.Min(_size, count - at));
        Ntt.Transform(values, _size, coset);
    }

    private static void Check(int length, int at, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(at);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, length - at);
    }
}
