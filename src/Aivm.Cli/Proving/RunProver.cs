using Aivm.Cli.Output;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Cli.Proving;

/// <summary>What a proof shall say.</summary>
/// <param name="Inputs">Sample after sample.</param>
/// <param name="Outputs">Of the engine, sample after sample.</param>
/// <param name="WeightsByRoot">Whether it rests on a commitment to public weights.</param>
internal sealed record ProofRequest(
    Model Model, byte[] Container, int Samples, Hash256 Context, long[] Inputs, long[] Outputs, bool HidesInputs = false, bool WeightsByRoot = false);

/// <summary>Proofs of a model's runs, as files.</summary>
internal static class RunProver
{
    public static int Threads => Math.Max(1, Environment.ProcessorCount);

    /// <param name="password">Of the key of private weights; null where weights are public.</param>
    public static Task<ProofFile> ProveAsync(ProofRequest request, string? password, Terminal terminal) => terminal.Step("Proving", progress => Task.Run(() =>
    {
        var steps = new ProofSteps(progress);
        if (password is not null)
            return ProveWithPrivateWeights(request, password, steps);
        return request.WeightsByRoot ? ProveByRoot(request, steps) : ProveWithPublicWeights(request, steps);
    }));

    private static ProofFile ProveWithPublicWeights(ProofRequest request, ProofSteps steps)
    {
        var model = Require(ProvedModel.TryDecode(request.Container, ModelLimits.OffChain, out var decoded, out var error), decoded, error);
        return Prove(request, request.Container, model.Hash, ShapeOf(request, model), null, steps);
    }

    /// <summary>The proof is about the public model's architecture and a commitment to its weights, which another proof shows to hold them.</summary>
    private static ProofFile ProveByRoot(ProofRequest request, ProofSteps steps)
    {
        var model = Require(CommittedModel.TryCreate(request.Model.Hash, request.Model.Graph, ModelLimits.OffChain, out var created, out var error), created, error);
        var root = Require(model.TryShapeRoot(out var rootShape, out error), rootShape, error);
        var shape = Require(model.TryShape(request.Samples, request.HidesInputs, out var runShape, out error), runShape, error);
        using var weights = CommittedWeights.CommitPublic(shape, model.Graph, Threads);
        var holds = PublicWeightsProver.Prove(root, new PublicWeightsStatement(model.Hash, weights.Root), weights);
        return Prove(request, request.Container, model.Hash, shape, weights, steps) with { PublicRoot = new PublicRoot(weights.Root, holds) };
    }

    /// <summary>The proof is about the model's architecture and a commitment to its weights.</summary>
    private static ProofFile ProveWithPrivateWeights(ProofRequest request, string password, ProofSteps steps)
    {
        using var secret = WeightKeys.Open(request.Model, password, steps.Report);
        var shape = ShapeOf(request, secret.Model);
        var ranges = secret.FirstWeightRanges(Threads);
        using var weights = secret.Spend(shape, Threads);
        return Prove(request, secret.Container, secret.Model.Hash, shape, weights, steps) with { WeightRanges = ranges, Renewals = secret.Renewals };
    }

    private static ProofShape ShapeOf(ProofRequest request, ProvedModel model) =>
        Require(model.TryShape(request.Samples, request.HidesInputs, out var shape, out var error), shape, error);

    private static ProofFile Prove(ProofRequest request, byte[] container, Hash256 model, ProofShape shape, CommittedWeights? weights, ProofSteps steps)
    {
        using var inputs = request.HidesInputs ? CommittedInputs.Commit(shape, request.Inputs, Threads) : null;
        ReadOnlyMemory<long> stated = request.HidesInputs ? default : request.Inputs;
        var statement = new ProofStatement(model, request.Context, stated, request.Outputs, weights?.Root, inputs?.Root);
        using var prover = Require(ProofProver.TryCreate(shape, request.Model.Graph, weights, Threads, out var created, out var error), created, error);
        var proof = prover.Prove(statement, inputs, steps.Report);
        return new ProofFile(container, request.Samples, request.Context, inputs?.Root, stated, request.Outputs, default, proof);
    }

    /// <exception cref="AivmException">The error, of whoever asks for what cannot be proved.</exception>
    public static T Require<T>(bool done, T result, Error error) =>
        done ? result : throw new AivmException(Failure.Input, error.Code, $"This model's runs cannot be proved: {error.Message}.");

    /// <summary>The phases of a proof, for a spinner.</summary>
    internal sealed class ProofSteps(IProgress<string> progress)
    {
        public void Report(ProofPhase phase) => Report($"{phase.ToString().ToLowerInvariant()} {(int)phase + 1}/{Enum.GetValues<ProofPhase>().Length}");

        public void Report(string step) => progress.Report(step);
    }
}
