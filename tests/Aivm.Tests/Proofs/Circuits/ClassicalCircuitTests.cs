using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Honest runs of linear models, trees and scores satisfy their circuits.</summary>
public sealed class ClassicalCircuitTests
{
    [Theory]
    [InlineData("credit", "xgb100x6")]
    [InlineData("hmda", "xgb100x6")]
    [InlineData("credit", "logreg")]
    [InlineData("hmda", "logreg")]
    public void Every_row_of_a_vector_model_satisfies_its_circuit(string table, string kind)
    {
        const int samples = 25;
        var model = VectorCircuits.ModelOf($"{table}_{kind}", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        var one = VectorCircuits.Build(model, 1);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{one.CellCount} cells, {one.LeafCount} leaves, {one.EqualityCount} equalities: {string.Join(" ", one.Tables.Select(t => $"{t.GetType().Name}:{t.Rows}"))}");
        var circuit = VectorCircuits.Build(model, samples);
        for (var first = 0; first < rows.Count; first += samples)
            WitnessCheck.Satisfies(VectorCircuits.Fill(model, circuit, [.. Enumerable.Range(first, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))]));
        WitnessCheck.Satisfies(VectorCircuits.Fill(model, one, rows.Integers(7, model.Graph.Inputs[0].Format)));
    }

    [Fact]
    public void Trees_of_any_form_satisfy_their_circuits()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var (graph, _) = RandomGraphs.Create(seed);
            var rank = graph.Nodes.OfType<RankNode>().FirstOrDefault();
            var trees = graph.Nodes.OfType<TreeEnsembleNode>().FirstOrDefault();
            if (rank is null || trees is null)
                continue;
            var input = graph.Inputs[2];
            var model = SmallCircuits.Model(
                input,
                new RankNode { Source = 0, Counts = rank.Counts, Thresholds = rank.Thresholds },
                new TreeEnsembleNode { Source = 1, Targets = trees.Targets, Trees = trees.Trees, Splits = trees.Splits, Leaves = trees.Leaves, Base = trees.Base });
            var random = new Random(seed);
            var samples = random.Next(1, 4);
            SmallCircuits.Fill(model, samples, [.. Enumerable.Range(0, samples * model.InputCount).Select(_ => random.Next(5) == 0 ? long.MinValue : random.Next(-60, 60))]);
        }
    }

    [Theory]
    [InlineData(65534)]
    [InlineData(4097)]
    [InlineData(4095)]
    public void Thresholds_at_the_ends_of_all_ranks_are_tested(int thresholds)
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [2], new InputFormat.Fixed(0, AllowsMissing: true)),
            new RankNode { Source = 0, Counts = [thresholds, 0], Thresholds = Constant.S64([thresholds], [.. Enumerable.Range(0, thresholds).Select(i => (long)i)]) },
            new TreeEnsembleNode
            {
                Source = 1,
                Targets = 2,
                Trees = [new TreeShape(5, 0, 2), new TreeShape(1, 1, 1), new TreeShape(3, 1, 1)],
                Splits = Constant.S32([9], [new TreeSplit(0, thresholds - 1, false).Pack(), new TreeSplit(0, 0, true).Pack(), -1, -1, -1, -1, new TreeSplit(1, 0, true).Pack(), -1, -1]),
                Leaves = Constant.S32([9], [1, -2, 3, -4, 5, -6, 100, 1000, 10000]),
                Base = Constant.S64([2], [7, -7]),
            });
        SmallCircuits.Fill(model, 3, [-1, 0, 0, 5, thresholds - 1, -5]);
        SmallCircuits.Fill(model, 3, [thresholds - 2, 0, long.MinValue, long.MinValue, long.MaxValue, 0]);
    }

    [Fact]
    public void Trees_with_too_many_features_and_thresholds_are_refused()
    {
        const int features = 1100;
        var counts = new int[features];
        Array.Fill(counts, 1);
        var model = SmallCircuits.Model(
            new GraphInput("x", [features], new InputFormat.Fixed(0)),
            new RankNode { Source = 0, Counts = [.. counts], Thresholds = Constant.S64([features], new long[features]) },
            new TreeEnsembleNode
            {
                Source = 1,
                Targets = 1,
                Trees = [.. counts.Select(_ => new TreeShape(3, 0, 1))],
                Splits = Constant.S32([3 * features], [.. Enumerable.Range(0, features).SelectMany(feature => (int[])[new TreeSplit(feature, 65533, false).Pack(), -1, -1])]),
                Leaves = Constant.S32([2 * features], new int[2 * features]),
                Base = Constant.S64([1], [0]),
            });
        Assert.False(Circuit.TryBuild(model.Graph, model.Analysis, 1, ProofPrivacy.None, out _, out var error));
        Assert.Equal("proof-unsupported", error.Code);
    }

    [Fact]
    public void Leaves_of_64_bits_are_added_in_limbs()
    {
        var model = SmallTrees.Model(1L << 60);
        SmallCircuits.Fill(model, 2, [-5, long.MinValue, 7, 3]);
        SmallCircuits.Fill(model, 1, [5, long.MaxValue]);
    }

    [Fact]
    public void Sums_with_coefficients_of_any_size_hold_in_the_integers()
    {
        var random = new Random(1);
        for (var round = 0; round < 30; round++)
        {
            var (inputs, outputs, bits) = (random.Next(1, 9), random.Next(1, 6), random.Next(1, 50));
            var model = SmallCircuits.OverCommitted(
                [2, inputs],
                new WideDenseNode
                {
                    Source = 2,
                    Weights = Constant.S64([outputs, inputs], [.. Enumerable.Range(0, outputs * inputs).Select(_ => random.NextInt64(-1L << bits, (1L << bits) + 1))]),
                    Bias = Constant.S64([outputs], [.. Enumerable.Range(0, outputs).Select(_ => random.NextInt64(-1L << 59, 1L << 59))]),
                },
                SmallCircuits.Widened(3, outputs, random.Next(1, 3)));
            SmallCircuits.Fill(model, 2, [.. Enumerable.Range(0, 4 * inputs).Select(_ => (long)random.Next(-127, 128))]);
        }
    }

    [Fact]
    public void Numbers_at_the_ends_of_their_range_are_summed_and_chosen()
    {
        const long factor = (1L << 62) / 128;
        var sums = SmallCircuits.OverCommitted([3], SmallCircuits.Widened(2, 3, factor, long.MaxValue / 512, -5, 5));
        var choice = SmallCircuits.OverCommitted([3], SmallCircuits.Widened(2, 3, factor), new ArgMaxNode { Source = 3, Axis = 0 });
        foreach (var inputs in (long[][])[[127, 127, 127], [-127, -127, -127], [-127, 127, 0], [0, 0, 0], [127, -127, 127]])
        {
            SmallCircuits.Fill(sums, 1, inputs);
            SmallCircuits.Fill(choice, 1, inputs);
        }
    }

    [Fact]
    public void The_lowest_of_the_largest_is_chosen_along_any_axis()
    {
        var random = new Random(4);
        foreach (var factor in (long[])[1, 1 << 20, 1 << 22, 1 << 24, 1L << 50])
            for (var axis = 0; axis < 3; axis++)
            {
                var model = SmallCircuits.OverCommitted(
                    [2, 3, 4], SmallCircuits.Widened(2, 4, factor), new ArgMaxNode { Source = 3, Axis = axis });
                SmallCircuits.Fill(model, 2, [.. Enumerable.Range(0, 48).Select(_ => random.NextInt64(-2, 3))]);
                SmallCircuits.Fill(model, 2, [.. Enumerable.Range(0, 48).Select(_ => random.NextInt64(-127, 128))]);
            }
        var narrow = SmallCircuits.OverCommitted([1, 5], new ArgMaxNode { Source = 2, Axis = 1 }, new ReshapeNode { Source = 3, Shape = [1, 1] }, new ArgMaxNode { Source = 4, Axis = 1 });
        SmallCircuits.Fill(narrow, 1, [3, 3, -127, 3, 2]);
    }

    [Fact]
    public void Interpolation_follows_the_table_inside_and_outside_of_it()
    {
        var random = new Random(2);
        for (var round = 0; round < 60; round++)
        {
            var (shift, entries, factor) = (random.Next(0, 32), random.Next(1, 30), 1L << random.Next(0, 54));
            var largest = random.Next(3) switch { 0 => 100, 1 => 1 << 20, _ => int.MaxValue };
            var node = new InterpolateNode
            {
                Source = 3,
                Low = random.NextInt64(-1, 2) * (random.NextInt64(0, 60 * factor) + 1),
                Shift = shift,
                Entries = Constant.S32([entries], [.. Enumerable.Range(0, entries).Select(_ => random.Next(-largest, largest))]),
            };
            var model = SmallCircuits.OverCommitted([2, 3], SmallCircuits.Widened(2, 3, factor, 0, node.Low, 17), node);
            SmallCircuits.Fill(model, 2, [.. Enumerable.Range(0, 12).Select(_ => (long)random.Next(-127, 128))]);
        }
    }

    [Fact]
    public void Elements_of_all_sizes_are_rearranged_together()
    {
        var model = SmallCircuits.OverCommitted(
            [2, 2],
            SmallCircuits.Widened(2, 2, 1),
            SmallCircuits.Widened(2, 2, 1L << 40),
            new ConstantNode { Value = Constant.S64([1, 2], [long.MaxValue, -long.MaxValue]) },
            new ConcatNode { Parts = [3, 5, 4], Axis = 0 },
            new TransposeNode { Source = 6, Permutation = [1, 0] },
            new GatherNode { Source = 7, Axis = 1, Indices = Constant.S32([4], [4, 0, 2, 3]) });
        SmallCircuits.Fill(model, 2, [1, -2, 127, -127, 0, 5, -6, 7]);
    }

    [Fact]
    public void Verifiers_compute_entry_maps_as_a_run_does()
    {
        var (random, tokens) = (new Random(5), new GraphInput("tokens", [2, 3], new InputFormat.Index(5)));
        var numbers = new GraphInput("x", [2, 3], new InputFormat.Fixed(2));
        long[] Draw(Model model, long low, long high) => [.. Enumerable.Range(0, 2 * model.InputCount).Select(_ => random.NextInt64(low, high))];

        var embedded = SmallCircuits.Model(tokens, new EmbeddingNode { Source = 0, Table = Constant.S32([5, 2], [1, -2, int.MaxValue, int.MinValue, 5, 6, 7, 8, 9, 10]) });
        SmallCircuits.Fill(embedded, 2, Draw(embedded, 0, 5));
        var mapped = SmallCircuits.Model(
            numbers,
            new QuantiseNode { Source = 0, Output = ElementType.S16, Multipliers = Constant.S64([3], [1, -3, 7]), Offsets = Constant.S64([3], [5, 0, -9]), Shift = 1 },
            new TableNode { Source = 1, Low = -2, Entries = Constant.S8([5], [1, 2, -3, 4, 5]) });
        SmallCircuits.Fill(mapped, 2, Draw(mapped, -5, 5));
        var clamped = SmallCircuits.Model(numbers, new ClampNode { Source = 0, Low = -5, High = long.MaxValue - 1 });
        SmallCircuits.Fill(clamped, 2, Draw(clamped, -50, long.MaxValue));
        for (var axis = 0; axis < 2; axis++)
        {
            var chosen = SmallCircuits.Model(numbers, new ArgMaxNode { Source = 0, Axis = axis });
            SmallCircuits.Fill(chosen, 2, Draw(chosen, -2, 2));
        }
        var interpolated = SmallCircuits.Model(numbers, new InterpolateNode { Source = 0, Low = -20, Shift = 4, Entries = Constant.S32([3], [int.MinValue, 7, int.MaxValue]) });
        SmallCircuits.Fill(interpolated, 2, Draw(interpolated, -30, 30));
        Assert.Empty(VectorCircuits.Build(interpolated, 2).Lookups);
    }

    [Fact]
    public void Numbers_beyond_an_outputs_range_are_no_statement()
    {
        var model = SmallCircuits.OverCommitted([3], new ArgMaxNode { Source = 2, Axis = 0 });
        var circuit = VectorCircuits.Build(model, 1);
        foreach (var label in (long[])[2 + (long)Felt.Modulus, -1, 3])
        {
            Assert.False(circuit.TryCompute(new ProofStatement(model.Hash, Hash256.Zero, new long[] { 1, 2, 3 }, new[] { label }), out _, out var error));
            Assert.Equal("proof-statement", error.Code);
        }
    }
}
