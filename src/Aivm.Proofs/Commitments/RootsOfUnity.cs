namespace Aivm.Proofs;

/// <summary>Polynomials and their values at the roots of unity of order 2^bits, which are in the order of <see cref="Ntt"/>.</summary>
internal static unsafe class RootsOfUnity
{
    public static ExtArray Evaluate(ReadOnlySpan<Ext4> polynomial, int bits)
    {
        var values = new ExtArray(1 << bits);
        for (var i = 0; i < polynomial.Length; i++)
            values[i] = polynomial[i];
        Transform(values);
        return values;
    }

    /// <summary>The polynomial of degree below 2^bits with these values.</summary>
    /// <remarks>
    /// With values v_j at g^j, coefficient i is A(g^-i) / n for the polynomial A with the coefficients v_j: one more evaluation.
    /// </remarks>
    public static Ext4[] Interpolate(ReadOnlySpan<Ext4> values, int bits)
    {
        using var ordered = new ExtArray(values.Length);
        for (var i = 0; i < values.Length; i++)
            ordered[Reverse(i, bits)] = values[i];
        Transform(ordered);
        var polynomial = new Ext4[values.Length];
        var scale = Felt.From(values.Length).Inverse();
        for (var i = 0; i < values.Length; i++)
            polynomial[i] = ordered[Reverse((values.Length - i) % values.Length, bits)] * scale;
        return polynomial;
    }

    private static void Transform(ExtArray elements)
    {
        for (var k = 0; k < Ext4.Degree; k++)
            Ntt.Transform(elements.Plane(k), elements.Length, block: 0);
    }

    private static int Reverse(int index, int bits)
    {
        var reversed = 0;
        for (var bit = 0; bit < bits; bit++)
            reversed |= ((index >> bit) & 1) << (bits - 1 - bit);
        return reversed;
    }
}
