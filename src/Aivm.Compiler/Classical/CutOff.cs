using System.Numerics;

namespace Aivm.Compiler.Classical;

/// <summary>
/// Where a comparison with a floating-point number flips among the integers a caller may send: the integer n stands for
/// n * scale / divisor, rounded to nearest, ties to even. Exact, in big integers.
/// </summary>
internal readonly struct CutOff
{
    private readonly BigInteger _divisor;
    private readonly BigInteger _scale;
    private readonly int _scaleExponent;

    /// <param name="divisor">A power of ten.</param>
    /// <param name="scale">Positive.</param>
    public CutOff(double divisor, double scale)
    {
        _divisor = new BigInteger(divisor);
        (_scale, _scaleExponent) = Split(scale);
    }

    /// <summary>The least n whose float32 (float64 where <paramref name="isDouble"/>) is at least <paramref name="first"/>, which is finite and of that type.</summary>
    /// <returns>Null when no n of 64 bits is.</returns>
    public long? Find(double first, bool isDouble)
    {
        // The rounded v is at least first exactly when v lies above the midpoint to its lower neighbour, or on it when first is the even one.
        var lower = isDouble ? Math.BitDecrement(first) : MathF.BitDecrement((float)first);
        if (double.IsNegativeInfinity(lower))
            return long.MinValue + 1;
        var isEven = ((isDouble ? BitConverter.DoubleToInt64Bits(first) : BitConverter.SingleToInt32Bits((float)first)) & 1) == 0;
        var (a, b) = (Split(first), Split(lower));
        var exponent = Math.Min(a.Exponent, b.Exponent);
        var doubled = (a.Mantissa << (a.Exponent - exponent)) + (b.Mantissa << (b.Exponent - exponent));

        // n * scale / divisor >= doubled * 2^(exponent - 1)
        var numerator = doubled * _divisor;
        var denominator = _scale;
        var power = exponent - 1 - _scaleExponent;
        if (power >= 0)
            numerator <<= power;
        else
            denominator <<= -power;
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        if (remainder.Sign < 0)
        {
            quotient--;
            remainder += denominator;
        }
        if (!remainder.IsZero || !isEven)
            quotient++;
        if (quotient > long.MaxValue)
            return null;
        return (long)BigInteger.Max(quotient, long.MinValue + 1);
    }

    private static (BigInteger Mantissa, int Exponent) Split(double number)
    {
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var fraction = bits & ((1L << 52) - 1);
        var mantissa = exponent == 0 ? fraction : fraction | (1L << 52);
        return (number < 0 ? -mantissa : mantissa, Math.Max(exponent, 1) - 1075);
    }
}
