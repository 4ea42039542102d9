using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>A model as verifiers see it: with its weights, or with a commitment to them.</summary>
/// <param name="Hash">Of the container, public or private.</param>
/// <param name="WeightRoot">The container's; null where weights are public.</param>
public sealed record ProvedModel(Hash256 Hash, Graph Graph, GraphAnalysis Analysis, Hash256? WeightRoot)
{
    public bool HidesWeights => WeightRoot is not null;

    /// <summary>Errors: those of <see cref="Container"/>, <see cref="GraphAnalysis"/> and <see cref="PrivateModel"/>.</summary>
    /// <param name="container">Of a model, or of a <see cref="PrivateModel"/>.</param>
    public static bool TryDecode(ReadOnlySpan<byte> container, ModelLimits limits, out ProvedModel model, out Error error)
    {
        model = null!;
        if (PrivateModel.Is(container))
        {
            if (PrivateModel.TryDecode(container, limits, out var hidden, out error))
                model = new ProvedModel(hidden.Hash, hidden.Architecture, hidden.Analysis, hidden.Root);
        }
        else if (Container.TryDecode(container, limits, out var graph, out error) && GraphAnalysis.TryAnalyse(graph, limits, out var analysis, out error))
        {
            model = new ProvedModel(Keccak.Hash(container), graph, analysis, null);
        }
        return model is not null;
    }

    /// <summary>The shape of proofs of the model's runs. Errors: <c>proof-unsupported</c>.</summary>
    /// <param name="samples">Inferences in one proof, 1 to <see cref="Circuit.MaxSamples"/>.</param>
    public bool TryShape(int samples, bool hidesInputs, out ProofShape shape, out Error error)
    {
        var privacy = (HidesWeights ? ProofPrivacy.Weights : ProofPrivacy.None) | (hidesInputs ? ProofPrivacy.Inputs : ProofPrivacy.None);
        return ProofShape.TryBuild(Graph, Analysis, samples, privacy, new WorkMeter(long.MaxValue), out shape, out error);
    }

    /// <summary>The shape of the proof that private weights lie in their ranges. Errors: <c>proof-unsupported</c>.</summary>
    public bool TryShapeWeightRanges(out ProofShape shape, out Error error) => TryShapeWeightRanges(new WorkMeter(long.MaxValue), out shape, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work of deriving it.</param>
    public bool TryShapeWeightRanges(WorkMeter meter, out ProofShape shape, out Error error)
    {
        shape = TryBuildWeightRanges(meter, out var circuit, out error) ? new ProofShape(circuit, ProofParameters.Production) : null!;
        return shape is not null;
    }

    private bool TryBuildWeightRanges(WorkMeter meter, out Circuit circuit, out Error error) =>
        Circuit.TryBuildWeightRanges(Graph, Analysis, meter, out circuit, out error) && ProofShape.TryTakeParameters(meter, out error);

    /// <summary>What the proof of the ranges says: the same for every use of the weights.</summary>
    /// <param name="root">The commitment's.</param>
    public ProofStatement WeightRanges(Hash256 root) => new(Hash, Hash256.Zero, default, default, root);

    /// <summary>The shape of the proof that a fresh commitment holds the weights of an older one. Errors: <c>proof-unsupported</c>.</summary>
    public bool TryShapeWeightEquality(out WeightEqualityShape shape, out Error error) => TryShapeWeightEquality(new WorkMeter(long.MaxValue), out shape, out error);

    /// <summary>The same within a limit of work. Errors besides: <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work of deriving it.</param>
    public bool TryShapeWeightEquality(WorkMeter meter, out WeightEqualityShape shape, out Error error)
    {
        shape = TryBuildWeightRanges(meter, out var circuit, out error) ? new WeightEqualityShape(circuit, ProofParameters.Production) : null!;
        return shape is not null;
    }

    /// <summary>
    /// Checks that the weights behind a root lie in their ranges: what the container's root needs, and only that one
    /// (<see cref="TryVerifyWeightEquality"/>). It depends on nothing else, so that a copy of the proof is as good.
    /// Errors: <c>proof-statement</c> (a model with public weights), <c>proof-unsupported</c>, and those of <see cref="ProofVerifier"/>.
    /// </summary>
    /// <param name="proof">Any bytes.</param>
    public bool TryVerifyWeightRanges(Hash256 root, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (!TryHideWeights(out error) || !TryShapeWeightRanges(out var shape, out error))
            return false;
        if (ProofVerifier.TryVerify(shape, WeightRanges(root), proof, out error))
            return true;
        error = error with { Message = $"The ranges of the private weights: {error.Message}" };
        return false;
    }

    /// <summary>
    /// Checks that a fresh root holds the same weights as an older one, and so in the same ranges. The caller sees to it that the older one is registered for
    /// this model. Errors: <c>proof-statement</c> (a model with public weights), <c>proof-unsupported</c>, and those of <see cref="WeightEqualityVerifier"/>.
    /// </summary>
    /// <param name="context">Of this registration, as the proof's maker was told.</param>
    /// <param name="proof">Any bytes.</param>
    public bool TryVerifyWeightEquality(Hash256 oldRoot, Hash256 freshRoot, Hash256 context, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (!TryHideWeights(out error) || !TryShapeWeightEquality(out var shape, out error))
            return false;
        if (WeightEqualityVerifier.TryVerify(shape, new WeightEqualityStatement(Hash, context, oldRoot, freshRoot), proof, out error))
            return true;
        error = error with { Message = $"The equality of the private weights: {error.Message}" };
        return false;
    }

    private bool TryHideWeights(out Error error)
    {
        error = HidesWeights ? null! : new("proof-statement", "The weights of this model are public: they need no proof of ranges, and no fresh root.");
        return HidesWeights;
    }
}
