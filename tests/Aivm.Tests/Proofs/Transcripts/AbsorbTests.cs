using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

/// <summary>
/// Every message reaches the hash, before the next challenge. Each absorb is removed in turn, from the verifier alone and from prover and verifier together:
/// some check here must notice.
/// </summary>
public sealed class AbsorbTests
{
    public static TheoryData<string> Kinds => [.. SmallProof.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void All_that_is_stated_and_read_is_absorbed_before_the_next_challenge(string kind)
    {
        var (proof, events) = Record(kind);
        Assert.Null(Fault(events, proof));
    }

    /// <summary>
    /// Both sides share code, so that an absorb may go missing in both: then proofs are accepted as before, and only what was absorbed tells.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_absorb_that_prover_and_verifier_forget_is_noticed(string kind)
    {
        var (proof, events) = Record(kind);
        for (var i = 0; i < events.Count; i++)
            if (events[i].Message is not null)
                Assert.True(Fault([.. events.Take(i), .. events.Skip(i + 1)], proof) is not null, $"event {i}, of {events[i].Message!.Length} bytes");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_absorb_that_the_verifier_forgets_is_noticed(string kind)
    {
        var (proof, events) = Record(kind);
        for (var i = 0; i < events.Count(each => each.Message is not null); i++)
            AssertChallengesChange(proof, events, i, new TranscriptRecorder { Omitted = i });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_message_changes_all_later_challenges_and_no_earlier_one(string kind)
    {
        var (proof, events) = Record(kind);
        for (var i = 0; i < events.Count(each => each.Message is not null); i++)
            AssertChallengesChange(proof, events, i, new TranscriptRecorder { Flipped = i });
    }

    /// <summary>Nothing but the transcript holds a proof to its context, or to the model's hash: without that absorb a proof serves for another.</summary>
    [Theory]
    [InlineData("public", 0)]
    [InlineData("public", 1)]
    [InlineData("private", 0)]
    [InlineData("equality", 0)]
    [InlineData("equality", 1)]
    public void Without_its_absorb_a_context_or_model_would_be_free(string kind, int difference)
    {
        // The first message is the mode, the next the context, then the model's hash.
        TranscriptRecorder Forgetful() => new() { Omitted = difference + 1 };
        var proof = SmallProof.Make(kind, ProofParameters.Toy with { Probe = Forgetful() });
        Assert.Null(proof.Claiming(difference).Verify(proof.Bytes, Forgetful()));
        Assert.Equal("proof-rejected", proof.Claiming(difference).Verify(SmallProof.Make(kind, ProofParameters.Toy).Bytes, new TranscriptRecorder())?.Code);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_other_statement_has_the_proof(string kind)
    {
        var proof = SmallProof.Make(kind, ProofParameters.Toy);
        for (var difference = 0; difference < proof.Differences; difference++)
            Assert.Equal("proof-rejected", proof.Claiming(difference).Verify(proof.Bytes)?.Code);
    }

    [Fact]
    public void No_proof_that_counts_has_a_probe() => Assert.Null(ProofParameters.Production.Probe);

    private static (SmallProof Proof, IReadOnlyList<TranscriptEvent> Events) Record(string kind)
    {
        var (proof, recorder) = (SmallProof.Make(kind, ProofParameters.Toy with { GrindingBits = 2 }), new TranscriptRecorder());
        Assert.Null(proof.Verify(proof.Bytes, recorder));
        return (proof, recorder.Events);
    }

    /// <summary>Rejected, with other challenges from the message on.</summary>
    private static void AssertChallengesChange(SmallProof proof, IReadOnlyList<TranscriptEvent> honest, int message, TranscriptRecorder recorder)
    {
        // Paths at other positions have other lengths.
        Assert.Contains(proof.Verify(proof.Bytes, recorder)?.Code, (string[])["proof-rejected", "proof-truncated", "proof-malformed"]);
        var at = honest.Select((each, i) => (each, i)).Where(pair => pair.each.Message is not null).ElementAt(message).i;
        var before = honest.Take(at).Count(IsDrawn);
        var (expected, actual) = (honest.Where(IsDrawn).ToArray(), recorder.Events.Where(IsDrawn).ToArray());
        Assert.True(actual.Length > before, $"message {message} is followed by no challenge");
        for (var i = 0; i < actual.Length; i++)
            Assert.True(IsSame(expected[i], actual[i]) == (i < before), $"message {message}, challenge {i}");

        static bool IsDrawn(TranscriptEvent each) => each.Message is null;

        static bool IsSame(TranscriptEvent a, TranscriptEvent b) =>
            a.Challenge == b.Challenge && a.Positions.AsSpan().SequenceEqual(b.Positions);
    }

    /// <summary>
    /// Holds what was absorbed against the specification: first what is stated, then the proof's bytes from the first to the last. Columns alone are left out;
    /// they follow positions. Null where all is as it should be.
    /// </summary>
    private static string? Fault(IReadOnlyList<TranscriptEvent> events, SmallProof proof)
    {
        var (stated, said, at, opened) = (proof.Stated(), 0, 0, proof.Opened().ToList());
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i].Message is { } message && said < stated.Length)
            {
                if (!message.AsSpan().SequenceEqual(stated[said++]))
                    return $"event {i}: not what is stated";
            }
            else if (events[i].Message is { } sent)
            {
                if (!proof.Bytes.AsSpan(at).StartsWith(sent))
                    return $"event {i}: something was read before it, and not absorbed";
                at += sent.Length;
            }
            else if (said < stated.Length)
                return $"event {i}: a challenge before all is stated";
            else if (events[i].Positions is not null)
            {
                if (opened.Count == 0)
                    return $"event {i}: nothing is to be opened";
                at += opened[0].Length(events[i]);
                opened.RemoveAt(0);
            }
        }
        return at == proof.Bytes.Length && opened.Count == 0 ? null : "something was read at the end, and not absorbed";
    }
}
