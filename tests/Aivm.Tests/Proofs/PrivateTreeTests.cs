using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Trees whose splits and leaves nobody but their owner sees.</summary>
public sealed class PrivateTreeTests
{
    [Theory]
    [InlineData("credit", ProofPrivacy.Weights, 2)]
    [InlineData("hmda", ProofPrivacy.Weights | ProofPrivacy.Inputs, 1)]
    public void Trees_of_the_vectors_are_proved_without_their_splits_and_leaves(string table, ProofPrivacy privacy, int samples)
    {
        var model = VectorCircuits.ModelOf($"{table}_xgb100x6", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        PrivateRun.AssertProved(model, privacy, samples, [.. Enumerable.Range(0, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))], ProofParameters.Production);
    }

    /// <summary>Every side of every split, missing features among them, and leaves of one limb and of six.</summary>
    [Theory]
    [InlineData(ProofPrivacy.Weights)]
    [InlineData(ProofPrivacy.Weights | ProofPrivacy.Inputs)]
    public void Every_path_gives_the_outputs_of_a_run(ProofPrivacy privacy)
    {
        long[] inputs = [-5, 7, 0, 4, 0, 5, 3, 10, long.MinValue, 9, 2, long.MinValue];
        foreach (var leaf in (long[])[1000, 1L << 58])
            PrivateRun.AssertProved(SmallTrees.Model(leaf), privacy, inputs.Length / 2, inputs, ProofParameters.Toy);
    }

    [Fact]
    public void The_architecture_shows_shapes_and_a_power_of_two()
    {
        var skeleton = PrivateModel.Skeleton(SmallTrees.Model(1000).Graph);
        var trees = skeleton.Nodes.OfType<TreeEnsembleNode>().Single();
        Assert.Equal([0, -1, 0, -1, -1, 0, -1, -1, -1], trees.Splits.ToArray());
        // The last leaf is a tree by itself: part of the base, which is public.
        Assert.Equal([1024, 1024, 1024, 1024, 1024, -200], trees.Leaves.ToArray());
        Assert.True(PrivateModel.IsArchitecture(skeleton, out _));
        Assert.False(PrivateModel.IsArchitecture(SmallTrees.Model(1000).Graph, out var error));
        Assert.Equal("container-malformed", error.Code);
        Assert.True(PrivateModel.TryDecode(PrivateModel.Encode(SmallTrees.Model(1000).Graph, Hash256.Zero), ModelLimits.OnChain, out _, out error), error?.ToString());
    }

    [Theory]
    [InlineData("split")]
    [InlineData("leaf")]
    [InlineData("codes")]
    public void Trees_that_are_not_what_they_are_declared_to_be_have_no_proof(string part)
    {
        var model = SmallTrees.Model(1000);
        var (shape, statement) = Ranges(model);
        using var honest = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        Assert.Null(VerifyRanges(shape, statement, honest));
        var codes = shape.Circuit.Gadgets.OfType<SplitCodeGadget>().Single().Codes;
        // The true edge of the first split is taken at one rank more, and its false edge as before: some samples could go both ways. Then, a leaf beyond its interval.
        using var rogue = part switch
        {
            "split" => Changed(shape, model, cells => cells[codes.Base]++),
            "codes" => Changed(shape, model, cells => cells[codes.Base] = 0),
            _ => Changed(shape, model, cells => cells[shape.Circuit.Weights!.Places.Last().Base] = 1 << 20),
        };
        Assert.Equal(PrivateRun.UnmetConstraints, VerifyRanges(shape, statement with { WeightRoot = rogue.Root }, rogue));
    }

    [Fact]
    public void Other_trees_of_the_same_shape_give_their_own_outputs_and_not_the_models()
    {
        var (model, other) = (SmallTrees.Model(1000), SmallTrees.Model(900));
        var shape = Run(model);
        using var weights = CommittedWeights.Commit(shape, other.Graph, new byte[32]);
        long[] inputs = [3, 10];
        var claim = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), weights.Root);
        var own = claim with { Outputs = (long[])[claim.Outputs.Span[0] + Score(other, inputs) - Score(model, inputs) + (Base(model) - Base(other))] };
        Assert.True(ProofProver.TryCreate(shape, other.Graph, weights, threads: 1, out var prover, out var error), error?.ToString());
        using (prover)
        {
            Assert.NotEqual(own.Outputs.ToArray(), claim.Outputs.ToArray());
            Assert.True(ProofVerifier.TryVerify(shape, own, prover.Prove(own), out error), error?.ToString());
            Assert.False(ProofVerifier.TryVerify(shape, claim, prover.Prove(claim, prover.Fill(own)), out error));
            Assert.Equal(PrivateRun.UnmetConstraints, error);
        }
    }

    /// <summary>The table of splits has a row for an edge that leads to a leaf too, and rows behind the last edge: no path goes on from them.</summary>
    [Fact]
    public void A_path_ends_at_a_leaf_of_the_last_step_and_nowhere_else()
    {
        var model = SmallTrees.Model(1000);
        var shape = Run(model);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        var gadget = shape.Circuit.Gadgets.OfType<TreeGadget>().Single();
        var (splits, leaves) = ((HiddenSplitTable)gadget.Steps[1].Edges.TableOf(0), (HiddenLeafTable)gadget.Steps[0].Edges.TableOf(0));
        var parents = Enumerable.Range(0, splits.Rows).Select(row => splits.Entry(row, 1)).Concat(Enumerable.Range(0, leaves.Rows).Select(row => leaves.Entry(row, 0))).ToHashSet();
        var children = Enumerable.Range(0, splits.Rows).Select(row => splits.Entry(row, 0)).ToHashSet();
        Assert.Contains(HiddenTrees.NoSplit, children);
        Assert.Contains(HiddenTrees.NoParent, parents);
        Assert.Equal([0, 1, 2], children.Intersect(parents).Order());
        // Of the leaves' table, no row of an edge that leads to a split has a parent.
        Assert.Equal([0, 1, 1, 2, 2], Enumerable.Range(0, leaves.Rows).Select(row => leaves.Entry(row, 0)).Where(parent => parent >= 0));
    }

    [Fact]
    public void No_cell_of_a_path_can_be_changed_alone()
    {
        foreach (var inputs in (long[][])[[-5, 7], [3, 10], [3, 4], [long.MinValue, 5]])
        {
            var model = SmallTrees.Model(1000);
            var shape = Run(model);
            using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
            Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 1, out var prover, out var error), error?.ToString());
            using (prover)
                SmallCircuits.AssertEveryCellCounts(prover.Fill(new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), weights.Root)));
        }
    }

    private static long Score(Model model, long[] inputs) => VectorCircuits.Run(model, 1, inputs)[0];

    /// <summary>What of the score is public, and so the declared model's whatever trees are committed.</summary>
    private static long Base(Model model) => model.Graph.Nodes.OfType<TreeEnsembleNode>().Single().Leaves.ToArray()[^1];

    private static CommittedWeights Changed(ProofShape shape, Model model, Action<int[]> change)
    {
        var numbers = shape.Circuit.Weights!.Reveal(model.Graph);
        change(numbers);
        return CommittedWeights.Commit(shape, numbers, new byte[32]);
    }

    private static ProofShape Run(Model model) => new(Build(model, (Graph skeleton, GraphAnalysis analysis, out Circuit circuit, out Error error) =>
        Circuit.TryBuild(skeleton, analysis, 1, ProofPrivacy.Weights, out circuit, out error)), ProofParameters.Toy);

    private static (ProofShape Shape, ProofStatement Statement) Ranges(Model model)
    {
        var shape = new ProofShape(Build(model, Circuit.TryBuildWeightRanges), ProofParameters.Toy);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        return (shape, new ProofStatement(model.Hash, Hash256.Zero, default, default, weights.Root));
    }

    private delegate bool Builder(Graph skeleton, GraphAnalysis analysis, out Circuit circuit, out Error error);

    private static Circuit Build(Model model, Builder build)
    {
        var skeleton = PrivateRun.ArchitectureOf(model.Graph, out var analysis);
        Assert.True(build(skeleton, analysis, out var circuit, out var error), error?.ToString());
        return circuit;
    }

    private static Error? VerifyRanges(ProofShape shape, ProofStatement statement, CommittedWeights weights) =>
        ProofVerifier.TryVerify(shape, statement, ProofProver.ProveWeightRanges(shape, statement, weights, threads: 1), out var error) ? null : error;
}
