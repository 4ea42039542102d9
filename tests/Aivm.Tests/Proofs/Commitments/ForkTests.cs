using Aivm.Proofs;
using Aivm.Tests.Proofs.Arguments;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>
/// Why each message is absorbed: without it a prover goes back on it when it knows what was drawn, and is believed. With it, the same prover is refused.
/// </summary>
public sealed class ForkTests
{
    private const string Value = "An opening's combination of rows has another value than the one claimed.";
    private const string Tree = "The opened leaves and nodes do not lead to the Merkle root.";

    [Theory]
    [InlineData((int)Fork.Value, ForkedOpening.ValueMessage, Value)]
    [InlineData((int)Fork.MaskValue, ForkedOpening.MaskValueMessage, Value)]
    [InlineData((int)Fork.Combination, ForkedOpening.CombinationMessage, Tree)]
    public void Who_goes_back_on_a_message_of_an_opening_is_refused_because_it_is_absorbed(int fork, int message, string check)
    {
        using var opening = new ForkedOpening(OracleShape.Choose(ProofParameters.Toy, cells: 1000, openings: 1));
        Assert.Null(opening.Error(Fork.Honest, "honest", () => null));
        Assert.Null(opening.Error((Fork)fork, "forgotten", () => new TranscriptRecorder { Omitted = message }));
        Assert.Equal(check, opening.Error((Fork)fork, "absorbed", () => null)?.Message);
    }

    /// <summary>The last round: its second message is chosen for the challenge that follows it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Who_goes_back_on_a_round_of_a_sumcheck_is_refused_because_it_is_absorbed(int message)
    {
        Assert.Null(Sumcheck(message, omitted: message));
        Assert.Contains("a product", Sumcheck(message, omitted: null)?.Message, StringComparison.Ordinal);
    }

    /// <summary>sum_i x_i y_i for two elements each, claimed to be one more.</summary>
    private static Aivm.Primitives.Error? Sumcheck(int forked, int? omitted)
    {
        var random = new Random(1);
        var (x, y) = (ArgumentRun.Uniform(random, 2), ArgumentRun.Uniform(random, 2));
        var claim = (x[0] * y[0]) + (x[1] * y[1]) + Ext4.One;
        var (atZero, leading) = (x[0] * y[0], (x[1] - x[0]) * (y[1] - y[0]));
        var transcript = new Transcript("forked", new TranscriptRecorder { Omitted = omitted });
        transcript.Absorb(atZero);
        transcript.Absorb(leading);
        var s = transcript.NextChallenge();
        var (xs, ys) = (x[0] + (s * (x[1] - x[0])), y[0] + (s * (y[1] - y[0])));
        // claim s + (1 - 2 s) p(0) + l (s^2 - s) is to be x(s) y(s): it exceeds that by s.
        if (forked == 0)
            atZero -= s * (Ext4.One - s - s).Inverse();
        else
            leading -= s * ((s * s) - s).Inverse();
        var writer = new ProofWriter();
        writer.Write([atZero, leading, xs, ys]);

        var reader = new ProofReader(writer.ToArray());
        var channel = new VerifierChannel(new Transcript("forked", new TranscriptRecorder { Omitted = omitted }), reader);
        ProductSumcheck.VerifyBoth(channel, Hidden.Of(claim), variables: 1, "a product");
        Assert.True(reader.TryFinish());
        return channel.CheckOpenly(new Ext4[channel.Layout.Count]);
    }
}
