namespace Aivm.Compiler.Network;

/// <summary>
/// Elementary functions by series, from IEEE 754 + - * / alone: the same bits on every machine, which the C library's do not
/// promise. Relative error below 1e-14 where they feed a table.
/// </summary>
internal static class ExactMath
{
    public const double Sqrt2 = 1.4142135623730951;

    /// <summary>ln 2 in two parts: the first has trailing zeros, so that a small integer times it is exact.</summary>
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    private const double TwoOverSqrtPi = 1.1283791670955126;

    /// <summary>e^x as 2^k times the Taylor series of the rest, which lies within ln 2 / 2.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
            return x;
        if (x > 709)
            return double.PositiveInfinity;
        if (x < -708)
            return 0;
        var k = (int)Math.Floor(x / (Ln2High + Ln2Low) + 0.5);
        var rest = x - k * Ln2High - k * Ln2Low;
        var sum = 1.0;
        for (var n = 18; n >= 1; n--)
            sum = 1 + rest / n * sum;
        return sum * PowerOfTwo(k);
    }

    public static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Exp(-x)) : Exp(x) / (1 + Exp(x));

    /// <summary>ln(1 + x) for 0 &lt;= x &lt;= 1: 2 artanh(x / (2 + x)).</summary>
    public static double Log1P(double x)
    {
        var ratio = x / (2 + x);
        var square = ratio * ratio;
        var sum = 0.0;
        for (var n = 39; n >= 1; n -= 2)
            sum = 1.0 / n + square * sum;
        return 2 * ratio * sum;
    }

    /// <summary>erf(x) = 2/sqrt(pi) * e^(-x^2) * sum of 2^n x^(2n+1) / (2n+1)!!, whose terms are all positive.</summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x))
            return x;
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        var term = x;
        var sum = x;
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return TwoOverSqrtPi * Exp(-x * x) * sum;
    }

    /// <summary>value^(eighths/8) for a value that is not negative.</summary>
    public static double Power(double value, int eighths)
    {
        var root = Math.Sqrt(Math.Sqrt(Math.Sqrt(value)));
        var result = 1.0;
        for (var i = 0; i < eighths; i++)
            result *= root;
        return result;
    }

    /// <summary>2^exponent, exactly, for exponents from -1022 to 1023.</summary>
    public static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);

    /// <summary>The largest e with value * 2^e &lt;= limit, for positive finite numbers.</summary>
    public static int Headroom(double value, double limit)
    {
        var exponent = 0;
        while (exponent < 200 && value * PowerOfTwo(exponent + 1) <= limit)
            exponent++;
        while (exponent > -200 && value * PowerOfTwo(exponent) > limit)
            exponent--;
        return exponent;
    }
}
