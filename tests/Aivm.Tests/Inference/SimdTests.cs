using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Tests.Inference;

public sealed class SimdTests
{
    [Theory]
    [InlineData("scalar", SimdLevel.Scalar)]
    [InlineData("vector128", SimdLevel.Vector128)]
    [InlineData("avx2", SimdLevel.Avx2)]
    [InlineData("avx512", SimdLevel.Avx512)]
    [InlineData("vnni", SimdLevel.Vnni)]
    [InlineData("", SimdLevel.Vnni)]
    [InlineData(null, SimdLevel.Vnni)]
    public void A_level_is_what_was_asked_for_or_the_best_below_it(string? wanted, SimdLevel highest)
    {
        var best = Enum.GetValues<SimdLevel>().Where(level => level <= highest && Simd.IsSupported(level)).Max();
        Assert.Equal(best, Simd.Choose(wanted));
    }

    [Theory]
    [InlineData("AVX2")]
    [InlineData("avx10")]
    [InlineData("1")]
    public void An_unknown_word_is_an_error_that_names_the_known_ones(string wanted)
    {
        var exception = Assert.Throws<AivmException>(() => Simd.Choose(wanted));
        Assert.Equal(("simd-unknown", Failure.Input), (exception.Error.Code, exception.Failure));
        Assert.Contains("scalar, vector128, avx2, avx512 or vnni", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Portable_products_are_the_plain_ones()
    {
        var random = new Random(5);
        for (var round = 0; round < 1000; round++)
        {
            var (a, b) = (new sbyte[16], new sbyte[16]);
            var (c, d) = (new short[8], new short[8]);
            for (var i = 0; i < 16; i++)
                (a[i], b[i]) = ((sbyte)random.Next(-127, 128), (sbyte)random.Next(-127, 128));
            for (var i = 0; i < 8; i++)
                (c[i], d[i]) = ((short)random.Next(-32767, 32768), (short)random.Next(-127, 128));
            var bytes = Portable128.Multiply(Vector128.Create(a), Vector128.Create(b));
            var shorts = Portable128.Multiply(Vector128.Create(c), Vector128.Create(d));
            for (var lane = 0; lane < 4; lane++)
            {
                Assert.Equal(Enumerable.Range(4 * lane, 4).Sum(i => a[i] * b[i]), bytes[lane]);
                Assert.Equal(Enumerable.Range(2 * lane, 2).Sum(i => c[i] * d[i]), shorts[lane]);
            }
        }
    }

    [Fact]
    public void The_stand_in_for_the_product_of_AVX_VNNI_is_exact_for_every_byte()
    {
        Assert.SkipUnless(Avx2.IsSupported, "needs AVX2");
        var random = new Random(6);
        for (var round = 0; round < 1000; round++)
        {
            var (x, w) = (new byte[32], new sbyte[32]);
            random.NextBytes(x);
            for (var i = 0; i < 32; i++)
                w[i] = (sbyte)random.Next(-127, 128);
            var sums = BytesVnni.Add(Lanes256.Create(round), new(Vector256.Create(x).AsInt32()), new(Vector256.Create(w).AsInt32())).Vector;
            for (var lane = 0; lane < 8; lane++)
                Assert.Equal(round + Enumerable.Range(4 * lane, 4).Sum(i => x[i] * w[i]), sums[lane]);
        }
    }
}
