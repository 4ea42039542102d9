using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>The prover of <see cref="WeightEqualityVerifier"/>.</summary>
public static class WeightEqualityProver
{
    /// <summary>Proves that two commitments hold the same weights: takes one of the openings that each is good for.</summary>
    /// <exception cref="AivmException"><c>proof-soundness</c>.</exception>
    public static byte[] Prove(WeightEqualityShape shape, WeightEqualityStatement statement, CommittedWeights old, CommittedWeights fresh, int threads)
    {
        if (shape.Soundness.Shortfall is { } error)
            throw new AivmException(Failure.Input, error.Code, error.Message);
        var (random, writer, transcript) = (new SecretRandom(), new ProofWriter(), shape.Begin(statement));
        using var pads = PadCommitment.Commit(shape.Pads, shape.Layout, random, threads);
        writer.Write(pads.Root);
        transcript.Absorb(pads.Root.Span);
        var comparison = shape.DrawPoint(transcript);
        var channel = new ProverChannel(transcript, writer, pads.Pads);
        using var coefficients = Coefficients(shape, comparison);
        using var differences = Differences(shape, old, fresh);
        var (difference, coefficient, _) = ProductSumcheckProver.Prove(channel, Hidden.Zero, coefficients, differences, shape.Weights.Variables, threads);
        var oldValue = old.Open(difference.Point, channel, writer);
        var freshValue = fresh.Open(difference.Point, channel, writer);
        channel.RequireZero(difference.Value - Hidden.Of(coefficient * (oldValue - freshValue)), WeightEqualityVerifier.Check);
        pads.Close(channel, writer);
        return writer.ToArray();
    }

    /// <summary>eq of the weights' addresses, 0 of the random cells'.</summary>
    private static ExtArray Coefficients(WeightEqualityShape shape, ReadOnlySpan<Ext4> comparison)
    {
        var coefficients = new ExtArray(1 << comparison.Length);
        ExtKernels.EqTable(comparison, Ext4.One, coefficients);
        for (var k = 0; k < Ext4.Degree; k++)
            coefficients.AsSpan(k)[shape.WeightCount..].Clear();
        return coefficients;
    }

    private static FeltArray Differences(WeightEqualityShape shape, CommittedWeights old, CommittedWeights fresh)
    {
        var differences = new FeltArray(1 << shape.Weights.Variables);
        for (var i = 0; i < shape.Weights.Cells; i++)
            differences[i] = old.Cells[i] - fresh.Cells[i];
        return differences;
    }
}
