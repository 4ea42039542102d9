using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// A public model whose proofs rest on a commitment to its weights in place of the weights. The root is checked against these once
/// (<see cref="PublicWeightsVerifier"/>); from then on a verifier reads the architecture alone, as of a <see cref="PrivateModel"/>.
/// </summary>
/// <param name="Hash">Of the public container.</param>
/// <param name="Graph">With the weights.</param>
/// <param name="Architecture">With the bounds of these weights in their place (<see cref="PrivateModel.Skeleton"/>).</param>
/// <param name="Analysis">Of the architecture.</param>
public sealed record CommittedModel(Hash256 Hash, Graph Graph, Graph Architecture, GraphAnalysis Analysis)
{
    /// <summary>Of the architecture, for who takes no gas: files are not trusted, and bounds may take eight times the memory of what they bound.</summary>
    private const long MaxWork = 1 << 30;

    /// <summary>Errors: <c>proof-unsupported</c>, where sums could pass a limit if weights were as large as their bounds too; <c>proof-work</c>.</summary>
    /// <param name="graph">Of a model that was accepted.</param>
    public static bool TryCreate(Hash256 hash, Graph graph, ModelLimits limits, out CommittedModel model, out Error error) =>
        TryCreate(hash, graph, limits, new WorkMeter(MaxWork), out model, out error);

    /// <summary>The same within a limit of work.</summary>
    /// <param name="meter">Counts the work of deriving the architecture, before it is done, and of analysing it.</param>
    public static bool TryCreate(Hash256 hash, Graph graph, ModelLimits limits, WorkMeter meter, out CommittedModel model, out Error error)
    {
        model = null!;
        if (!PrivateModel.TryBound(graph, meter, out var architecture, out error))
            return false;
        var load = new LoadMeter((ulong)meter.Rest);
        var isAnalysed = GraphAnalysis.TryAnalyse(architecture, limits, load, out var analysis, out error);
        if (!meter.TryTake(load.Gas))
            error = new("proof-work", $"analysing the model's architecture takes more than the limit: {meter.Work} so far");
        else if (!isAnalysed)
            error = new("proof-unsupported", $"with bounds in the weights' place: {error.Message}");
        model = error is null ? new CommittedModel(hash, graph, architecture, analysis) : null!;
        return error is null;
    }

    /// <summary>A bound on the bytes that the architecture takes.</summary>
    public long ResidentMemory => Architecture.Nodes.Sum(node => NodeBytes + PrivateModel.BoundBytesOf(node));

    private const int NodeBytes = 1 << 10;

    /// <summary>The shape of proofs of the model's runs. Errors: <c>proof-unsupported</c>.</summary>
    /// <param name="samples">Inferences in one proof, 1 to <see cref="Circuit.MaxSamples"/>.</param>
    public bool TryShape(int samples, bool hidesInputs, out ProofShape shape, out Error error) =>
        TryShape(samples, hidesInputs, new WorkMeter(long.MaxValue), out shape, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work of deriving it.</param>
    public bool TryShape(int samples, bool hidesInputs, WorkMeter meter, out ProofShape shape, out Error error) => ProofShape.TryBuild(
        Architecture, Analysis, samples, ProofPrivacy.CommittedWeights | (hidesInputs ? ProofPrivacy.Inputs : ProofPrivacy.None), meter, out shape, out error);

    /// <summary>The shape of the proof that a commitment holds the weights. Errors: <c>proof-unsupported</c>.</summary>
    public bool TryShapeRoot(out PublicWeightsShape shape, out Error error) => TryShapeRoot(new WorkMeter(long.MaxValue), out shape, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work of deriving it.</param>
    public bool TryShapeRoot(WorkMeter meter, out PublicWeightsShape shape, out Error error)
    {
        shape = WeightLayout.TryCreate(Architecture, Analysis, meter, out var layout, out error) && ProofShape.TryTakeParameters(meter, out error)
            ? new PublicWeightsShape(layout, ProofParameters.Production)
            : null!;
        return shape is not null;
    }

    /// <summary>
    /// Checks that a commitment holds the model's weights. It depends on nothing else, so that a copy of the proof is as good. Errors:
    /// <c>proof-unsupported</c>, and those of <see cref="PublicWeightsVerifier"/>.
    /// </summary>
    /// <param name="proof">Any bytes.</param>
    public bool TryVerifyRoot(Hash256 root, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (!TryShapeRoot(out var shape, out error))
            return false;
        if (PublicWeightsVerifier.TryVerify(shape, new PublicWeightsStatement(Hash, root), Graph, proof, out error))
            return true;
        error = error with { Message = $"The commitment to the public weights: {error.Message}" };
        return false;
    }
}
