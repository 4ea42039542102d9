using System.Numerics;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

public sealed class SoundnessTests
{
    private const double Unit = 1.0 / (1 << Log2.FractionBits);

    [Fact]
    public void Logarithms_are_rounded_to_their_side()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var x = (ulong)random.NextInt64(1, 1L << random.Next(1, 63));
            var exact = Math.Log2(x) / Unit;
            Assert.InRange(Log2.Floor(x), exact - 2.01, exact + 0.01);
            Assert.InRange(Log2.Ceiling(x), exact - 0.01, exact + 2.01);
        }
        for (var bits = 0; bits < 64; bits++)
        {
            Assert.Equal((long)bits << Log2.FractionBits, Log2.Floor(1UL << bits));
            Assert.Equal((long)bits << Log2.FractionBits, Log2.Ceiling(1UL << bits));
        }
        Assert.True(Log2.Floor(ulong.MaxValue) < 64L << Log2.FractionBits);
    }

    [Theory]
    [InlineData(16384, 10320, 152)]
    [InlineData(1024, 600, 100)]
    [InlineData(64, 20, 10)]
    [InlineData(64, 20, 20)]
    [InlineData(64, 20, 30)]
    [InlineData(8, 7, 8)]
    public void Distinct_positions_are_worth_what_is_said_or_more(int length, int accepting, int queries)
    {
        var (hits, draws) = (BigInteger.One, BigInteger.One);
        for (var i = 0; i < queries; i++)
            (hits, draws) = (hits * Math.Max(0, accepting - i), draws * (length - i));
        var said = SoundnessTerm.QueryBits(length, accepting, queries) * Unit;
        if (!hits.IsZero)
            Assert.InRange(said, 0, BigInteger.Log(draws, 2) - BigInteger.Log(hits, 2));
        Assert.True(said >= queries * Math.Log2(length / (double)accepting) - 0.01);
    }

    [Fact]
    public void Every_term_of_an_opening_is_above_the_goal()
    {
        foreach (var openings in (int[])[0, 1, 8, 64])
            foreach (var cells in (int[])[1, 65, 1000, 1 << 14, 100_000, 1 << 18, 1 << 20, 1 << 22, 1 << 24])
            {
                var shape = OracleShape.Choose(ProofParameters.Production, cells, openings);
                Assert.All(shape.Soundness("oracle"), term => Assert.True(term.Bits >= 102, term.ToString()));
                Assert.True((long)shape.Rows << shape.ColumnBits >= cells && shape.Queries * openings == shape.Tail);
            }
    }

    [Fact]
    public void Every_term_of_a_closing_is_above_the_goal()
    {
        foreach (var (pads, products) in ((int, int)[])[(0, 0), (10, 3), (1000, 100), (3000, 200), (20_000, 1000)])
        {
            var layout = new PadLayout();
            layout.Skip(pads);
            for (var i = 0; i < products; i++)
                layout.NextProduct(i, i + 1);
            var shape = PadShape.Choose(ProofParameters.Production, layout);
            Assert.All(shape.Soundness(constraints: pads), term => Assert.True(term.Bits >= 102, term.ToString()));
        }
    }

    [Fact]
    public void A_term_prints_no_more_bits_than_it_has()
    {
        Assert.Equal("x: 100.0 bits", new SoundnessTerm("x", (100 << 10) + 102).ToString());
        Assert.Equal("x: 100.9 bits", new SoundnessTerm("x", (101 << 10) - 1).ToString());
        Assert.Equal("closing: queries: 0.0 bits", SoundnessTerm.Queries("closing: queries", 64, 64, 10, grindingBits: 0).ToString());
        Assert.Equal("closing: queries, and 12 bits of work before: 12.0 bits", SoundnessTerm.Queries("closing: queries", 64, 64, 10, grindingBits: 12).ToString());
    }

    /// <summary>The bars were 160 kB for 2^18 cells and 450 kB for 4M public weights, before combinations were committed.</summary>
    [Fact]
    public void Openings_are_as_short_as_they_should_be()
    {
        Assert.InRange(OracleShape.Choose(ProofParameters.Production, 1 << 18, openings: 1).OpeningBytes, 100_000, 160_000);
        Assert.InRange(OracleShape.Choose(ProofParameters.Production, 1 << 22, openings: 0).OpeningBytes, 150_000, 260_000);
    }
}
