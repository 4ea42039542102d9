using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Aivm.Inference;
using CsCheck;

namespace Aivm.Tests.Inference;

/// <summary>The kernels' ways around division, against the division.</summary>
public sealed class ArithmeticTests
{
    /// <summary>All magnitudes, and the ends of the range.</summary>
    private static readonly Gen<long> Positive = Gen.Select(Gen.Long[1, long.MaxValue], Gen.Int[0, 62], (x, shift) => Math.Max(1, x >> shift));

    [Fact]
    public void A_quotient_by_an_inverse_is_the_floor_of_the_quotient() => Gen.Select(Positive, Positive, Gen.Int[-2, 2], Gen.Bool).Sample((dividend, divisor, near, isNegative) =>
    {
        // The neighbours of a multiple, and anything.
        var multiple = BigInteger.Min(long.MaxValue - 2, dividend / divisor * (BigInteger)divisor) + near;
        foreach (var magnitude in (long[])[dividend, (long)multiple, long.MaxValue])
        {
            var x = isNegative ? -magnitude : magnitude;
            Assert.Equal((long)Floor(x, divisor), new Divisor(divisor).Floor(x));
        }
        Assert.Equal(long.MinValue / divisor - (long.MinValue % divisor == 0 ? 0 : 1), new Divisor(divisor).Floor(long.MinValue));
    }, iter: 20_000);

    [Fact]
    public void A_square_root_is_the_floor_of_the_root() => Positive.Sample(x =>
    {
        var root = SquareRoot.Floor(x);
        Assert.True((BigInteger)root * root <= x && x < (BigInteger)(root + 1) * (root + 1));
        var near = (long)BigInteger.Min(long.MaxValue, ((BigInteger)root + 1) * (root + 1) - 1);
        Assert.Equal(near == long.MaxValue ? 3037000499 : root, SquareRoot.Floor(near));
    }, iter: 20_000);

    /// <summary>Dividends of results within 16 bits and beyond them, at random and beside the multiples where the result steps.</summary>
    [Fact]
    public void Eight_quotients_at_a_time_are_right_wherever_they_are_given()
    {
        Assert.SkipUnless(Avx2.IsSupported, "the processor has no AVX2");
        var (given, withheld) = (0, 0);
        Gen.Select(Positive, Gen.Int[1, 14], Gen.Long).Sample((divisor, exponent, seed) =>
        {
            if (!QuotientsAvx2.TryCreate(SimdLevel.Avx2, divisor, exponent, out var quotients))
                return;
            var random = new Random((int)(seed % int.MaxValue));
            var dividends = new int[8];
            for (var i = 0; i < 8; i++)
            {
                var step = (((random.Next(-40000, 40000) * (BigInteger)divisor) - (divisor / 2)) >> exponent) + random.Next(-1, 3);
                var any = random.Next(-int.MaxValue, int.MaxValue) >> random.Next(31);
                dividends[i] = random.Next(4) == 0 && BigInteger.Abs(step) < int.MaxValue ? (int)step : any;
            }
            if (!quotients.TryDivide(Vector256.Create(dividends), out var results))
            {
                Interlocked.Increment(ref withheld);
                return;
            }
            Interlocked.Increment(ref given);
            for (var i = 0; i < 8; i++)
            {
                var exact = Floor(((BigInteger)dividends[i] << exponent) + (divisor / 2), divisor);
                Assert.Equal(BigInteger.Max(-32768, BigInteger.Min(32767, exact)), BigInteger.Max(-32768, BigInteger.Min(32767, results[i])));
            }
        }, iter: 200_000, threads: 1);
        Assert.True(given > 20_000 && withheld > 1_000, $"{given} given, {withheld} withheld");
    }

    private static BigInteger Floor(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var rest);
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }
}
