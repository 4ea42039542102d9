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

    private const double HalfPi = 1.5707963267948966;
    private const double SixthPi = 0.52359877559829887;
    private const double Sqrt3 = 1.7320508075688772;
    private const double TanTwelfth = 0.2679491924311227;

    /// <summary>pi / 2 in three parts: the first two have trailing zeros, so that a whole number of up to 20 bits times them is exact.</summary>
    private const double HalfPiHigh = 1.57079632673412561417e+00;
    private const double HalfPiMiddle = 6.07710050630396597660e-11;
    private const double HalfPiLow = 2.02226624879595063154e-21;
    private const double MaxAngle = 1 << 20;

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

    /// <summary>The natural logarithm: the exponent's part and the series of the mantissa. Minus infinity at 0, no number below.</summary>
    public static double Log(double x)
    {
        if (!(x > 0) || double.IsInfinity(x))
            return x == 0 ? double.NegativeInfinity : x > 0 ? x : double.NaN;
        var exponent = 0;
        for (; x < PowerOfTwo(-1000); exponent -= 64)
            x *= PowerOfTwo(64);
        var bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa > Sqrt2)
        {
            mantissa /= 2;
            exponent++;
        }
        var ratio = (mantissa - 1) / (mantissa + 1);
        var square = ratio * ratio;
        var sum = 0.0;
        for (var n = 31; n >= 1; n -= 2)
            sum = 1.0 / n + square * sum;
        return exponent * Ln2High + (2 * ratio * sum + exponent * Ln2Low);
    }

    /// <summary>x^exponent for any real exponent; no number for a negative x and an exponent that is not whole.</summary>
    public static double Power(double x, double exponent)
    {
        if (exponent == 0)
            return 1;
        if (x == 0)
            return exponent > 0 ? 0 : double.PositiveInfinity;
        var magnitude = Exp(exponent * Log(Math.Abs(x)));
        if (x > 0)
            return magnitude;
        if (exponent != Math.Floor(exponent))
            return double.NaN;
        return exponent % 2 == 0 ? magnitude : -magnitude;
    }

    /// <summary>By the Taylor series of the rest within pi / 4 of a multiple of pi / 2; no number beyond 2^20.</summary>
    public static double Sin(double x) => Circular(x, 0);

    public static double Cos(double x) => Circular(x, 1);

    public static double Tan(double x) => Circular(x, 0) / Circular(x, 1);

    /// <summary>The series converges fast below tan(pi / 12); larger arguments are brought there by addition theorems.</summary>
    public static double Atan(double x)
    {
        if (double.IsNaN(x))
            return x;
        if (x < 0)
            return -Atan(-x);
        if (x > 1)
            return HalfPi - Atan(1 / x);
        if (x > TanTwelfth)
            return SixthPi + Series((x * Sqrt3 - 1) / (x + Sqrt3));
        return Series(x);

        static double Series(double t)
        {
            var square = t * t;
            var sum = 0.0;
            for (var n = 27; n >= 1; n -= 2)
                sum = 1.0 / n - square * sum;
            return t * sum;
        }
    }

    public static double Asin(double x) => Math.Abs(x) == 1 ? x * HalfPi : Atan(x / Math.Sqrt((1 - x) * (1 + x)));

    public static double Acos(double x) => HalfPi - Asin(x);

    public static double Sinh(double x) => (Exp(x) - Exp(-x)) / 2;

    public static double Cosh(double x) => (Exp(x) + Exp(-x)) / 2;

    public static double Asinh(double x) => x < 0 ? -Asinh(-x) : Log(x + Math.Sqrt(x * x + 1));

    public static double Acosh(double x) => Log(x + Math.Sqrt((x - 1) * (x + 1)));

    public static double Atanh(double x) => Log((1 + x) / (1 - x)) / 2;

    /// <summary>sin(x + turns * pi / 2).</summary>
    private static double Circular(double x, int turns)
    {
        if (!(Math.Abs(x) <= MaxAngle))
            return double.NaN;
        var quarter = Math.Floor(x / HalfPi + 0.5);
        var rest = x - quarter * HalfPiHigh - quarter * HalfPiMiddle - quarter * HalfPiLow;
        var square = rest * rest;
        var place = (((long)quarter + turns) % 4 + 4) % 4;
        var isSine = place % 2 == 0;
        var sum = 1.0;
        for (var n = isSine ? 21 : 20; n >= 2; n -= 2)
            sum = 1 - square / (n * (n - 1)) * sum;
        var value = isSine ? rest * sum : sum;
        return place >= 2 ? -value : value;
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
            // Terms shrink from here on: none behind changes the sum.
            if (sum + term == sum)
                break;
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
