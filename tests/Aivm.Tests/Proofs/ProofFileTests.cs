using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs;

public sealed class ProofFileTests
{
    private static readonly Hash256 Context = Keccak.Hash([7]);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_file_is_enough_to_check_a_proof_whatever_is_secret(bool hidesWeights, bool hidesInputs)
    {
        var file = Prove(hidesWeights, hidesInputs, samples: 2);
        var bytes = file.Encode();
        Assert.True(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out var decoded, out var error), error?.ToString());
        Assert.Equal(bytes, decoded.Encode());
        Assert.True(decoded.TryDecodeModel(ModelLimits.OffChain, out var model, out error), error?.ToString());
        Assert.Equal((hidesWeights, hidesInputs), (model.HidesWeights, decoded.InputRoot is not null));
        Assert.True(decoded.TryVerify(model, out error), error?.ToString());
        var outputs = decoded.Outputs.ToArray();
        outputs[1]++;
        AssertRejected(decoded with { Outputs = outputs });
        AssertRejected(decoded with { Context = Hash256.Zero });
        AssertRefused("proof-truncated", decoded with { Proof = decoded.Proof[..^1] });
        AssertRefused("proof-trailing", decoded with { Proof = (byte[])[.. decoded.Proof.Span, 0] });
        AssertRefused("proof-statement", decoded with { Samples = 3 });
        if (hidesInputs)
            AssertRejected(decoded with { InputRoot = Hash256.Zero });
        if (hidesWeights)
            AssertRefused("proof-truncated", decoded with { WeightRanges = default });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_by_the_root_of_public_weights_shows_what_the_root_holds(bool hidesInputs)
    {
        var file = ProveByRoot(hidesInputs);
        var bytes = file.Encode();
        Assert.Equal(hidesInputs ? 3 : 2, bytes[FirstKind(file)]);
        Assert.True(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out var decoded, out var error), error?.ToString());
        Assert.Equal(bytes, decoded.Encode());
        Assert.True(decoded.TryDecodeModel(ModelLimits.OffChain, out var model, out error), error?.ToString());
        Assert.Equal((false, file.PublicRoot!.Root), (model.HidesWeights, decoded.WeightRoot(model)));
        Assert.True(decoded.TryVerify(model, out error), error?.ToString());
        var (root, proof) = (decoded.PublicRoot!.Root, decoded.PublicRoot.Proof);
        AssertRejected(decoded with { Context = Hash256.Zero });
        AssertRefused("proof-truncated", decoded with { Proof = decoded.Proof[..^1] });
        AssertRootRefused("proof-rejected", new PublicRoot(Hash256.Zero, proof));
        AssertRootRefused("proof-truncated", new PublicRoot(root, proof[..^1]));
        AssertRootRefused("proof-trailing", new PublicRoot(root, (byte[])[.. proof.Span, 0]));
        // Neither kind of proof stands in for the other.
        AssertForeign(decoded with { PublicRoot = null });
        AssertForeign(Prove(hidesWeights: false, hidesInputs, samples: 1) with { PublicRoot = decoded.PublicRoot });

        // Read as messages of the other kind, bytes may encode no element at all.
        static void AssertForeign(ProofFile other) => Assert.Contains(RefusalOf(other).Code, (string[])["proof-rejected", "proof-malformed"]);

        void AssertRootRefused(string code, PublicRoot other)
        {
            var refusal = RefusalOf(decoded with { PublicRoot = other });
            Assert.Equal(code, refusal.Code);
            Assert.StartsWith("The commitment to the public weights: ", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_of_private_weights_has_no_root_of_public_ones()
    {
        var file = Prove(hidesWeights: true, hidesInputs: false, samples: 1);
        var bytes = file.Encode();
        bytes[FirstKind(file)] |= 2;
        Assert.False(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out _, out var error));
        Assert.Equal("proof-malformed", error.Code);
        bytes[FirstKind(file)] = 4;
        Assert.False(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out _, out error));
        Assert.Equal("proof-malformed", error.Code);
    }

    /// <summary>Behind the head, the container, the samples and the context.</summary>
    private static int FirstKind(ProofFile file) => 8 + sizeof(uint) + file.Container.Length + sizeof(uint) + Hash256.Size;

    [Fact]
    public void A_proof_under_a_fresh_root_needs_every_renewal_from_the_containers_on()
    {
        var graph = SmallNetwork.Model.Graph;
        var container = PrivateModel.Encode(graph, RootOf(graph));
        Assert.True(ProvedModel.TryDecode(container, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        Assert.True(model.TryShapeWeightRanges(out var ranges, out error), error?.ToString());
        Assert.True(model.TryShapeWeightEquality(out var equality, out error), error?.ToString());
        Assert.True(model.TryShape(1, hidesInputs: false, out var shape, out error), error?.ToString());
        CommittedWeights[] weights = [.. Enumerable.Range(0, 3).Select(seed => CommittedWeights.Commit(ranges, graph, [(byte)seed, .. new byte[31]]))];
        WeightRenewal Renew(CommittedWeights old, CommittedWeights fresh, Hash256 context) =>
            new(fresh.Root, context, WeightEqualityProver.Prove(equality, new(model.Hash, context, old.Root, fresh.Root), old, fresh, threads: 2));
        var (first, second) = (Renew(weights[0], weights[1], Context), Renew(weights[1], weights[2], Hash256.Zero));
        using var last = CommittedWeights.Commit(shape, graph, [2, .. new byte[31]], used: 1);
        var (input, output) = (SmallNetwork.Input(1), SmallNetwork.Run(SmallNetwork.Input(1)));
        Assert.True(ProofProver.TryCreate(shape, graph, last, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
        {
            var proof = prover.Prove(new ProofStatement(model.Hash, Context, input, output, last.Root));
            var file = new ProofFile(container, 1, Context, null, input, output, ProveRanges(model, graph), proof) { Renewals = [first, second] };
            var bytes = file.Encode();
            Assert.True(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out var decoded, out error), error?.ToString());
            Assert.Equal(bytes, decoded.Encode());
            Assert.Equal((weights[0].Root, weights[2].Root), (model.WeightRoot, decoded.WeightRoot(model)));
            Assert.True(decoded.TryVerify(model, out error), error?.ToString());
            AssertRejected(decoded with { Renewals = [] });
            AssertRejected(decoded with { Renewals = [first] });
            AssertRenewalRejected(decoded with { Renewals = [second] });
            AssertRenewalRejected(decoded with { Renewals = [second, first] });
            AssertRenewalRejected(decoded with { Renewals = [first with { Context = Hash256.Zero }, second] });
            AssertRenewalRejected(decoded with { Renewals = [first, second with { Root = first.Root }] });
            AssertRefused("proof-truncated", decoded with { Renewals = [first, second with { Proof = second.Proof[..^1] }] });
        }
        foreach (var each in weights)
            each.Dispose();
    }

    [Fact]
    public void A_private_file_that_is_cut_or_lists_too_much_is_refused()
    {
        byte[] container = [.. "AIVP"u8];
        var renewal = new WeightRenewal(Hash256.Zero, Context, new byte[] { 6, 7 });
        var bytes = (Example with { Container = container, WeightRanges = new byte[] { 9 }, Renewals = [renewal, renewal] }).Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(ProofFile.TryDecode(bytes.AsMemory(0, length), ModelLimits.OffChain, out _, out _));
        Assert.True(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out var decoded, out _));
        Assert.Equal(bytes, decoded.Encode());
        // Two renewals of 70 bytes and a proof of 6 follow the count.
        var count = bytes.Length - (2 * 70) - 6 - sizeof(uint);
        Assert.Equal(2, bytes[count]);
        bytes[count] = 5;
        Assert.False(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out _, out var error));
        Assert.Equal("proof-truncated", error.Code);
        bytes[count + 1] = 0xFF;
        Assert.False(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out _, out error));
        Assert.Equal("proof-malformed", error.Code);
    }

    [Fact]
    public void A_file_that_is_cut_or_goes_on_is_refused()
    {
        var bytes = Example.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(ProofFile.TryDecode(bytes.AsMemory(0, length), ModelLimits.OffChain, out _, out _));
        Assert.False(ProofFile.TryDecode((byte[])[.. bytes, 0], ModelLimits.OffChain, out _, out var error));
        Assert.Equal("proof-trailing", error.Code);
    }

    [Theory]
    [InlineData(0, "proof-file")]
    [InlineData(7, "proof-file")]
    [InlineData(11, "proof-malformed")]
    [InlineData(18, "proof-malformed")]
    [InlineData(51, "proof-malformed")]
    public void Another_kind_another_version_and_lengths_beyond_their_limits_are_refused(int position, string code)
    {
        var bytes = Example.Encode();
        bytes[position] = 0xFF;
        Assert.False(ProofFile.TryDecode(bytes, ModelLimits.OffChain, out _, out var error));
        Assert.Equal(code, error.Code);
    }

    /// <summary>A container of three bytes, so that samples begin at 15, the context at 19 and the kind of inputs at 51.</summary>
    private static ProofFile Example { get; } = new(new byte[] { 1, 2, 3 }, 1, Context, null, new long[] { 1, -2 }, new long[] { 3 }, default, new byte[] { 4, 5 });

    /// <summary>Another statement has other challenges: the first opening's combination is not theirs.</summary>
    private static void AssertRejected(ProofFile file) => Assert.Equal(RefusedBy.Combination, RefusalOf(file).Message);

    private static void AssertRenewalRejected(ProofFile file) =>
        Assert.Contains(RefusalOf(file).Message, RefusedBy.WorkOrTree.Select(check => $"The equality of the private weights: {check}"));

    private static void AssertRefused(string code, ProofFile file) => Assert.Equal(code, RefusalOf(file).Code);

    private static Error RefusalOf(ProofFile file)
    {
        Assert.True(file.TryDecodeModel(ModelLimits.OffChain, out var model, out var error), error?.ToString());
        Assert.False(file.TryVerify(model, out error));
        return error;
    }

    internal static ProofFile Prove(bool hidesWeights, bool hidesInputs, int samples)
    {
        var graph = SmallNetwork.Model.Graph;
        long[][] runs = [.. Enumerable.Range(1, samples).Select(SmallNetwork.Input)];
        long[] numbers = [.. runs.SelectMany(input => input)], outputs = [.. runs.SelectMany(SmallNetwork.Run)];
        var container = hidesWeights ? PrivateModel.Encode(graph, RootOf(graph)) : SmallNetwork.Container;
        Assert.True(ProvedModel.TryDecode(container, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        Assert.True(model.TryShape(samples, hidesInputs, out var shape, out error), error?.ToString());
        using var weights = hidesWeights ? CommittedWeights.Commit(shape, graph, new byte[32]) : null;
        using var inputs = hidesInputs ? CommittedInputs.Commit(shape, numbers) : null;
        ReadOnlyMemory<long> stated = hidesInputs ? default : numbers;
        Assert.True(ProofProver.TryCreate(shape, graph, weights, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
        {
            var proof = prover.Prove(new ProofStatement(model.Hash, Context, stated, outputs, weights?.Root, inputs?.Root), inputs);
            return new ProofFile(container, samples, Context, inputs?.Root, stated, outputs, hidesWeights ? ProveRanges(model, graph) : default, proof);
        }
    }

    private static ProofFile ProveByRoot(bool hidesInputs)
    {
        var (full, input) = (SmallNetwork.Model, SmallNetwork.Input(1));
        Assert.True(CommittedModel.TryCreate(full.Hash, full.Graph, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        Assert.True(model.TryShape(1, hidesInputs, out var shape, out error), error?.ToString());
        Assert.True(model.TryShapeRoot(out var root, out error), error?.ToString());
        using var weights = CommittedWeights.CommitPublic(shape, full.Graph);
        using var inputs = hidesInputs ? CommittedInputs.Commit(shape, input) : null;
        ReadOnlyMemory<long> stated = hidesInputs ? default : input;
        Assert.True(ProofProver.TryCreate(shape, full.Graph, weights, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
        {
            var outputs = SmallNetwork.Run(input);
            var proof = prover.Prove(new ProofStatement(full.Hash, Context, stated, outputs, weights.Root, inputs?.Root), inputs);
            return new ProofFile(SmallNetwork.Container, 1, Context, inputs?.Root, stated, outputs, default, proof)
            {
                PublicRoot = new PublicRoot(weights.Root, PublicWeightsProver.Prove(root, new PublicWeightsStatement(full.Hash, weights.Root), weights)),
            };
        }
    }

    private static Hash256 RootOf(Graph graph)
    {
        Assert.True(ProvedModel.TryDecode(PrivateModel.Encode(graph, Hash256.Zero), ModelLimits.OffChain, out var model, out var error), error?.ToString());
        Assert.True(model.TryShapeWeightRanges(out var shape, out error), error?.ToString());
        using var weights = CommittedWeights.Commit(shape, graph, new byte[32]);
        return weights.Root;
    }

    private static byte[] ProveRanges(ProvedModel model, Graph graph)
    {
        Assert.True(model.TryShapeWeightRanges(out var shape, out var error), error?.ToString());
        using var weights = CommittedWeights.Commit(shape, graph, new byte[32]);
        return ProofProver.ProveWeightRanges(shape, model.WeightRanges(weights.Root), weights, threads: 2);
    }
}
