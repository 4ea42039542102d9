using Aivm.Cli.Accounts;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Sdk;

namespace Aivm.Cli.Proving;

/// <summary>
/// A model with secret weights, and its key in this user's home: made when it is first asked for, the same from then on, so that the private
/// model keeps its hash. Its count of proofs is on the disk before a proof is made.
/// </summary>
internal sealed class PrivateWeights : IDisposable
{
    private readonly Model _full;
    private readonly WeightKey _key;
    private readonly RunProver.ProofSteps _steps;

    private PrivateWeights(Model full, WeightKey key, RunProver.ProofSteps steps)
    {
        (_full, _key, _steps) = (full, key, steps);
        Container = PrivateModel.Encode(full.Graph, key.Root);
        Model = Architecture(Container);
    }

    /// <summary>Of the private model.</summary>
    public byte[] Container { get; }

    /// <summary>As everybody else sees it.</summary>
    public ProvedModel Model { get; }

    /// <exception cref="AivmException">Those of <see cref="WeightKey"/>.</exception>
    public static PrivateWeights Open(Model full, string password, RunProver.ProofSteps steps)
    {
        var path = PathOf(full);
        if (!Exists(full))
            Create(full, path, password, steps).Dispose();
        return new PrivateWeights(full, WeightKey.Open(path, full.Hash, password), steps);
    }

    public static bool Exists(Model full) => File.Exists(PathOf(full));

    private static string PathOf(Model full) => Path.Combine(AccountHome.Weights, $"{full.Hash}.key");

    private static WeightKey Create(Model full, string path, string password, RunProver.ProofSteps steps)
    {
        steps.Report("committing to the weights");
        var seed = WeightKey.NewSeed();
        // The architecture does not depend on the root.
        using var weights = CommittedWeights.Commit(RangesShape(Architecture(PrivateModel.Encode(full.Graph, Hash256.Zero))), full.Graph, seed);
        return WeightKey.Create(path, full.Hash, weights.Root, seed, password);
    }

    private static ProvedModel Architecture(byte[] container) =>
        RunProver.Require(ProvedModel.TryDecode(container, ModelLimits.OffChain, out var model, out var error), model, error);

    private static ProofShape RangesShape(ProvedModel model) => RunProver.Require(model.TryShapeWeightRanges(out var shape, out var error), shape, error);

    /// <summary>The proof that the weights lie in their ranges: made once, kept beside the key.</summary>
    public byte[] WeightRanges(int threads)
    {
        var path = PathOf(_full) + ".ranges";
        if (File.Exists(path))
            return File.ReadAllBytes(path);
        _steps.Report("ranges of the weights");
        var shape = RangesShape(Model);
        using var weights = Commit(shape);
        Spend();
        var proof = ProofProver.ProveWeightRanges(shape, Model.WeightRanges(weights.Root), weights, threads);
        File.WriteAllBytes(path + ".new", proof);
        File.Move(path + ".new", path, overwrite: true);
        return proof;
    }

    /// <exception cref="AivmException"><c>weights-changed</c>.</exception>
    public CommittedWeights Commit(ProofShape shape)
    {
        var weights = CommittedWeights.Commit(shape, _full.Graph, _key.Seed, _key.Used);
        if (weights.Root == _key.Root)
            return weights;
        weights.Dispose();
        throw new AivmException(
            Failure.Check, "weights-changed", "This release commits to the weights in another way than the one that made their key: prove with that one, or begin with a new key.");
    }

    /// <exception cref="AivmException"><c>weights-budget</c>.</exception>
    public void Spend() => _key.Spend(CommittedWeights.MaxProofs);

    public void Dispose() => _key.Dispose();
}
