namespace Aivm.Proofs;

/// <summary>Polynomials of the pad matrix, by their coefficients.</summary>
internal static unsafe class PadRow
{
    /// <summary>
    /// The polynomial of degree below the block with these values on H, whose points are in the order of <see cref="RootsOfUnity"/>.
    /// </summary>
    public static Ext4[] Interpolate(ReadOnlySpan<Ext4> values, PadShape shape) => RootsOfUnity.Interpolate(values, shape.BlockBits);

    /// <summary>
    /// The codeword: values at the points x with x^n = -1, n the code's length. H has none of them, as its points have x^n = 1.
    /// </summary>
    public static ExtArray Encode(ReadOnlySpan<Ext4> polynomial, PadShape shape)
    {
        var codeword = new ExtArray(shape.CodeLength);
        for (var i = 0; i < polynomial.Length; i++)
            codeword[i] = polynomial[i];
        for (var k = 0; k < Ext4.Degree; k++)
            Ntt.Transform(codeword.Plane(k), codeword.Length, block: 1);
        return codeword;
    }

    /// <summary>The points of symbols of the codeword.</summary>
    public static Felt[] Points(ReadOnlySpan<int> positions, PadShape shape)
    {
        var (roots, points) = (NttRoots.For(shape.CodeBits + 1), new Felt[positions.Length]);
        for (var i = 0; i < points.Length; i++)
            points[i] = roots.Point(shape.CodeLength + positions[i]);
        return points;
    }

    /// <summary>The lowest coefficient of a polynomial whose values on H add up to <paramref name="sum"/>, given its others.</summary>
    /// <remarks>On H, powers of X add up to the block's length if the block divides the exponent, and to zero otherwise.</remarks>
    public static Ext4 LowestCoefficient(ReadOnlySpan<Ext4> polynomial, Ext4 sum, PadShape shape)
    {
        var lowest = sum * Felt.From(shape.Block).Inverse();
        for (var i = shape.Block; i < polynomial.Length; i += shape.Block)
            lowest -= polynomial[i];
        return lowest;
    }

    /// <summary>Times X^block - 1, the polynomial that vanishes on H.</summary>
    public static Ext4[] TimesVanishing(ReadOnlySpan<Ext4> polynomial, PadShape shape)
    {
        var product = new Ext4[polynomial.Length + shape.Block];
        polynomial.CopyTo(product.AsSpan(shape.Block));
        for (var i = 0; i < polynomial.Length; i++)
            product[i] -= polynomial[i];
        return product;
    }

    /// <summary>Divides by X^block - 1; a remainder is lost.</summary>
    public static Ext4[] OverVanishing(ReadOnlySpan<Ext4> polynomial, PadShape shape)
    {
        var quotient = new Ext4[polynomial.Length - shape.Block];
        for (var i = quotient.Length; i-- > 0;)
            quotient[i] = polynomial[i + shape.Block] + (i + shape.Block < quotient.Length ? quotient[i + shape.Block] : Ext4.Zero);
        return quotient;
    }
}
