using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Checks a commitment to public weights against the weights: a point r; the opening of the commitment there; its value is that of the weights that the verifier
/// has. Nothing is encoded again, and nothing is hidden.
/// </summary>
/// <remarks>
/// <b>Sound.</b> The root is absorbed before r is drawn. Where the commitment holds another weight, the two polynomials differ, and at a random r their
/// values do (<see cref="PublicWeightsShape.Soundness"/>). So the weights behind the root lie in the ranges that the architecture declares, since these are the weights' own.
/// </remarks>
public static class PublicWeightsVerifier
{
    internal const string Check = "weights, the commitment and what is stored";

    /// <summary>
    /// Errors: <c>proof-truncated</c>, <c>proof-trailing</c>, <c>proof-malformed</c>, <c>proof-rejected</c> (the message names the check that failed),
    /// <c>proof-soundness</c>.
    /// </summary>
    /// <param name="shape">Of the statement's model, used by no other thread at the same time.</param>
    /// <param name="graph">The statement's model, with its weights.</param>
    /// <param name="proof">Any bytes.</param>
    public static bool TryVerify(PublicWeightsShape shape, PublicWeightsStatement statement, Graph graph, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (shape.Soundness.Shortfall is { } shortfall)
        {
            error = shortfall;
            return false;
        }
        var reader = new ProofReader(proof);
        if (TryVerify(shape, statement, graph, reader) && reader.TryFinish())
        {
            error = null!;
            return true;
        }
        error = reader.Error!;
        return false;
    }

    private static bool TryVerify(PublicWeightsShape shape, PublicWeightsStatement statement, Graph graph, ProofReader reader)
    {
        var transcript = shape.Begin(statement);
        var point = shape.DrawPoint(transcript);
        var channel = new VerifierChannel(transcript, reader);
        if (!OracleOpening.TryVerify(shape.Weights, statement.Root, point, channel, reader, out var value))
            return false;
        channel.RequireZero(Hidden.Of(value - shape.Evaluate(graph, point)), Check);
        return channel.CheckOpenly(new Ext4[shape.Layout.Count]) is not { } fault || reader.Fail(fault);
    }
}
