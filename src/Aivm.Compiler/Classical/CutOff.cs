using System.Numerics;

namespace Aivm.Compiler.Classical;

/// <summary>
/// Where a float32 comparison flips among the integers a caller may send: the integer n stands for float32(n * scale / divisor),
/// rounded to nearest, ties to even. Exact, in big integers.
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

    /// <summary>The least n whose float32 is at least the threshold, or above it when <paramref name="inclusive"/>: the file's comparison holds for every smaller n.</summary>
    /// <returns>Null when no n of 64 bits is.</returns>
    public long? Find(float threshold, bool inclusive)
    {
        // "x <= t" is "x < the next float".
        var first = inclusive ? MathF.BitIncrement(threshold) : threshold;
        if (float.IsPositiveInfinity(first))
            return null;
        // float32(v) >= first exactly when v lies above the midpoint to its lower neighbour, or on it when first is the even one.
        var lower = MathF.BitDecrement(first);
        var (a, b) = (Split(first), float.IsNegativeInfinity(lower) ? Split(2.0 * first - MathF.BitIncrement(first)) : Split(lower));
        var exponent = Math.Min(a.Exponent, b.Exponent);
        var doubled = (a.Mantissa << (a.Exponent - exponent)) + (b.Mantissa << (b.Exponent - exponent));
        var isEven = (BitConverter.SingleToInt32Bits(first) & 1) == 0;

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
