using System.Numerics;
using Aivm.Primitives;
using CsCheck;

namespace Aivm.Tests.Primitives;

/// <summary>Every operation against BigInteger, on random operands and on those whose limbs sit at the edges where carries hide. A failing sample prints its seed.</summary>
public sealed class UInt256Tests
{
    private const int Samples = 20_000;

    private static readonly BigInteger Modulus = BigInteger.One << 256;

    private static readonly Gen<ulong> Limb = Gen.OneOf(
        Gen.ULong,
        Gen.OneOf(0ul, 1ul, 2ul, ulong.MaxValue, ulong.MaxValue - 1, 1ul << 63, (1ul << 63) - 1, (1ul << 63) + 1, 1ul << 32, uint.MaxValue),
        Gen.Int[0, 63].Select(bit => 1ul << bit));

    private static readonly Gen<UInt256> Value =
        Gen.Select(Limb, Limb, Limb, Limb, Gen.Int[1, 4], (a, b, c, d, limbs) =>
            new UInt256(a, limbs > 1 ? b : 0, limbs > 2 ? c : 0, limbs > 3 ? d : 0));

    [Fact]
    public void Sums_differences_and_products_wrap_modulo_2_to_the_256() =>
        Gen.Select(Value, Value).Sample((a, b) =>
        {
            Assert.Equal(Wrap(Big(a) + Big(b)), Big(a + b));
            Assert.Equal(Wrap(Big(a) - Big(b)), Big(a - b));
            Assert.Equal(Wrap(Big(a) * Big(b)), Big(a * b));
            Assert.Equal(Wrap(-Big(a)), Big(-a));
        }, iter: Samples, threads: 1);

    [Fact]
    public void Try_methods_report_exactly_the_overflows() =>
        Gen.Select(Value, Value).Sample((a, b) =>
        {
            Assert.Equal(Big(a) + Big(b) < Modulus, UInt256.TryAdd(a, b, out var sum));
            Assert.Equal(a + b, sum);
            Assert.Equal(Big(a) >= Big(b), UInt256.TrySubtract(a, b, out var difference));
            Assert.Equal(a - b, difference);
            Assert.Equal(Big(a) * Big(b) < Modulus, UInt256.TryMultiply(a, b, out var product));
            Assert.Equal(a * b, product);
        }, iter: Samples, threads: 1);

    [Fact]
    public void Products_at_the_edge_of_256_bits_are_told_apart() =>
        Gen.Select(Value.Where(value => !value.IsZero), Gen.Int[-2, 2]).Sample((a, delta) =>
        {
            var b = BigInteger.Min(BigInteger.Max(Modulus / Big(a) + delta, 0), Modulus - 1);
            Assert.Equal(Big(a) * b < Modulus, UInt256.TryMultiply(a, FromBig(b), out _));
        }, iter: Samples, threads: 1);

    [Fact]
    public void Quotients_and_remainders_are_exact() =>
        Gen.Select(Value, Value.Where(value => !value.IsZero)).Sample((a, b) =>
        {
            var (quotient, remainder) = UInt256.DivRem(a, b);
            Assert.Equal(Big(a) / Big(b), Big(quotient));
            Assert.Equal(Big(a) % Big(b), Big(remainder));
        }, iter: 2 * Samples, threads: 1);

    [Fact]
    public void Modular_operations_keep_the_bits_beyond_256() =>
        Gen.Select(Value, Value, Value.Where(value => !value.IsZero)).Sample((a, b, modulus) =>
        {
            Assert.Equal((Big(a) + Big(b)) % Big(modulus), Big(UInt256.AddMod(a, b, modulus)));
            Assert.Equal(Big(a) * Big(b) % Big(modulus), Big(UInt256.MulMod(a, b, modulus)));
        }, iter: 2 * Samples, threads: 1);

    [Fact]
    public void Dividends_one_short_of_a_multiple_are_divided_exactly() =>
        Gen.Select(Value.Where(value => !value.IsZero), Value, Gen.Int[-1, 1]).Sample((divisor, factor, delta) =>
        {
            var dividend = Wrap(Big(divisor) * Big(factor) + delta);
            var (quotient, remainder) = UInt256.DivRem(FromBig(dividend), divisor);
            Assert.Equal(dividend, Big(quotient) * Big(divisor) + Big(remainder));
            Assert.True(remainder < divisor);
        }, iter: Samples, threads: 1);

    /// <summary>Operands found by running Knuth's algorithm D and watching its rare branches.</summary>
    [Theory]
    [InlineData("0x7fffffffffffffffffffffffffffffff00000000000000030000000100000000", "0x7fffffffffffffffffffffffffffffff7fffffffffffffff", "an estimate that must be taken back, three limbs")]
    [InlineData("0x800000000000000000000000000000000000000100000000fffffffffffffffe", "0x80000000000000000000000000000000ffffffffffffffff7fffffffffffffff", "the same, four limbs")]
    [InlineData("0x8000000000000000000000000000000000000000000000000000000000000000", "0x8000000000000000fffffffffffffffe", "the largest estimate, taken back")]
    [InlineData("0x80000000000000007fffffffffffffff8000000000000000fffffffffffffffe", "0x80000000000000008000000000000001", "the largest estimate, which is right")]
    [InlineData("0x27fffffffffffffff0000000000000002fffffffffffffffe", "0x30000000000000002", "one correction, two limbs")]
    [InlineData("0x800000000000000000000000000000017fffffffffffffff0000000000000000", "0x8000000000000000800000000000000180000000000000010000000000000003", "one correction, four limbs")]
    [InlineData("0x7fffffffffffffff000000000000000000000001000000000000000000000000", "0x8000000000000001ffffffffffffffff", "two corrections, two limbs")]
    [InlineData("0xfffffffffffffffe80000000000000017fffffffffffffff0000000000000003", "0x10000000000000003fffffffffffffffe0000000000000001", "two corrections, four limbs")]
    public void The_rare_branches_of_long_division_are_exact(string dividend, string divisor, string branch)
    {
        var (a, b) = (UInt256.Parse(dividend), UInt256.Parse(divisor));
        var (quotient, remainder) = UInt256.DivRem(a, b);
        Assert.True(Big(a) / Big(b) == Big(quotient) && Big(a) % Big(b) == Big(remainder), branch);
    }

    [Fact]
    public void Shifts_and_bits_agree_with_big_integers() =>
        Gen.Select(Value, Value, Gen.Int[0, 300]).Sample((a, b, shift) =>
        {
            Assert.Equal(Wrap(Big(a) << shift), Big(a << shift));
            Assert.Equal(Big(a) >> shift, Big(a >> shift));
            Assert.Equal(Big(a) & Big(b), Big(a & b));
            Assert.Equal(Big(a) | Big(b), Big(a | b));
            Assert.Equal(Big(a) ^ Big(b), Big(a ^ b));
            Assert.Equal(Modulus - 1 - Big(a), Big(~a));
            Assert.Equal((int)Big(a).GetBitLength(), a.BitLength);
            Assert.Equal(Big(a).CompareTo(Big(b)), Math.Sign(a.CompareTo(b)));
        }, iter: Samples, threads: 1);

    [Fact]
    public void Powers_wrap_modulo_2_to_the_256() =>
        Gen.Select(Value, Value).Sample((@base, exponent) =>
            Assert.Equal(BigInteger.ModPow(Big(@base), Big(exponent), Modulus), Big(UInt256.Exp(@base, exponent))),
            iter: 500, threads: 1);

    [Fact]
    public void Text_and_bytes_round_trip() =>
        Value.Sample(value =>
        {
            Assert.Equal(Big(value).ToString(), value.ToString());
            Assert.Equal(value, UInt256.Parse(value.ToString()));
            Assert.Equal(value, UInt256.Parse(value.ToHexQuantity()));
            Assert.DoesNotMatch("^0x0.", value.ToHexQuantity());
            var bytes = new byte[32];
            value.WriteBigEndian(bytes);
            Assert.Equal(value, UInt256.FromBigEndian(bytes));
            Assert.Equal(Big(value), new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
        }, iter: Samples, threads: 1);

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0X1")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1_000")]
    [InlineData("1e3")]
    [InlineData("0xg")]
    [InlineData("0x-1")]
    [InlineData("١")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639936")]
    [InlineData("0x10000000000000000000000000000000000000000000000000000000000000000")]
    public void Text_that_is_no_number_below_2_to_the_256_is_refused(string text) => Assert.False(UInt256.TryParse(text, out _));

    [Fact]
    public void The_largest_number_is_read_and_written()
    {
        const string decimalText = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        Assert.Equal(UInt256.MaxValue, UInt256.Parse(decimalText));
        Assert.Equal(decimalText, UInt256.MaxValue.ToString());
        Assert.Equal("0x" + new string('f', 64), UInt256.MaxValue.ToHexQuantity());
        Assert.Equal("0x0", UInt256.Zero.ToHexQuantity());
        Assert.Equal("0", UInt256.Zero.ToString());
    }

    [Fact]
    public void Division_by_zero_throws_from_every_operation()
    {
        Assert.Throws<DivideByZeroException>(() => UInt256.One / UInt256.Zero);
        Assert.Throws<DivideByZeroException>(() => UInt256.One % UInt256.Zero);
        Assert.Throws<DivideByZeroException>(() => UInt256.AddMod(1, 2, 0));
        Assert.Throws<DivideByZeroException>(() => UInt256.AddMod(UInt256.MaxValue, 2, 0));
        Assert.Throws<DivideByZeroException>(() => UInt256.MulMod(1, 2, 0));
    }

    private static BigInteger Big(UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[32];
        value.WriteBigEndian(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    private static UInt256 FromBig(BigInteger value) =>
        UInt256.FromBigEndian(value.ToByteArray(isUnsigned: true, isBigEndian: true));

    private static BigInteger Wrap(BigInteger value) => ((value % Modulus) + Modulus) % Modulus;
}
