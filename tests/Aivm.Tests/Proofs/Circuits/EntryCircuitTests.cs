using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Private inputs of 64 bits, and what entry maps, ranks and trees make of them.</summary>
public sealed class EntryCircuitTests
{
    private static readonly long[] Ends =
        [0, 1, -1, 4095, 4096, -4096, -4097, int.MaxValue, int.MinValue, long.MaxValue, long.MaxValue - 1, long.MinValue + 1, long.MinValue + 2, 1L << 60, -(1L << 60)];

    [Theory]
    [InlineData("credit", "xgb100x6", 25)]
    [InlineData("hmda", "xgb100x6", 25)]
    [InlineData("credit", "logreg", 25)]
    [InlineData("hmda", "logreg", 25)]
    public void Private_rows_of_a_vector_model_satisfy_its_circuit(string table, string kind, int samples)
    {
        var model = VectorCircuits.ModelOf($"{table}_{kind}", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        var circuit = VectorCircuits.Build(model, samples, ProofPrivacy.Inputs);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{circuit.CellCount} cells, {circuit.InputCellCount} of inputs, {circuit.LeafCount} leaves: {string.Join(" ", circuit.Tables.Select(t => $"{t.GetType().Name}:{t.Rows}x{t.Columns}"))}");
        for (var first = 0; first < 50; first += samples)
            WitnessCheck.Satisfies(VectorCircuits.Fill(model, circuit, [.. Enumerable.Range(first, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))]));
        var one = SmallCircuits.Fill(model, 1, rows.Integers(7, model.Graph.Inputs[0].Format), ProofPrivacy.Inputs);
        ReductionCheck.Holds(one, seed: 1);
    }

    [Theory]
    [InlineData("logistic")]
    [InlineData("trees")]
    public void Private_applicants_satisfy_the_samples_circuit(string file)
    {
        var folder = Path.Combine(Repository.Root, "samples", "loan-approval");
        var result = OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(folder, $"{file}.onnx")), new CompileOptions());
        Assert.True(Model.TryLoad(result.Container, out var model, out var error), error?.ToString());
        var rows = InputFiles.Read(Path.Combine(folder, "rows.csv"));
        SmallCircuits.Fill(model, 2, [.. rows.Integers(0, model.Graph.Inputs[0].Format), .. rows.Integers(1, model.Graph.Inputs[0].Format)], ProofPrivacy.Inputs);
    }

    [Theory]
    [InlineData(ElementType.S8, 1L, 0L, 0)]
    [InlineData(ElementType.S8, -3L, 77L, 5)]
    [InlineData(ElementType.S16, 123456789L, -987654321L, 40)]
    [InlineData(ElementType.S16, long.MaxValue, long.MaxValue, 62)]
    [InlineData(ElementType.S16, -long.MaxValue, -long.MaxValue, 0)]
    [InlineData(ElementType.S64, long.MaxValue, -long.MaxValue, 62)]
    [InlineData(ElementType.S64, 1L << 40, 12345L, 41)]
    [InlineData(ElementType.S64, 3L, 5L, 0)]
    [InlineData(ElementType.S64, 0L, 5L, 3)]
    public void Numbers_of_64_bits_are_scaled_and_clamped_as_in_a_run(ElementType output, long multiplier, long offset, int shift)
    {
        var node = new QuantiseNode { Source = 0, Output = output, Multipliers = Constant.S64([1], [multiplier]), Offsets = Constant.S64([1], [offset]), Shift = shift };
        var model = SmallCircuits.Model(new GraphInput("x", [Ends.Length], new InputFormat.Fixed(0)), node);
        SmallCircuits.Fill(model, 1, Ends, ProofPrivacy.Inputs);
        var random = new Random(shift);
        // About where the type ends.
        long[] near = [.. Ends.Select((_, i) => multiplier == 0 ? i : (long)Int128.Clamp((((Int128)(i % 2 == 0 ? 127 : 32767) << shift) / multiplier) + random.Next(-3, 4), -long.MaxValue, long.MaxValue))];
        SmallCircuits.Fill(model, 1, near, ProofPrivacy.Inputs);
        ReductionCheck.Holds(SmallCircuits.Fill(model, 2, [.. Ends, .. Ends.Select(_ => random.NextInt64())], ProofPrivacy.Inputs), seed: 1);
    }

    [Fact]
    public void Each_element_of_a_row_has_a_multiplier_and_images_keep_their_order()
    {
        var random = new Random(1);
        foreach (var (shape, multipliers) in ((Shape, int)[])[([2, 3], 3), ([3, 2, 4], 4), ([3, 2, 4], 1)])
        {
            var node = new QuantiseNode
            {
                Source = 0,
                Output = ElementType.S8,
                Multipliers = Constant.S64([multipliers], [.. Enumerable.Range(1, multipliers).Select(i => (long)i * 1000)]),
                Offsets = Constant.S64([multipliers], [.. Enumerable.Range(0, multipliers).Select(i => (long)i * -500)]),
                Shift = 12,
            };
            var model = SmallCircuits.Model(new GraphInput("x", shape, new InputFormat.Fixed(2)), node, new ReshapeNode { Source = 1, Shape = [(int)shape.Elements] });
            SmallCircuits.Fill(model, 3, [.. Enumerable.Range(0, 3 * (int)shape.Elements).Select(_ => random.NextInt64(-900, 900))], ProofPrivacy.Inputs);
            var bytes = SmallCircuits.Model(new GraphInput("x", shape, new InputFormat.U8()), node);
            SmallCircuits.Fill(bytes, 2, [.. Enumerable.Range(0, 2 * (int)shape.Elements).Select(_ => (long)random.Next(256))], ProofPrivacy.Inputs);
        }
    }

    [Theory]
    [InlineData(-100, 100)]
    [InlineData(7, 7)]
    [InlineData(-long.MaxValue, 0)]
    [InlineData(0, long.MaxValue)]
    [InlineData(-long.MaxValue, long.MaxValue)]
    [InlineData(-(1L << 61), 1L << 61)]
    [InlineData(-5, 1L << 29)]
    public void Numbers_of_64_bits_are_clamped_as_in_a_run(long low, long high)
    {
        var model = SmallCircuits.Model(new GraphInput("x", [Ends.Length], new InputFormat.Fixed(0)), new ClampNode { Source = 0, Low = low, High = high });
        SmallCircuits.Fill(model, 1, Ends, ProofPrivacy.Inputs);
        foreach (var by in (long[])[0, 1, 2])
            SmallCircuits.Fill(
                model, 1, [.. Ends.Select((_, i) => (long)Int128.Clamp((Int128)(i % 2 == 0 ? low : high) + (i % 3 == 0 ? by : -by), -long.MaxValue, long.MaxValue))], ProofPrivacy.Inputs);
    }

    [Theory]
    [InlineData(1 << 17)]
    [InlineData((1 << 17) + 1)]
    [InlineData(1_000_000)]
    [InlineData(int.MaxValue)]
    public void Indices_of_any_count_can_be_private(int count)
    {
        var model = SmallCircuits.Model(new GraphInput("x", [3], new InputFormat.Index(count)), new ClampNode { Source = 0, Low = 5, High = 1L << 40 });
        SmallCircuits.Fill(model, 2, [0, count - 1, 5, 4, count - 2, 1], ProofPrivacy.Inputs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ranks_are_those_of_a_run_at_every_threshold(bool mayBeMissing)
    {
        long[] thresholds = [-long.MaxValue, -5, 0, 1, 1L << 40, long.MaxValue, 3, -(1L << 62), 7];
        int[] counts = [6, 1, 0, 2];
        var model = SmallCircuits.Model(
            new GraphInput("x", [4], new InputFormat.Fixed(0, mayBeMissing)),
            new RankNode { Source = 0, Counts = [.. counts], Thresholds = Constant.S64([9], thresholds) },
            new GatherNode { Source = 1, Axis = 0, Indices = Constant.S32([5], [3, 0, 1, 0, 2]) },
            Ensemble(5, 6));
        long[] numbers = [.. Ends, .. thresholds, .. thresholds.Select(x => Math.Max(x, -long.MaxValue + 1) - 1), .. mayBeMissing ? [long.MinValue] : (long[])[]];
        foreach (var x in numbers)
            ReductionCheck.Holds(SmallCircuits.Fill(model, 2, [x, x, x, x, x, 0, 5, -5], ProofPrivacy.Inputs), seed: 1);
    }

    [Fact]
    public void Ranks_of_clamped_numbers_have_thresholds_beyond_them()
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [2], new InputFormat.Fixed(0)),
            new ClampNode { Source = 0, Low = 0, High = 10 },
            new RankNode { Source = 1, Counts = [3, 2], Thresholds = Constant.S64([5], [-7, 5, 1L << 50, 20, 30]) },
            Ensemble(2, 3));
        foreach (var x in (long[])[-8, -7, 0, 4, 5, 10, 11, 20, 1L << 51])
            SmallCircuits.Fill(model, 1, [x, x], ProofPrivacy.Inputs);
    }

    /// <summary>A tree of one split for each feature and rank, and both ways of missing.</summary>
    private static TreeEnsembleNode Ensemble(int features, int ranks)
    {
        TreeSplit[] splits = [.. from feature in Enumerable.Range(0, features) from rank in Enumerable.Range(0, ranks) select new TreeSplit(feature, rank, rank % 2 == 0)];
        return new()
        {
            Source = 2,
            Targets = 1,
            Trees = [.. splits.Select(_ => new TreeShape(3, 0, 1))],
            Splits = Constant.S32([3 * splits.Length], [.. splits.SelectMany(split => (int[])[split.Pack(), -1, -1])]),
            Leaves = Constant.S64([2 * splits.Length], [.. Enumerable.Range(0, 2 * splits.Length).Select(i => i % 2 == 0 ? 0L : 1L << (i / 2))]),
            Base = Constant.S64([1], [3]),
        };
    }

    [Fact]
    public void Trees_of_any_form_over_private_features_satisfy_their_circuits()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var (graph, _) = Inference.Reference.RandomGraphs.Create(seed);
            var rank = graph.Nodes.OfType<RankNode>().FirstOrDefault();
            var trees = graph.Nodes.OfType<TreeEnsembleNode>().FirstOrDefault();
            if (rank is null || trees is null)
                continue;
            var model = SmallCircuits.Model(
                graph.Inputs[2],
                new RankNode { Source = 0, Counts = rank.Counts, Thresholds = rank.Thresholds },
                new TreeEnsembleNode { Source = 1, Targets = trees.Targets, Trees = trees.Trees, Splits = trees.Splits, Leaves = trees.Leaves, Base = trees.Base });
            var random = new Random(seed);
            var samples = random.Next(1, 4);
            SmallCircuits.Fill(
                model, samples, [.. Enumerable.Range(0, samples * model.InputCount).Select(_ => random.Next(5) == 0 ? long.MinValue : random.Next(-60, 60))], ProofPrivacy.Inputs);
        }
    }

    [Fact]
    public void Scores_of_private_features_are_interpolated_and_chosen()
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [3], new InputFormat.Fixed(6)),
            new ClampNode { Source = 0, Low = -(1L << 36), High = 1L << 36 },
            SmallCircuits.Widened(1, 3, 1L << 22, 5, -7, 1L << 50),
            new InterpolateNode { Source = 2, Low = -(1L << 40), Shift = 24, Entries = Constant.S32([9], [0, 5, 100, 1000, 1 << 20, -5, 77, 3, 2]) },
            new ArgMaxNode { Source = 3, Axis = 0 });
        foreach (var inputs in (long[][])[[0, 0, 0], [1L << 40, -(1L << 40), 5], [long.MaxValue, -long.MaxValue, 12345678]])
            SmallCircuits.Fill(model, 1, inputs, ProofPrivacy.Inputs);
    }
}
