using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Checks that two commitments hold the same weights. In order: the root of the pads; a point r; the sumcheck of
/// sum_i eq(r, i) (old_i - fresh_i) = 0 over the weights' addresses; at its point the openings of the old commitment and of the fresh one; the closing.
/// </summary>
/// <remarks>
/// <para><b>Sound.</b> The roots are absorbed before r is drawn. Where the two differ in some weight, the sum at a random r is not 0
/// (<see cref="WeightEqualityShape.Soundness"/>).</para>
/// <para><b>Hiding.</b> Messages go out behind pads. Both openings show a value in the clear, which each commitment's own random cells make uniform: the proof
/// is one of the openings that each of the two is good for.</para>
/// </remarks>
public static class WeightEqualityVerifier
{
    internal const string Check = "weights, the difference of two commitments";

    /// <summary>
    /// Errors: <c>proof-truncated</c>, <c>proof-trailing</c>, <c>proof-malformed</c>, <c>proof-rejected</c> (the message names the check that failed),
    /// <c>proof-soundness</c>.
    /// </summary>
    /// <remarks>The caller sees to it that the shape is that of the statement's model, and that the old root is a registered one.</remarks>
    /// <param name="proof">Any bytes.</param>
    public static bool TryVerify(WeightEqualityShape shape, WeightEqualityStatement statement, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (shape.Soundness.Shortfall is { } shortfall)
        {
            error = shortfall;
            return false;
        }
        var reader = new ProofReader(proof);
        if (TryVerify(shape, statement, reader) && reader.TryFinish())
        {
            error = null!;
            return true;
        }
        error = reader.Error!;
        return false;
    }

    private static bool TryVerify(WeightEqualityShape shape, WeightEqualityStatement statement, ProofReader reader)
    {
        var transcript = shape.Begin(statement);
        if (!reader.TryRead(out Hash256 padRoot))
            return false;
        transcript.Absorb(padRoot.Span);
        var comparison = shape.DrawPoint(transcript);
        var channel = new VerifierChannel(transcript, reader);
        var (point, difference) = ProductSumcheck.Verify(channel, Hidden.Zero, shape.Weights.Variables);
        if (!OracleOpening.TryVerify(shape.Weights, statement.OldRoot, point, channel, reader, out var old)
            || !OracleOpening.TryVerify(shape.Weights, statement.FreshRoot, point, channel, reader, out var fresh))
            return false;
        channel.RequireZero(difference - Hidden.Of(shape.EvaluateCoefficients(comparison, point) * (old - fresh)), Check);
        return PadClosing.TryVerify(shape.Pads, padRoot, channel, reader);
    }
}
