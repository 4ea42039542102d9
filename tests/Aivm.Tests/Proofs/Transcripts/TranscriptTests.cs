using System.Buffers.Binary;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

public class TranscriptTests
{
    [Fact]
    public void The_same_messages_give_the_same_challenges() => Assert.Equal(Challenge(One, Two), Challenge(One, Two));

    [Fact]
    public void Every_message_its_length_and_its_place_matter()
    {
        Ext4[] challenges =
        [
            Challenge(),
            Challenge([[]]),
            Challenge([[], []]),
            Challenge(One),
            Challenge(Two),
            Challenge(One, Two),
            Challenge(Two, One),
            Challenge([.. One, .. Two]),
            Challenge("ab"u8.ToArray(), "c"u8.ToArray()),
            Challenge("a"u8.ToArray(), "bc"u8.ToArray()),
            Challenge("abc"u8.ToArray()),
            Challenge("abc\0"u8.ToArray()),
            new Transcript("another").NextChallenge(),
        ];
        Assert.Distinct(challenges);
    }

    [Fact]
    public void Later_challenges_depend_on_every_earlier_message()
    {
        Assert.NotEqual(Last(One, Two, Two), Last(Two, Two, Two));
        Assert.NotEqual(Last(Two, One, Two), Last(Two, Two, Two));
        Assert.NotEqual(Last(Two, Two, One), Last(Two, Two, Two));

        static Ext4 Last(params byte[][] messages)
        {
            var transcript = new Transcript("test");
            var last = Ext4.Zero;
            foreach (var message in messages)
            {
                transcript.Absorb(message);
                last = transcript.NextChallenge();
            }
            return last;
        }
    }

    [Fact]
    public void A_message_between_two_challenges_matters_and_so_does_the_first_challenge()
    {
        var together = new Transcript("test");
        together.Absorb(One);
        together.Absorb(Two);
        var apart = new Transcript("test");
        apart.Absorb(One);
        apart.NextChallenge();
        apart.Absorb(Two);
        Assert.NotEqual(together.NextChallenge(), apart.NextChallenge());
    }

    [Fact]
    public void Elements_are_absorbed_as_their_canonical_bytes()
    {
        Ext4[] elements = [.. Enumerable.Range(0, 200).Select(i => new Ext4(Felt.From(i), Felt.From(-i), Felt.From(7), Felt.Zero))];
        var writer = new ProofWriter();
        writer.Write(elements);

        var asElements = new Transcript("test");
        asElements.Absorb(elements);
        Assert.Equal(Challenge(writer.ToArray()), asElements.NextChallenge());

        var single = new Transcript("test");
        single.Absorb(elements[1]);
        Assert.Equal(Challenge(writer.Written[16..32].ToArray()), single.NextChallenge());
    }

    /// <summary>Written once more from the class's documentation with a plain BLAKE3.</summary>
    [Fact]
    public void The_construction_is_the_documented_one()
    {
        var transcript = new Transcript("domain");
        transcript.Absorb("ab"u8);
        transcript.Absorb(""u8);
        var first = transcript.NextChallenge();
        var second = transcript.NextChallenge();
        transcript.Absorb("c"u8);
        var positions = transcript.NextPositions(3, 20);

        var output = new byte[4096];
        Blake3.HashKeyed(Blake3.Hash("domain"u8).Span, [2, 0, 0, 0, 0, 0, 0, 0, .. "ab"u8, 0, 0, 0, 0, 0, 0, 0, 0], output);
        var coefficients = Words(output).Select(word => word & 0x7fffffff).Where(word => word < Felt.Modulus).Take(8).ToArray();
        Assert.Equal(coefficients[..4], Coefficients(first));
        Assert.Equal(coefficients[4..], Coefficients(second));

        Blake3.HashKeyed(output.AsSpan(0, 32), [1, 0, 0, 0, 0, 0, 0, 0, .. "c"u8], output);
        Assert.Equal(Words(output).Select(word => (int)(word & 0xfffff)).Distinct().Take(3).Order(), positions);

        static IEnumerable<uint> Words(byte[] output)
        {
            for (var i = 32; i < output.Length; i += 4)
                yield return BinaryPrimitives.ReadUInt32LittleEndian(output.AsSpan(i));
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(8, 3)]
    [InlineData(152, 8)]
    [InlineData(152, 18)]
    [InlineData(100, 30)]
    public void Positions_are_distinct_ascending_and_in_range(int count, int bits)
    {
        var transcript = new Transcript("test");
        for (var repetition = 0; repetition < 20; repetition++)
        {
            var positions = transcript.NextPositions(count, bits);
            Assert.Equal(count, positions.Length);
            Assert.Equal(positions.Distinct().Order(), positions);
            Assert.All(positions, position => Assert.InRange(position, 0, (1 << bits) - 1));
        }
    }

    [Fact]
    public void Positions_reach_the_whole_range_evenly()
    {
        var transcript = new Transcript("test");
        var counts = new int[16];
        for (var repetition = 0; repetition < 4000; repetition++)
            foreach (var position in transcript.NextPositions(4, 4))
                counts[position]++;
        Assert.All(counts, count => Assert.InRange(count, 850, 1150));
    }

    private static byte[] One => [1];

    private static byte[] Two => [2];

    private static uint[] Coefficients(Ext4 element) =>
        [element.C0.ToUInt32(), element.C1.ToUInt32(), element.C2.ToUInt32(), element.C3.ToUInt32()];

    private static Ext4 Challenge(params byte[][] messages)
    {
        var transcript = new Transcript("test");
        foreach (var message in messages)
            transcript.Absorb(message);
        return transcript.NextChallenge();
    }
}
