using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

[Collection(nameof(FieldSimd))]
public class SecretRandomTests
{
    private static readonly byte[] Seed = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void A_seed_gives_one_stream_at_every_level()
    {
        var chosen = FieldSimd.Level;
        var streams = new List<uint[]>();
        foreach (var level in Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported))
        {
            FieldSimd.Level = level;
            var stream = new uint[5000];
            new SecretRandom(Seed).Fill(stream);
            streams.Add(stream);
        }
        FieldSimd.Level = chosen;
        Assert.All(streams, stream => Assert.Equal(streams[0], stream));
    }

    /// <summary>The root of a stored key's weights depends on it, on machines with few processors and with many.</summary>
    [Theory]
    [InlineData(150_001)]
    [InlineData(1 << 16)]
    [InlineData(70_000)]
    public void Any_number_of_threads_fills_the_same_words(int count)
    {
        uint[] Words(int threads)
        {
            var random = new SecretRandom(Seed);
            var (before, words, behind) = (new uint[7], new uint[count], new uint[2000]);
            random.FillWords(before);
            random.FillWords(words, threads);
            random.Fill(behind);
            return [.. before, .. words, .. behind];
        }

        Assert.All((int[])[2, 3, 4, 64], threads => Assert.Equal(Words(1), Words(threads)));
    }

    [Fact]
    public void Two_sources_have_nothing_in_common()
    {
        var (first, second) = (new uint[1000], new uint[1000]);
        new SecretRandom().FillWords(first);
        new SecretRandom().FillWords(second);
        Assert.True(first.Intersect(second).Count() < 5);
    }

    [Fact]
    public void A_stream_does_not_repeat()
    {
        var random = new SecretRandom(Seed);
        var elements = new Ext4[20000];
        random.NextElements(10000).CopyTo(elements, 0);
        for (var i = 10000; i < elements.Length; i++)
            elements[i] = random.NextExt4();
        Assert.Equal(elements.Length, elements.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(100_003)]
    public void Elements_are_below_the_modulus_and_fill_the_range_evenly(int length)
    {
        var elements = new uint[length];
        new SecretRandom(Seed).Fill(elements);
        Assert.All(elements, element => Assert.InRange(element, 0u, Felt.Modulus - 1));
        if (length < 100_000)
            return;
        var counts = new int[15];
        foreach (var element in elements)
            counts[element / (Felt.Modulus / 15 + 1)]++;
        Assert.All(counts, count => Assert.InRange(count, 6300, 7030));
    }
}
