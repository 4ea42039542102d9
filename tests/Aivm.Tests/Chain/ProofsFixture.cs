using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Chain;

/// <summary>What <c>verifyProof</c> is called with: a test changes one member, and the call must fail.</summary>
internal sealed record ProofCall(
    Address Model, Hash256 WeightRoot, Hash256 InputRoot, uint Samples, Hash256 Subject, byte[] Inputs, long[] Outputs, byte[] Proof)
{
    public byte[] Encode() => ProofsAbi.VerifyProof.BeginCall()
        .WriteAddress(Model)
        .WriteHash(WeightRoot)
        .WriteHash(InputRoot)
        .WriteUInt(Samples)
        .WriteHash(Subject)
        .WriteBytes(Inputs)
        .WriteInt64Array(Outputs)
        .WriteBytes(Proof)
        .ToArray();
}

/// <summary>A model with private weights: what its owner keeps, and the container that the chain sees.</summary>
internal sealed class SecretModel
{
    private readonly Dictionary<Hash256, byte[]> _seeds = [];

    public SecretModel(Model full, int seed = 1)
    {
        Full = full;
        var first = Commit(Architecture(PrivateModel.Encode(full.Graph, Hash256.Zero)), seed);
        Container = PrivateModel.Encode(full.Graph, first);
        Proved = Architecture(Container);
        Root = first;
    }

    public Model Full { get; }

    public byte[] Container { get; }

    public ProvedModel Proved { get; }

    /// <summary>The container's.</summary>
    public Hash256 Root { get; }

    public Hash256 Renew(int seed) => Commit(Proved, seed);

    public CommittedWeights Weights(Hash256 root, ProofShape shape) => CommittedWeights.Commit(shape, Full.Graph, _seeds[root]);

    public byte[] Ranges()
    {
        var shape = RangesShape(Proved);
        using var weights = Weights(Root, shape);
        return ProofProver.ProveWeightRanges(shape, Proved.WeightRanges(Root), weights, threads: 2);
    }

    public byte[] Equality(Hash256 old, Hash256 fresh)
    {
        Assert.True(Proved.TryShapeWeightEquality(out var shape, out var error), error?.ToString());
        using var oldWeights = Weights(old, RangesShape(Proved));
        using var freshWeights = Weights(fresh, RangesShape(Proved));
        return WeightEqualityProver.Prove(shape, new WeightEqualityStatement(Proved.Hash, Hash256.Zero, old, fresh), oldWeights, freshWeights, threads: 2);
    }

    private Hash256 Commit(ProvedModel model, int seed)
    {
        var secret = Keccak.Hash([(byte)seed]).ToArray();
        using var weights = CommittedWeights.Commit(RangesShape(model), Full.Graph, secret);
        _seeds.Add(weights.Root, secret);
        return weights.Root;
    }

    private static ProofShape RangesShape(ProvedModel model)
    {
        Assert.True(model.TryShapeWeightRanges(out var shape, out var error), error?.ToString());
        return shape;
    }

    private static ProvedModel Architecture(byte[] container)
    {
        Assert.True(ProvedModel.TryDecode(container, ModelLimits.OnChain, out var model, out var error), error?.ToString());
        return model;
    }
}

/// <summary>Proofs of <see cref="SmallNetwork"/> for the Proofs precompile.</summary>
internal static class ProofsFixture
{
    public const ulong Gas = 1UL << 25;

    public static readonly Hash256 Subject = Keccak.Hash("job 7"u8);

    public static Hash256 ContextOf(ulong chainId, Address sender, Hash256 subject) =>
        Keccak.Hash(new AbiWriter(3).WriteUInt(chainId).WriteAddress(sender).WriteHash(subject).ToArray());

    /// <summary>A proof of runs of a public model, as its sender shows it.</summary>
    public static ProofCall Prove(
        Address account, byte[] container, Address sender, int samples = 1, bool hidesInputs = false, ulong chainId = TestChain.ChainId, Hash256? subject = null)
    {
        Assert.True(ProvedModel.TryDecode(container, ModelLimits.OnChain, out var model, out var error), error?.ToString());
        Assert.True(Model.TryLoad(container, out var full, out error), error?.ToString());
        Assert.True(model.TryShape(samples, hidesInputs, out var shape, out error), error?.ToString());
        return Prove(account, model.Hash, shape, full, null, sender, chainId, subject ?? Subject);
    }

    /// <summary>A proof of runs of a public model by the root of its weights.</summary>
    public static ProofCall ProveByRoot(
        Address account, byte[] container, Address sender, int samples = 1, bool hidesInputs = false, Hash256? subject = null)
    {
        var (model, full) = CommittedOf(container);
        Assert.True(model.TryShape(samples, hidesInputs, out var shape, out var error), error?.ToString());
        return Prove(account, model.Hash, shape, full, shape => CommittedWeights.CommitPublic(shape, full.Graph), sender, TestChain.ChainId, subject ?? Subject);
    }

    /// <summary>The root of a public model's weights, with the proof that registers it.</summary>
    /// <param name="claimed">The hash of another model, whose weights they are said to be.</param>
    public static PublicRoot RootOf(byte[] container, Hash256? claimed = null)
    {
        var (model, full) = CommittedOf(container);
        Assert.True(model.TryShapeRoot(out var rootShape, out var error), error?.ToString());
        Assert.True(model.TryShape(1, hidesInputs: false, out var shape, out error), error?.ToString());
        using var weights = CommittedWeights.CommitPublic(shape, full.Graph);
        return new PublicRoot(weights.Root, PublicWeightsProver.Prove(rootShape, new PublicWeightsStatement(claimed ?? model.Hash, weights.Root), weights));
    }

    private static (CommittedModel Model, Model Full) CommittedOf(byte[] container)
    {
        Assert.True(Model.TryLoad(container, out var full, out var error), error?.ToString());
        Assert.True(CommittedModel.TryCreate(full.Hash, full.Graph, ModelLimits.OnChain, out var model, out error), error?.ToString());
        return (model, full);
    }

    /// <summary>A proof of a run of a private model.</summary>
    public static ProofCall Prove(Address account, SecretModel secret, Hash256 root, Address sender, bool hidesInputs = false)
    {
        Assert.True(secret.Proved.TryShape(1, hidesInputs, out var shape, out var error), error?.ToString());
        return Prove(account, secret.Proved.Hash, shape, secret.Full, shape => secret.Weights(root, shape), sender, TestChain.ChainId, Subject);
    }

    private static ProofCall Prove(
        Address account, Hash256 model, ProofShape shape, Model full, Func<ProofShape, CommittedWeights>? commit, Address sender, ulong chainId, Hash256 subject)
    {
        var (samples, hidesInputs) = (shape.Circuit.Samples, shape.Inputs is not null);
        using var weights = commit?.Invoke(shape);
        var random = new Random(samples);
        var (end, pack) = full.Graph.Inputs[0].Format is InputFormat.Index(var count)
            ? (count, (Func<long, byte[]>)BitConverter.GetBytes)
            : (256, number => [(byte)number]);
        var inputs = Enumerable.Range(0, samples * full.InputCount).Select(_ => (long)random.Next(end)).ToArray();
        var outputs = new long[samples * full.OutputCount];
        for (var i = 0; i < samples; i++)
            Assert.True(full.TryRun(inputs.AsSpan(i * full.InputCount, full.InputCount), outputs.AsSpan(i * full.OutputCount), out var refused), refused?.ToString());
        using var committed = hidesInputs ? CommittedInputs.Commit(shape, inputs) : null;
        var statement = new ProofStatement(
            model, ContextOf(chainId, sender, subject), hidesInputs ? [] : inputs, outputs, weights?.Root, committed?.Root);
        Assert.True(ProofProver.TryCreate(shape, full.Graph, weights, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
            return new ProofCall(
                account, weights?.Root ?? Hash256.Zero, committed?.Root ?? Hash256.Zero, (uint)samples, subject,
                hidesInputs ? [] : [.. inputs.SelectMany(pack)], outputs, prover.Prove(statement, committed));
    }

    /// <summary>Shows a proof in a transaction.</summary>
    public static MinedTransaction Show(this TestChain chain, TestAccount from, ProofCall call, ulong gas = Gas) =>
        chain.Run(chain.Sign(from, SystemContracts.Proofs, data: call.Encode(), gas: gas));

    /// <summary>The name of the error that the proof is refused with, and what the verifier says.</summary>
    public static (string Name, string Explanation) Refusal(this TestChain chain, TestAccount from, ProofCall call)
    {
        var result = chain.Call(from.Address, SystemContracts.Proofs, call.Encode()).Call;
        Assert.Equal(CallStatus.Reverted, result.Status);
        Assert.False(chain.Show(from, call).Success);
        return (result.Error!.Code, result.Error.Message);
    }

    public static byte[] RegisterRoot(Address model, Hash256 root, byte[] proof) =>
        ModelsAbi.RegisterRoot.BeginCall().WriteAddress(model).WriteHash(root).WriteBytes(proof).ToArray();
}
