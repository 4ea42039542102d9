using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Arguments;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

public sealed class WeightEqualityTests
{
    private const string Equality = "The equality of the private weights: ";

    private static readonly Hash256 Context = Keccak.Hash([7]);
    private static readonly Graph Network = SmallNetwork.Model.Graph;
    private static readonly ProvedModel Model = ModelOf(Network);
    private static readonly WeightEqualityShape Toy = ShapeOf(Model, ProofParameters.Toy);

    [Fact]
    public void Each_fresh_commitment_is_proved_to_hold_the_weights_of_the_one_before()
    {
        Assert.True(Model.TryShapeWeightRanges(out var ranges, out var error), error?.ToString());
        Assert.True(Model.TryShapeWeightEquality(out var shape, out error), error?.ToString());
        CommittedWeights[] commitments = [.. Enumerable.Range(0, 3).Select(seed => CommittedWeights.Commit(ranges, Network, Seed(seed)))];
        for (var i = 1; i < commitments.Length; i++)
        {
            var (old, fresh) = (commitments[i - 1], commitments[i]);
            var proof = WeightEqualityProver.Prove(shape, new(Model.Hash, Context, old.Root, fresh.Root), old, fresh, threads: 2);
            Assert.True(Model.TryVerifyWeightEquality(old.Root, fresh.Root, Context, proof, out error), error?.ToString());
            AssertRejected(Equality, RefusedBy.WorkOrTree, Model.TryVerifyWeightEquality(fresh.Root, old.Root, Context, proof, out error), error);
            AssertRejected(Equality, RefusedBy.WorkOrTree, Model.TryVerifyWeightEquality(commitments[(i + 1) % 3].Root, fresh.Root, Context, proof, out error), error);
            AssertRejected(Equality, RefusedBy.WorkOrTree, Model.TryVerifyWeightEquality(old.Root, commitments[(i + 1) % 3].Root, Context, proof, out error), error);
            AssertRejected(Equality, RefusedBy.WorkOrTree, Model.TryVerifyWeightEquality(old.Root, fresh.Root, Hash256.Zero, proof, out error), error);
            AssertRejected(Equality, RefusedBy.WorkOrTree, (Model with { Hash = Context }).TryVerifyWeightEquality(old.Root, fresh.Root, Context, proof, out error), error);
        }
        Assert.Equal((1, 2, 1), (commitments[0].Used, commitments[1].Used, commitments[2].Used));
        foreach (var each in commitments)
            each.Dispose();
    }

    [Theory]
    [InlineData("fashion_dscnn")]
    [InlineData("resnet8_cifar10")]
    public void Weights_of_vector_models_are_proved_to_be_the_same(string file)
    {
        var graph = VectorCircuits.ModelOf(file, takesBytes: true).Graph;
        var shape = ShapeOf(ModelOf(graph), ProofParameters.Production);
        var (statement, proof) = Prove(shape, graph, graph);
        Assert.True(WeightEqualityVerifier.TryVerify(shape, statement, proof, out var error), error?.ToString());
        AssertRejected("", RefusedBy.WorkOrTree, WeightEqualityVerifier.TryVerify(shape, statement with { Context = Hash256.Zero }, proof, out error), error);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 35)]
    [InlineData(3, 107)]
    public void Another_weight_is_refused(int node, int weight)
    {
        var (statement, proof) = Prove(Toy, Network, With(node, weight));
        Assert.False(WeightEqualityVerifier.TryVerify(Toy, statement, proof, out var error));
        Assert.Equal(RefusedBy.Linear, error.Message);
    }

    [Fact]
    public void A_commitment_of_another_layout_is_refused()
    {
        var graph = VectorCircuits.ModelOf("fashion_lenetish", takesBytes: true).Graph;
        var (statement, proof) = Prove(ShapeOf(ModelOf(graph), ProofParameters.Toy), graph, graph);
        Assert.False(WeightEqualityVerifier.TryVerify(Toy, statement, proof, out var error));
        RefusedBy.AssertOneOf([RefusedBy.Tree], error);
    }

    [Fact]
    public void Another_prover_that_deviates_nowhere_is_believed()
    {
        using var rogue = new RogueWeightEquality(Toy, Model.Hash, Context);
        Assert.Null(rogue.Error(Cells(), Cells()));
    }

    /// <summary>The first cell, the last, and one between channels and width, which holds no weight.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(int.MaxValue)]
    public void Another_cell_is_refused_whatever_the_prover_claims(int at)
    {
        var other = Cells();
        other[Math.Min(at, other.Length - 1)] += Felt.From(1);
        using var honest = new RogueWeightEquality(Toy, Model.Hash, Context);
        Assert.Equal(RefusedBy.Linear, honest.Error(Cells(), other)?.Message);
        using var ignorant = new RogueWeightEquality(Toy, Model.Hash, Context) { Ignored = Math.Min(at, other.Length - 1) };
        Assert.Equal(RefusedBy.Linear, ignorant.Error(Cells(), other)?.Message);
        using var claiming = new RogueWeightEquality(Toy, Model.Hash, Context) { ClaimsWhatFits = true };
        Assert.Equal(RefusedBy.Linear, claiming.Error(Cells(), other)?.Message);
        using var combining = new RogueWeightEquality(Toy, Model.Hash, Context) { ClaimsWhatFits = true, CombinesWhatFits = true };
        Assert.Equal(RefusedBy.Linear, combining.Error(Cells(), other)?.Message);
    }

    [Fact]
    public void The_coefficients_polynomial_is_that_of_all_addresses_of_weights()
    {
        var random = new Random(3);
        foreach (var file in (string[])["fashion_lenetish", "fashion_dscnn"])
        {
            var shape = ShapeOf(ModelOf(VectorCircuits.ModelOf(file, takesBytes: true).Graph), ProofParameters.Toy);
            Ext4[] comparison = ArgumentRun.Uniform(random, shape.Weights.Variables), point = ArgumentRun.Uniform(random, shape.Weights.Variables);
            using var left = new EqPoint(comparison);
            using var right = new EqPoint(point);
            var sum = Ext4.Zero;
            for (var i = 0; i < shape.WeightCount; i++)
                sum += left.At(i) * right.At(i);
            Assert.Equal(sum, shape.EvaluateCoefficients(comparison, point));
        }
    }

    [Fact]
    public void Everything_that_is_stated_changes_the_challenges()
    {
        var statement = new WeightEqualityStatement(Model.Hash, Context, Keccak.Hash([1]), Keccak.Hash([2]));
        WeightEqualityStatement[] statements =
        [
            statement, statement with { ModelHash = Context }, statement with { Context = Model.Hash },
            statement with { OldRoot = Context }, statement with { FreshRoot = Context },
            statement with { OldRoot = statement.FreshRoot, FreshRoot = statement.OldRoot }, statement with { ModelHash = Context, Context = Model.Hash },
        ];
        var challenges = statements.Select(each => Toy.Begin(each).NextChallenge()).ToList();
        challenges.Add(ShapeOf(Model, ProofParameters.Production).Begin(statement).NextChallenge());
        Assert.Equal(statements.Length + 1, challenges.Distinct().Count());
    }

    [Fact]
    public void A_proof_that_is_cut_or_goes_on_is_refused()
    {
        var shape = ShapeOf(Model, ProofParameters.Toy with { QueryBits = 6 });
        var (statement, proof) = Prove(shape, Network, Network);
        for (var length = 0; length < proof.Length; length++)
        {
            Assert.False(WeightEqualityVerifier.TryVerify(shape, statement, proof.AsMemory(0, length), out var cut));
            Assert.Equal("proof-truncated", cut.Code);
        }
        AssertRefused("proof-trailing", WeightEqualityVerifier.TryVerify(shape, statement, (byte[])[.. proof, 0], out var error), error);
    }

    [Fact]
    public void A_changed_byte_is_refused_by_name_and_nothing_throws()
    {
        var (statement, proof) = Prove(Toy, Network, Network);
        var random = new Random(11);
        for (var i = 0; i < 1000; i++)
        {
            var changed = (byte[])proof.Clone();
            changed[i < 700 ? i : random.Next(changed.Length)] ^= (byte)random.Next(1, 256);
            Assert.False(WeightEqualityVerifier.TryVerify(Toy, statement, changed, out var error), $"change {i} is accepted");
            RefusedBy.AssertOneOf([.. RefusedBy.Any, ProofErrors.Truncated.Message], error);
        }
    }

    /// <summary>The hidden messages, and the values of both commitments: of weights that are all zero, and of others, in sixteenths of the field.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_shown_is_uniform_whatever_the_weights_are(bool zero)
    {
        const int Proofs = 150;
        var graph = zero ? PrivateModel.Skeleton(Network) : Network;
        var (messages, values) = (new int[16], new int[16]);
        for (var i = 0; i < Proofs; i++)
        {
            var (statement, proof) = Prove(Toy, graph, graph, seed: 2 * i);
            var (reader, transcript) = (new ProofReader(proof), Toy.Begin(statement));
            Assert.True(reader.TryRead(out Hash256 padRoot));
            transcript.Absorb(padRoot.Span);
            Toy.DrawPoint(transcript);
            var sumcheck = new Ext4[2 * Toy.Weights.Variables];
            Assert.True(new ProofReader(proof.AsMemory(Hash256.Size)).TryRead(sumcheck));
            var channel = new VerifierChannel(transcript, reader);
            var point = ProductSumcheck.Verify(channel, Hidden.Zero, Toy.Weights.Variables).Point;
            Assert.True(OracleOpening.TryVerify(Toy.Weights, statement.OldRoot, point, channel, reader, out var old), reader.Error?.ToString());
            Assert.True(OracleOpening.TryVerify(Toy.Weights, statement.FreshRoot, point, channel, reader, out var fresh), reader.Error?.ToString());
            Count(messages, sumcheck);
            Count(values, [old, fresh, old - fresh]);
        }
        AssertUniform(messages);
        AssertUniform(values);

        static void Count(int[] counts, Ext4[] elements)
        {
            foreach (var element in elements)
                foreach (var coefficient in (Felt[])[element.C0, element.C1, element.C2, element.C3])
                    counts[16L * coefficient.ToUInt32() / Felt.Modulus]++;
        }

        static void AssertUniform(int[] counts)
        {
            var expected = counts.Sum() / 16.0;
            Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 1, 50);
        }
    }

    [Fact]
    public void A_commitment_opens_no_more_often_than_it_hides()
    {
        Assert.True(Circuit.TryBuildWeightRanges(Model.Graph, Model.Analysis, out var circuit, out var error), error?.ToString());
        var ranges = new ProofShape(circuit, ProofParameters.Toy);
        using var spent = CommittedWeights.Commit(ranges, Network, Seed(1), used: CommittedWeights.MaxProofs);
        using var last = CommittedWeights.Commit(ranges, Network, Seed(1), used: CommittedWeights.MaxProofs - 1);
        using var fresh = CommittedWeights.Commit(ranges, Network, Seed(2));
        var statement = new WeightEqualityStatement(Model.Hash, Context, last.Root, fresh.Root);
        Assert.Throws<InvalidOperationException>(() => WeightEqualityProver.Prove(Toy, statement, spent, fresh, threads: 2));
        Assert.True(WeightEqualityVerifier.TryVerify(Toy, statement, WeightEqualityProver.Prove(Toy, statement, last, fresh, threads: 2), out error), error?.ToString());
        Assert.Throws<InvalidOperationException>(() => WeightEqualityProver.Prove(Toy, statement, last, fresh, threads: 2));
    }

    [Fact]
    public void Every_term_is_listed_and_all_together_are_above_100_bits()
    {
        foreach (var file in (string[])["fashion_lenetish", "resnet8_cifar10", "mobilenetv1_025_vww96", "fashion_dscnn"])
        {
            var soundness = ShapeOf(ModelOf(VectorCircuits.ModelOf(file, takesBytes: true).Graph), ProofParameters.Production).Soundness;
            TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {soundness.Total}");
            Assert.Equal(24, soundness.Terms.Length);
            Assert.All(soundness.Terms, term => Assert.True(term.Bits >= 101, term.ToString()));
            Assert.InRange(soundness.Total.Bits, 100, 102);
            Assert.Null(soundness.Shortfall);
        }
    }

    [Fact]
    public void Neither_prover_nor_verifier_takes_a_shape_below_what_is_demanded()
    {
        var shape = ShapeOf(Model, ProofParameters.Production with { QueryBits = 100 });
        Assert.Equal("proof-soundness", shape.Soundness.Shortfall?.Code);
        Assert.Equal("proof-soundness", Assert.Throws<AivmException>(() => Prove(shape, Network, Network)).Error.Code);
        AssertRefused("proof-soundness", WeightEqualityVerifier.TryVerify(shape, new(Model.Hash, Context, Context, Context), default, out var error), error);
    }

    [Fact]
    public void Public_weights_have_neither_ranges_nor_equality()
    {
        Assert.True(ProvedModel.TryDecode(SmallNetwork.Container, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        AssertRefused("proof-statement", model.TryVerifyWeightEquality(Context, Context, Context, default, out error), error);
        AssertRefused("proof-statement", model.TryVerifyWeightRanges(Context, default, out error), error);
    }

    [Fact]
    public void Ranges_are_checked_by_the_root_and_the_proof_alone()
    {
        Assert.True(Model.TryShapeWeightRanges(out var shape, out var error), error?.ToString());
        using var weights = CommittedWeights.Commit(shape, Network, Seed(1));
        var proof = ProofProver.ProveWeightRanges(shape, Model.WeightRanges(weights.Root), weights, threads: 2);
        Assert.True(Model.TryVerifyWeightRanges(weights.Root, proof, out error), error?.ToString());
        AssertRejected("The ranges of the private weights: ", [RefusedBy.Combination], Model.TryVerifyWeightRanges(Context, proof, out error), error);
        AssertRefused("proof-truncated", Model.TryVerifyWeightRanges(weights.Root, proof.AsMemory(..^1), out error), error);
        AssertRefused("proof-trailing", Model.TryVerifyWeightRanges(weights.Root, (byte[])[.. proof, 0], out error), error);
    }

    private static void AssertRejected(string proof, string[] checks, bool accepted, Error error)
    {
        Assert.False(accepted);
        Assert.Contains(error.Message, checks.Select(check => proof + check));
    }

    private static void AssertRefused(string code, bool accepted, Error error)
    {
        Assert.False(accepted);
        Assert.Equal(code, error.Code);
    }

    private static (WeightEqualityStatement Statement, byte[] Proof) Prove(WeightEqualityShape shape, Graph old, Graph fresh, int seed = 1)
    {
        var model = ModelOf(old);
        Assert.True(Circuit.TryBuildWeightRanges(model.Graph, model.Analysis, out var circuit, out var error), error?.ToString());
        var ranges = new ProofShape(circuit, shape.Parameters);
        using var first = CommittedWeights.Commit(ranges, old, Seed(seed));
        using var second = CommittedWeights.Commit(ranges, fresh, Seed(seed + 1));
        var statement = new WeightEqualityStatement(model.Hash, Context, first.Root, second.Root);
        return (statement, WeightEqualityProver.Prove(shape, statement, first, second, threads: 2));
    }

    private static byte[] Seed(int seed) => Keccak.Hash(BitConverter.GetBytes(seed)).ToArray();

    private static ProvedModel ModelOf(Graph graph)
    {
        Assert.True(ProvedModel.TryDecode(PrivateModel.Encode(graph, Hash256.Zero), ModelLimits.OffChain, out var model, out var error), error?.ToString());
        return model;
    }

    private static WeightEqualityShape ShapeOf(ProvedModel model, ProofParameters parameters)
    {
        Assert.True(Circuit.TryBuildWeightRanges(model.Graph, model.Analysis, out var circuit, out var error), error?.ToString());
        return new WeightEqualityShape(circuit, parameters);
    }

    /// <summary>All weights' addresses with some numbers.</summary>
    private static Felt[] Cells() => [.. Enumerable.Range(0, Toy.WeightCount).Select(i => Felt.From((i * 37 % 255) - 127))];

    /// <summary>The network with one weight changed by 1.</summary>
    private static Graph With(int node, int weight)
    {
        Constant Changed(Constant weights)
        {
            var numbers = Array.ConvertAll(weights.ToArray(), number => (sbyte)number);
            numbers[weight] += (sbyte)(numbers[weight] > 0 ? -1 : 1);
            return Constant.S8(weights.Shape, numbers);
        }

        GraphNode changed = Network.Nodes[node] switch
        {
            ConvNode n => new ConvNode { Source = n.Source, Weights = Changed(n.Weights), Bias = n.Bias, Window = n.Window, Groups = n.Groups, Requantise = n.Requantise },
            DenseNode n => new DenseNode { Source = n.Source, Weights = Changed(n.Weights), Bias = n.Bias, Requantise = n.Requantise },
            _ => throw new ArgumentException("No node with weights.", nameof(node)),
        };
        return new Graph { Inputs = Network.Inputs, Nodes = Network.Nodes.SetItem(node, changed), Outputs = Network.Outputs };
    }
}
