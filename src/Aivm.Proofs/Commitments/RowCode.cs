using System.Numerics;
using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>
/// The Reed-Solomon code of all commitments: the values of a polynomial at g * w^i, g a generator of the units and w a root of unity of the codeword's
/// length. None of these points is zero or a root of unity, so that no value of a row is told by its codeword.
/// </summary>
internal static unsafe class RowCode
{
    /// <summary>The codeword of the polynomial with these coefficients.</summary>
    public static ExtArray Encode(ExtArray polynomial, int codeBits)
    {
        var codeword = new ExtArray(1 << codeBits);
        for (var k = 0; k < Ext4.Degree; k++)
        {
            polynomial.AsSpan(k).CopyTo(codeword.AsSpan(k));
            Encode(codeword.AsSpan(k), polynomial.Length);
        }
        return codeword;
    }

    /// <summary>Replaces coefficients, of which only the first may be other than zero, by the codeword.</summary>
    public static void Encode(Span<uint> word, int coefficients)
    {
        var elements = MemoryMarshal.Cast<uint, Felt>(word);
        var (power, shift) = (Felt.One, Felt.From(Felt.GeneratorOfUnits));
        foreach (ref var element in elements[..coefficients])
            (element, power) = (element * power, power * shift);
        RootsOfUnity.Transform(elements, Felt.RootOfUnity(BitOperations.Log2((uint)word.Length)));
    }
}

/// <summary>Polynomials by their values at the roots of unity of order 2^bits.</summary>
internal static class RootsOfUnity
{
    public static Ext4[] Evaluate(ReadOnlySpan<Ext4> polynomial, int bits) => Transform(polynomial, bits, Felt.RootOfUnity(bits), Felt.One);

    /// <summary>The polynomial of degree below 2^bits with these values.</summary>
    public static Ext4[] Interpolate(ReadOnlySpan<Ext4> values, int bits) =>
        Transform(values, bits, Felt.RootOfUnity(bits).Inverse(), Felt.From(1 << bits).Inverse());

    /// <summary>In place, the values at the powers of a root (Cooley and Tukey 1965).</summary>
    public static void Transform(Span<Felt> elements, Felt root)
    {
        var bits = BitOperations.Log2((uint)elements.Length);
        for (var i = 0; i < elements.Length; i++)
        {
            var reversed = 0;
            for (var bit = 0; bit < bits; bit++)
                reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
            if (i < reversed)
                (elements[i], elements[reversed]) = (elements[reversed], elements[i]);
        }
        for (var half = 1; half < elements.Length; half *= 2)
        {
            var step = root.Power((ulong)(elements.Length / (2 * half)));
            for (var start = 0; start < elements.Length; start += 2 * half)
            {
                var power = Felt.One;
                for (var i = start; i < start + half; i++, power *= step)
                {
                    var (a, b) = (elements[i], elements[i + half] * power);
                    (elements[i], elements[i + half]) = (a + b, a - b);
                }
            }
        }
    }

    private static Ext4[] Transform(ReadOnlySpan<Ext4> elements, int bits, Felt root, Felt scale)
    {
        using var planes = new ExtArray(1 << bits);
        for (var i = 0; i < elements.Length; i++)
            planes[i] = elements[i] * scale;
        for (var k = 0; k < Ext4.Degree; k++)
            Transform(MemoryMarshal.Cast<uint, Felt>(planes.AsSpan(k)), root);
        return planes.ToArray();
    }
}
