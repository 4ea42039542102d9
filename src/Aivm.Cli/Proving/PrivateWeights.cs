using System.Collections.Immutable;
using System.Security.Cryptography;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
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
    /// <summary>Proofs that a commitment is good for, of which the last is kept for its renewal.</summary>
    private const int Budget = CommittedWeights.MaxProofs;

    private readonly Model _full;
    private readonly WeightKey _key;
    private readonly RunProver.ProofSteps _steps;

    private PrivateWeights(Model full, WeightKey key, RunProver.ProofSteps steps)
    {
        (_full, _key, _steps) = (full, key, steps);
        Container = PrivateModel.Encode(full.Graph, key.Commitments[0].Root);
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

    /// <summary>Of the key that there is, or of the one that will be made.</summary>
    public static string PasswordOf(Model full, FileInfo? file, Terminal terminal) =>
        Exists(full) ? Password.Existing(file, terminal) : Password.New(file, terminal);

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

    /// <summary>From the container's root to the one in use.</summary>
    public ImmutableArray<WeightRenewal> Renewals => [.. _key.Commitments.Skip(1).Select(each => new WeightRenewal(each.Root, each.Context, each.Equality))];

    /// <summary>With the root before it; null while the first commitment is in use.</summary>
    public (Hash256 Old, WeightRenewal Fresh)? LastRenewal => Renewals is [.., var fresh] ? (_key.Commitments[^2].Root, fresh) : null;

    /// <summary>Of the commitment in use.</summary>
    public Hash256 Root => _key.Root;

    /// <summary>Of the first commitment, which the private model's hash holds.</summary>
    public Hash256 FirstRoot => _key.Commitments[0].Root;

    /// <summary>Proofs that the commitment in use has left, that of its renewal not included.</summary>
    public int Left => Math.Max(0, Budget - 1 - _key.Used);

    /// <summary>The proof that the weights behind the container's root lie in their ranges: made once, kept in the key.</summary>
    public byte[] FirstWeightRanges(int threads)
    {
        if (_key.Commitments.Count == 1)
            return WeightRanges(threads);
        return _key.Commitments[0].Ranges is { Length: > 0 } ranges ? ranges : throw new AivmException(
            Failure.Check, "weights-invalid", "The key has no proof that the first commitment's weights lie in their ranges, and can make none any more.");
    }

    /// <summary>The same of the commitment in use.</summary>
    public byte[] WeightRanges(int threads)
    {
        if (_key.Commitments[^1].Ranges is { Length: > 0 } kept)
            return kept;
        _steps.Report("ranges of the weights");
        var shape = RangesShape(Model);
        using var weights = Commit(shape);
        Spend();
        var proof = ProofProver.ProveWeightRanges(shape, Model.WeightRanges(weights.Root), weights, threads);
        _key.KeepRanges(proof);
        return proof;
    }

    /// <summary>Puts a fresh commitment to the same weights in use. The model keeps its hash.</summary>
    /// <param name="context">What the proof of equality is for.</param>
    /// <exception cref="AivmException"><c>weights-budget</c>, and those of <see cref="Commit"/> and <see cref="WeightKey"/>.</exception>
    public void Renew(Hash256 context, string password, int threads)
    {
        // Nobody could check a proof under the fresh root without the ranges of the first, and the first takes no proofs any more.
        FirstWeightRanges(threads);
        _steps.Report("a fresh commitment to the weights");
        var (ranges, equality) = (RangesShape(Model), RunProver.Require(Model.TryShapeWeightEquality(out var shape, out var error), shape, error));
        var seed = WeightKey.NewSeed();
        using var old = Commit(ranges);
        using var fresh = CommittedWeights.Commit(ranges, _full.Graph, seed);
        _key.BeginRenewal(Budget);
        var proof = WeightEqualityProver.Prove(equality, new WeightEqualityStatement(Model.Hash, context, old.Root, fresh.Root), old, fresh, threads);
        _key.Renew(new KeyedWeights(fresh.Root) { Context = context, Equality = proof }, seed, password);
        CryptographicOperations.ZeroMemory(seed);
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

    /// <exception cref="AivmException"><c>weights-renewal</c>, <c>weights-budget</c>.</exception>
    public void Spend() => _key.Spend(Budget);

    public void Dispose() => _key.Dispose();
}
