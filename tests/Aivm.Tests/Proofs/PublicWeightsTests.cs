using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;
using static Aivm.Tests.Proofs.Commitments.NaiveVectors;

namespace Aivm.Tests.Proofs;

/// <summary>Commitments to public weights: what is behind a root that a verifier accepts are the weights that it has.</summary>
public sealed class PublicWeightsTests
{
    private const string Stored = "The proof fails at: weights, the commitment and what is stored.";

    private static readonly Graph Network = SmallNetwork.Model.Graph;

    public static TheoryData<string> Models => VectorModels.Names;

    /// <summary>Batches and private inputs too; the output is the engine's, and no other is proved.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    public void A_vector_model_is_proved_by_the_root_of_its_weights(string name)
    {
        var (model, samples) = (VectorModels.ModelOf(name), 2);
        var (prover, verifier) = (CommittedOf(model), CommittedOf(model));
        Assert.True(prover.TryShape(samples, hidesInputs: true, out var shape, out var error), error?.ToString());
        Assert.True(prover.TryShapeRoot(out var rootShape, out error), error?.ToString());
        using var weights = CommittedWeights.CommitPublic(shape, model.Graph);
        var root = PublicWeightsProver.Prove(rootShape, new PublicWeightsStatement(model.Hash, weights.Root), weights);
        Assert.True(verifier.TryVerifyRoot(weights.Root, root, out error), error?.ToString());
        Assert.Equal(rootShape.Places.Places, shape.Circuit.Weights!.Places);

        var numbers = VectorModels.InputsOf(name, samples);
        using var inputs = CommittedInputs.Commit(shape, numbers);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, VectorCircuits.Run(model, samples, numbers), weights.Root, inputs.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 2, out var runs, out error), error?.ToString());
        using (runs)
        {
            Assert.True(verifier.TryShape(samples, hidesInputs: true, out var verifierShape, out error), error?.ToString());
            Assert.True(ProofVerifier.TryVerify(verifierShape, statement, runs.Prove(statement, inputs), out error), error?.ToString());
            var outputs = statement.Outputs.ToArray();
            outputs[^1] += outputs[^1] > 0 ? -1 : 1;
            var lie = statement with { Outputs = outputs };
            using var again = CommittedInputs.Commit(shape, numbers);
            lie = lie with { InputRoot = again.Root };
            Assert.False(ProofVerifier.TryVerify(verifierShape, lie, runs.Prove(lie, again), out error));
            Assert.Equal(PrivateRun.UnmetConstraints, error);
        }
    }

    [Fact]
    public void The_root_follows_from_the_model_and_serves_any_number_of_proofs()
    {
        var model = CommittedOf(SmallNetwork.Model);
        using var weights = Commit(model, Network);
        using var again = Commit(model, Network);
        Assert.Equal(weights.Root, again.Root);
        Assert.True(model.TryShapeRoot(out var shape, out var error), error?.ToString());
        using var alone = CommittedWeights.CommitPublic(shape, Network);
        Assert.Equal(weights.Root, alone.Root);
        using var seeded = CommittedWeights.Commit(RunShape(model, ProofParameters.Production), Network, Keccak.Hash([9]).Span);
        Assert.Equal(weights.Root, seeded.Root);
        var statement = new PublicWeightsStatement(model.Hash, weights.Root);
        var first = PublicWeightsProver.Prove(shape, statement, weights);
        for (var i = 0; i < 2 * CommittedWeights.MaxProofs; i++)
            Assert.Equal(first, PublicWeightsProver.Prove(shape, statement, weights));
    }

    /// <summary>A convolution's weight and bias, a dense layer's.</summary>
    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(1, 35, false)]
    [InlineData(1, 3, true)]
    [InlineData(3, 107, false)]
    [InlineData(3, 0, true)]
    public void A_commitment_to_another_weight_is_refused(int node, int number, bool isBias)
    {
        var model = CommittedOf(SmallNetwork.Model);
        AssertRefused(model, Commit(model, With(node, number, isBias)));
    }

    /// <summary>The first cell, one between two places, one between channels and width (of the dense layer: 36 of 64), the last, behind its bias.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void A_commitment_with_another_cell_is_refused(int at)
    {
        var model = CommittedOf(SmallNetwork.Model);
        var shape = RunShape(model, ProofParameters.Production);
        var cells = shape.Circuit.Weights!.Reveal(Network);
        if (at is 50 or 100)
            Assert.DoesNotContain(shape.Circuit.Weights.Places, place => at >= place.Base && at < place.End && (at - place.Base) % place.Width < place.Channels);
        cells[Math.Min(at, cells.Length - 1)]++;
        AssertRefused(model, CommittedWeights.Commit(shape, cells, new byte[32]));
    }

    [Theory]
    [InlineData("trees")]
    [InlineData("linear")]
    [InlineData("embedding")]
    public void Trees_linear_models_and_embeddings_have_roots_too(string kind)
    {
        var graph = kind switch
        {
            "trees" => SmallTrees.Model(leaf: 1000).Graph,
            "linear" => CircuitKinds.Linear(),
            _ => Embedding(7),
        };
        var other = kind switch
        {
            "trees" => SmallTrees.Model(leaf: 1001).Graph,
            "linear" => Linear(12_346),
            _ => Embedding(-7),
        };
        var model = CommittedOf(ModelOf(graph));
        using var weights = Commit(model, graph);
        Assert.True(model.TryVerifyRoot(weights.Root, Prove(model, weights), out var error), error?.ToString());
        AssertRefused(model, Commit(model, other));
    }

    /// <summary>Without random cells behind them, 64 numbers or fewer are all of their oracle: one row.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(8, 8)]
    [InlineData(13, 5)]
    public void Weights_that_are_one_row_of_their_oracle_are_proved_by_their_root(int rows, int width)
    {
        var table = Enumerable.Range(0, rows * width).Select(i => (sbyte)((i * 37 % 255) - 127)).ToArray();
        var model = ModelOf(SmallCircuits.Model(
            new GraphInput("x", [2], new InputFormat.Index(rows)), new EmbeddingNode { Source = 0, Table = Constant.S8([rows, width], table) }).Graph);
        var committed = CommittedOf(model);
        foreach (var hidesInputs in (bool[])[false, true])
        {
            Assert.True(committed.TryShape(1, hidesInputs, out var shape, out var error), error?.ToString());
            using var weights = CommittedWeights.CommitPublic(shape, model.Graph);
            Assert.True(committed.TryVerifyRoot(weights.Root, Prove(committed, weights), out error), error?.ToString());
            long[] numbers = [0, rows - 1];
            using var inputs = hidesInputs ? CommittedInputs.Commit(shape, numbers) : null;
            var statement = new ProofStatement(
                model.Hash, Hash256.Zero, hidesInputs ? default(ReadOnlyMemory<long>) : numbers, VectorCircuits.Run(model, 1, numbers), weights.Root, inputs?.Root);
            Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 2, out var prover, out error), error?.ToString());
            using (prover)
            {
                Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, inputs), out error), error?.ToString());
                if (hidesInputs)
                    continue;
                var outputs = statement.Outputs.ToArray();
                outputs[0] += outputs[0] > 0 ? -1 : 1;
                var lie = statement with { Outputs = outputs };
                Assert.False(ProofVerifier.TryVerify(shape, lie, prover.Prove(lie), out error));
                Assert.Equal(PrivateRun.UnmetConstraints, error);
            }
        }
    }

    /// <summary>Whoever claims the value of the stored weights has rows that say otherwise.</summary>
    [Theory]
    [InlineData(false, RefusedBy.Combination)]
    [InlineData(true, "An opened column does not fit the combination of rows.")]
    public void A_false_value_is_refused_whatever_is_sent(bool combinesWhatFits, string check)
    {
        var shape = RootShape(CommittedOf(SmallNetwork.Model), ProofParameters.Toy);
        Assert.Null(shape.Weights.Combination);
        int[] stored = shape.Places.Reveal(Network), committed = shape.Places.Reveal(With(3, 5, isBias: false));
        using var cells = new FeltArray(committed.Length);
        for (var i = 0; i < committed.Length; i++)
            cells[i] = Felt.From(committed[i]);
        using var commitment = OracleCommitment.Commit(shape.Weights, cells, new SecretRandom());
        var statement = new PublicWeightsStatement(SmallNetwork.Model.Hash, commitment.Root);

        var (writer, transcript) = (new ProofWriter(), shape.Begin(statement));
        var point = shape.DrawPoint(transcript);
        var (columns, rows) = (Equality(point[..shape.Weights.ColumnBits]), Equality(point[shape.Weights.ColumnBits..]));
        var combination = Combine(committed, rows, columns.Length);
        var value = Dot(Combine(stored, rows, columns.Length), columns);
        if (combinesWhatFits)
            combination[0] += (value - Dot(combination, columns)) * columns[0].Inverse();
        transcript.Send([value], writer);
        transcript.Send(combination, writer);
        commitment.Matrix.Open(transcript.DrawPositions(shape.Weights.Queries, shape.Weights.CodeBits, shape.Weights.GrindingBits, writer), writer);

        Assert.False(PublicWeightsVerifier.TryVerify(shape, statement, Network, writer.ToArray(), out var error));
        Assert.Equal(check, error.Message);
    }

    [Fact]
    public void A_root_is_that_of_one_model_and_of_a_commitment_that_hides_nothing()
    {
        var model = CommittedOf(SmallNetwork.Model);
        using var weights = Commit(model, Network);
        var proof = Prove(model, weights);
        var other = CommittedOf(ModelOf(With(3, 0, isBias: false)));
        AssertRejected(other.TryVerifyRoot(weights.Root, proof, out var error), error);
        AssertRejected((model with { Hash = Keccak.Hash([1]) }).TryVerifyRoot(weights.Root, proof, out error), error);
        AssertRejected(model.TryVerifyRoot(Keccak.Hash([1]), proof, out error), error);
        Assert.True(ProvedModel.TryDecode(PrivateModel.Encode(Network, Hash256.Zero), ModelLimits.OffChain, out var hidden, out error), error?.ToString());
        Assert.True(hidden.TryShapeWeightRanges(out var ranges, out error), error?.ToString());
        using var secret = CommittedWeights.Commit(ranges, Network, new byte[32]);
        AssertRejected(model.TryVerifyRoot(secret.Root, proof, out error), error);
        Assert.Throws<ArgumentException>(() => CommittedWeights.CommitPublic(ranges, Network));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PublicWeightsShape(ranges.Circuit.Weights!, ProofParameters.Production));
    }

    [Fact]
    public void A_proof_that_is_cut_goes_on_or_has_another_byte_is_refused()
    {
        var model = CommittedOf(SmallNetwork.Model);
        using var weights = Commit(model, Network);
        var proof = Prove(model, weights);
        for (var length = 0; length < proof.Length; length += 7)
        {
            Assert.False(model.TryVerifyRoot(weights.Root, proof.AsMemory(0, length), out var cut));
            Assert.Equal("proof-truncated", cut.Code);
        }
        Assert.False(model.TryVerifyRoot(weights.Root, (byte[])[.. proof, 0], out var error));
        Assert.Equal("proof-trailing", error.Code);
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var changed = (byte[])proof.Clone();
            changed[random.Next(changed.Length)] ^= (byte)random.Next(1, 256);
            Assert.False(model.TryVerifyRoot(weights.Root, changed, out error), $"change {i} is accepted");
            Assert.Contains(error.Code, (string[])["proof-rejected", "proof-malformed"]);
        }
    }

    /// <summary>Bounds are powers of two up to 2^62: a number beyond would lie outside of its limbs.</summary>
    [Fact]
    public void Weights_that_no_bound_holds_are_refused_by_name()
    {
        Assert.False(CommittedModel.TryCreate(Hash256.Zero, Linear(1L << 62), ModelLimits.OffChain, out _, out var error));
        Assert.Equal("proof-unsupported", error.Code);
        Assert.Contains("2^62", error.Message, StringComparison.Ordinal);
        Assert.True(CommittedModel.TryCreate(Hash256.Zero, Linear(-(1L << 30)), ModelLimits.OffChain, out _, out error), error?.ToString());
    }

    /// <summary>Bounds of weights that several nodes share take memory for each: it is counted before it is taken.</summary>
    [Fact]
    public void Bounding_weights_stops_at_a_limit_of_work_before_it_takes_memory()
    {
        Constant weights = Constant.S8([64, 1024], new sbyte[64 * 1024]), bias = Constant.S64([64], new long[64]);
        GraphNode[] layers = [.. Enumerable.Range(0, 64).Select(_ => new WideDenseNode { Source = 0, Weights = weights, Bias = bias })];
        var graph = SmallCircuits.Model(
            new GraphInput("x", [1024], new InputFormat.U8()), [.. layers, new ConcatNode { Parts = [.. Enumerable.Range(1, 64)], Axis = 0 }]).Graph;
        var meter = new WorkMeter(1 << 26);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(CommittedModel.TryCreate(Hash256.Zero, graph, ModelLimits.OnChain, meter, out _, out var error));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
        Assert.Equal("proof-work", error.Code);
        Assert.True(meter.IsExhausted);
    }

    [Fact]
    public void A_model_without_weights_has_no_root()
    {
        var model = CommittedOf(SmallCircuits.Model(new GraphInput("x", [4], new InputFormat.Fixed(3)), QuantiseNode.Scale(0, ElementType.S8, 1, 3)));
        Assert.False(model.TryShapeRoot(out _, out var error));
        Assert.Equal("proof-unsupported", error.Code);
        Assert.False(model.TryShape(1, hidesInputs: false, out _, out error));
        Assert.Equal("proof-unsupported", error.Code);
    }

    [Fact]
    public void A_shape_below_what_is_demanded_is_taken_by_neither_prover_nor_verifier()
    {
        var model = CommittedOf(SmallNetwork.Model);
        var shape = RootShape(model, ProofParameters.Production with { QueryBits = 99 });
        using var weights = CommittedWeights.CommitPublic(shape, Network);
        var statement = new PublicWeightsStatement(model.Hash, weights.Root);
        Assert.Equal("proof-soundness", Assert.Throws<AivmException>(() => PublicWeightsProver.Prove(shape, statement, weights)).Error.Code);
        Assert.False(PublicWeightsVerifier.TryVerify(shape, statement, Network, default, out var error));
        Assert.Equal("proof-soundness", error.Code);
    }

    private static Ext4[] Combine(int[] cells, Ext4[] rows, int columns)
    {
        var combination = new Ext4[columns];
        for (var i = 0; i < cells.Length; i++)
            combination[i % columns] += rows[i / columns] * Felt.From(cells[i]);
        return combination;
    }

    private static void AssertRefused(CommittedModel model, CommittedWeights weights)
    {
        using (weights)
        {
            Assert.False(model.TryVerifyRoot(weights.Root, Prove(model, weights), out var error));
            Assert.Equal($"The commitment to the public weights: {Stored}", error.Message);
        }
    }

    private static void AssertRejected(bool accepted, Error error)
    {
        Assert.False(accepted);
        Assert.Equal("proof-rejected", error.Code);
    }

    private static byte[] Prove(CommittedModel model, CommittedWeights weights)
    {
        Assert.True(model.TryShapeRoot(out var shape, out var error), error?.ToString());
        return PublicWeightsProver.Prove(shape, new PublicWeightsStatement(model.Hash, weights.Root), weights);
    }

    private static CommittedWeights Commit(CommittedModel model, Graph graph) => CommittedWeights.CommitPublic(RunShape(model, ProofParameters.Production), graph);

    private static ProofShape RunShape(CommittedModel model, ProofParameters parameters)
    {
        Assert.True(Circuit.TryBuild(model.Architecture, model.Analysis, 1, ProofPrivacy.CommittedWeights, out var circuit, out var error), error?.ToString());
        return new ProofShape(circuit, parameters);
    }

    private static PublicWeightsShape RootShape(CommittedModel model, ProofParameters parameters)
    {
        Assert.True(WeightLayout.TryCreate(model.Architecture, model.Analysis, new WorkMeter(long.MaxValue), out var layout, out var error), error?.ToString());
        return new PublicWeightsShape(layout, parameters);
    }

    private static CommittedModel CommittedOf(Model model)
    {
        Assert.True(CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OffChain, out var committed, out var error), error?.ToString());
        return committed;
    }

    private static Model ModelOf(Graph graph)
    {
        Assert.True(Model.TryLoad(Container.Encode(graph), out var model, out var error), error?.ToString());
        return model;
    }

    private static Graph Linear(long weight) => SmallCircuits.Model(
        new GraphInput("x", [2], new InputFormat.Fixed(3)),
        new QuantiseNode { Source = 0, Output = ElementType.S64, Multipliers = Constant.S64([2], [weight, -678_901]), Offsets = Constant.S64([2], [1L << 33, -7]), Shift = 8 },
        new ClampNode { Source = 1, Low = -(1L << 30), High = 1L << 30 },
        new WideDenseNode { Source = 2, Weights = Constant.S64([2, 2], [1, -2, 1L << 20, 12_345]), Bias = Constant.S64([2], [1L << 40, 3]) }).Graph;

    private static Graph Embedding(sbyte number) => SmallCircuits.Model(
        new GraphInput("x", [2], new InputFormat.Index(3)), new EmbeddingNode { Source = 0, Table = Constant.S8([3, 2], [1, -2, number, 4, 5, 6]) }).Graph;

    /// <summary>The network with one number changed by 1.</summary>
    private static Graph With(int node, int number, bool isBias)
    {
        Constant Changed(Constant numbers)
        {
            var values = numbers.ToArray();
            values[number] += values[number] > 0 ? -1 : 1;
            return numbers.Type == ElementType.S8
                ? Constant.S8(numbers.Shape, Array.ConvertAll(values, value => (sbyte)value))
                : Constant.S32(numbers.Shape, Array.ConvertAll(values, value => (int)value));
        }

        var nodes = Network.Nodes.ToArray();
        nodes[node] = nodes[node] switch
        {
            ConvNode n => new ConvNode
            {
                Source = n.Source,
                Weights = isBias ? n.Weights : Changed(n.Weights),
                Bias = isBias ? Changed(n.Bias) : n.Bias,
                Window = n.Window,
                Groups = n.Groups,
                Requantise = n.Requantise,
            },
            DenseNode n => new DenseNode
            {
                Source = n.Source,
                Weights = isBias ? n.Weights : Changed(n.Weights),
                Bias = isBias ? Changed(n.Bias) : n.Bias,
                Requantise = n.Requantise,
            },
            var other => other,
        };
        return new Graph { Inputs = Network.Inputs, Nodes = [.. nodes], Outputs = Network.Outputs };
    }
}
