using Aivm.Compiler.Network;

namespace Aivm.Tests.Compiler;

/// <summary>The series against the C library's functions, whose last bits differ between machines.</summary>
public sealed class ExactMathTests
{
    public static TheoryData<string, Func<double, double>, Func<double, double>, double, double> Functions() => new()
    {
        { "exp", ExactMath.Exp, Math.Exp, -50, 50 },
        { "log", ExactMath.Log, Math.Log, 1e-9, 1000 },
        { "sin", ExactMath.Sin, Math.Sin, -100_000, 100_000 },
        { "cos", ExactMath.Cos, Math.Cos, -100_000, 100_000 },
        { "tan", ExactMath.Tan, Math.Tan, -1.5, 1.5 },
        { "asin", ExactMath.Asin, Math.Asin, -1, 1 },
        { "acos", ExactMath.Acos, Math.Acos, -1, 1 },
        { "atan", ExactMath.Atan, Math.Atan, -50, 50 },
        { "sinh", ExactMath.Sinh, Math.Sinh, -20, 20 },
        { "cosh", ExactMath.Cosh, Math.Cosh, -20, 20 },
        { "asinh", ExactMath.Asinh, Math.Asinh, -50, 50 },
        { "acosh", ExactMath.Acosh, Math.Acosh, 1, 50 },
        { "atanh", ExactMath.Atanh, Math.Atanh, -0.999, 0.999 },
        { "x^1.7", x => ExactMath.Power(x, 1.7), x => Math.Pow(x, 1.7), 0, 100 },
        { "x^-3", x => ExactMath.Power(x, -3.0), x => Math.Pow(x, -3), -10, 10 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_series_is_within_thirteen_digits(string what, Func<double, double> series, Func<double, double> library, double low, double high)
    {
        for (var i = 0; i <= 10_000; i++)
        {
            var x = low + (high - low) * i / 10_000;
            var expected = library(x);
            if (double.IsInfinity(expected))
                continue;
            Assert.True(Math.Abs(series(x) - expected) <= 1e-13 * Math.Max(1, Math.Abs(expected)), $"{what}({x:R}) = {series(x):R}, not {expected:R}");
        }
    }

    [Fact]
    public void Outside_their_domains_functions_are_no_numbers_or_infinite()
    {
        Assert.Equal(double.NegativeInfinity, ExactMath.Log(0));
        Assert.Equal(double.NaN, ExactMath.Log(-1));
        Assert.Equal(double.NaN, ExactMath.Asin(1.5));
        Assert.Equal(double.NaN, ExactMath.Acosh(0.5));
        Assert.Equal(double.NaN, ExactMath.Power(-2, 0.5));
        Assert.Equal(double.NaN, ExactMath.Sin(1e9));
        Assert.Equal(double.PositiveInfinity, ExactMath.Atanh(1));
    }
}
