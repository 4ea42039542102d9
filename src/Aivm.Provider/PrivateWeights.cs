using System.Collections.Immutable;
using System.Security.Cryptography;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// A model with secret weights, and their key: made once, the same from then on, so that the private model keeps its hash. Its count of proofs is on the disk
/// before a proof is made.
/// </summary>
public sealed class PrivateWeights : IDisposable
{
    /// <summary>Proofs that a commitment is good for, of which the last is kept for its renewal.</summary>
    private const int Budget = CommittedWeights.MaxProofs;

    /// <summary>Proofs of runs that a fresh commitment is good for: one more was its first, and one is its renewal's.</summary>
    public const int FreshProofs = Budget - 2;

    private readonly WeightKey _key;
    private readonly string _password;
    private readonly Action<string> _report;
    private readonly Lock _using = new();

    private PrivateWeights(Model full, WeightKey key, string password, Action<string> report)
    {
        (Full, _key, _password, _report) = (full, key, password, report);
        Container = PrivateModel.Encode(full.Graph, key.Commitments[0].Root);
        Model = Architecture(Container);
    }

    /// <summary>Of the private model.</summary>
    public byte[] Container { get; }

    /// <summary>As everybody else sees it.</summary>
    public ProvedModel Model { get; }

    /// <summary>With its weights.</summary>
    public Model Full { get; }

    /// <param name="path">Of the key's file.</param>
    /// <param name="report">Told what takes long.</param>
    /// <exception cref="AivmException">Those of <see cref="WeightKey"/>, and <c>proof-unsupported</c>.</exception>
    public static PrivateWeights Open(Model full, string path, string password, Action<string> report) =>
        new(full, WeightKey.Open(path, full.Hash, password), password, report);

    /// <summary>Commits to the weights for the first time, and writes the key.</summary>
    /// <exception cref="AivmException">As of <see cref="Open"/>.</exception>
    public static void Create(Model full, string path, string password, Action<string> report)
    {
        report("committing to the weights");
        var seed = WeightKey.NewSeed();
        // The architecture does not depend on the root.
        using var weights = CommittedWeights.Commit(RangesShape(Architecture(PrivateModel.Encode(full.Graph, Hash256.Zero))), full.Graph, seed);
        WeightKey.Create(path, full.Hash, weights.Root, seed, password).Dispose();
        CryptographicOperations.ZeroMemory(seed);
    }

    private static ProvedModel Architecture(byte[] container) =>
        Require(ProvedModel.TryDecode(container, ModelLimits.OffChain, out var model, out var error), model, error);

    private static ProofShape RangesShape(ProvedModel model) => Require(model.TryShapeWeightRanges(out var shape, out var error), shape, error);

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
        _report("ranges of the weights");
        var shape = RangesShape(Model);
        using var weights = Spend(shape, threads);
        var proof = ProofProver.ProveWeightRanges(shape, Model.WeightRanges(weights.Root), weights, threads);
        _key.KeepRanges(proof);
        return proof;
    }

    /// <summary>Puts a fresh commitment to the same weights in use. The model keeps its hash.</summary>
    /// <param name="context">What the proof of equality is for.</param>
    /// <exception cref="AivmException"><c>weights-budget</c>, and those of <see cref="Commit"/> and <see cref="WeightKey"/>.</exception>
    public void Renew(Hash256 context, int threads)
    {
        lock (_using)
            RenewAlone(context, threads);
    }

    private void RenewAlone(Hash256 context, int threads)
    {
        // Nobody could check a proof under the fresh root without the ranges of the first, and the first takes no proofs any more.
        FirstWeightRanges(threads);
        _report("a fresh commitment to the weights");
        var (ranges, equality) = (RangesShape(Model), Require(Model.TryShapeWeightEquality(out var shape, out var error), shape, error));
        var seed = WeightKey.NewSeed();
        using var old = Commit(ranges, threads);
        using var fresh = CommittedWeights.Commit(ranges, Full.Graph, seed, threads: threads);
        _key.BeginRenewal(Budget);
        var proof = WeightEqualityProver.Prove(equality, new WeightEqualityStatement(Model.Hash, context, old.Root, fresh.Root), old, fresh, threads);
        _key.Renew(new KeyedWeights(fresh.Root) { Context = context, Equality = proof }, seed, _password);
        CryptographicOperations.ZeroMemory(seed);
    }

    /// <summary>
    /// The commitment in use, for one proof, which is spent before it is made. Any number of threads may ask: each proof has a place of its own among those that
    /// the commitment may open.
    /// </summary>
    /// <param name="root">Of the commitment that is meant; null for whichever is in use.</param>
    /// <exception cref="AivmException"><c>weights-renewed</c>, <c>weights-changed</c>, <c>weights-renewal</c>, <c>weights-budget</c>.</exception>
    public CommittedWeights Spend(ProofShape shape, int threads, Hash256? root = null)
    {
        lock (_using)
        {
            if (root is { } meant && meant != _key.Root)
                throw new AivmException(Failure.Check, "weights-renewed", $"The commitment {meant} is not in use any more: prove on {_key.Root}.");
            var committed = Commit(shape, threads);
            try
            {
                _key.Spend(Budget);
                return committed;
            }
            catch
            {
                committed.Dispose();
                throw;
            }
        }
    }

    /// <summary>Commits once, and proves nothing: whether this release makes of the key what it was made for.</summary>
    /// <exception cref="AivmException"><c>weights-changed</c>.</exception>
    public void Check() => Commit(RangesShape(Model), Environment.ProcessorCount).Dispose();

    /// <exception cref="AivmException"><c>weights-changed</c>.</exception>
    private CommittedWeights Commit(ProofShape shape, int threads)
    {
        var weights = CommittedWeights.Commit(shape, Full.Graph, _key.Seed, _key.Used, threads);
        if (weights.Root == _key.Root)
            return weights;
        weights.Dispose();
        throw new AivmException(
            Failure.Check, "weights-changed", "This release commits to the weights in another way than the one that made their key: prove with that one, or begin with a new key.");
    }

    private static T Require<T>(bool done, T result, Error error) =>
        done ? result : throw new AivmException(Failure.Input, error.Code, $"This model's runs cannot be proved: {error.Message}.");

    public void Dispose() => _key.Dispose();
}
