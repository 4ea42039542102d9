using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Graphs that a chain accepts as models, and that ask for circuits far beyond any proof: refused by name, for the work that was paid, before memory is taken.</summary>
public sealed class CircuitLimitTests
{
    /// <summary>What a transaction has.</summary>
    private const long Gas = 1 << 25;

    private static readonly GraphInput Byte = new("x", [1], new InputFormat.U8());

    public static TheoryData<string> Cases => [.. Graphs.Keys];

    private static readonly Dictionary<string, Func<Graph>> Graphs = new()
    {
        ["an input of 2^23 bytes"] = () => Over([Byte, new GraphInput("unused", [1 << 23], new InputFormat.U8())], QuantiseNode.Scale(0, ElementType.S8, 1, 0)),
        ["an input of 2^21 bytes"] = () => Over([Byte, new GraphInput("unused", [1 << 21], new InputFormat.U8())], QuantiseNode.Scale(0, ElementType.S8, 1, 0)),
        ["a pool of 144 taps"] = () => Pooled([64, 32, 32], new() { Kernel = new(12, 12), Padding = new(5, 5, 6, 6) }),
        ["a pool of a million taps"] = () => Pooled([1, 1, 1], new() { Kernel = new(1024, 1024), Padding = new(512, 512, 511, 511) }),
        ["a softmax of a million copies"] = () => Over([Byte],
            QuantiseNode.Scale(0, ElementType.S8, 1, 0), new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
            new ReshapeNode { Source = 2, Shape = [1, 1] }, Copies(3, 0), Copies(4, 1),
            new SoftmaxNode { Source = 5, Shift = 0, Entries = Constant.S32([2], [2, 1]), OutputExponent = 4 },
            new GatherNode { Source = 6, Axis = 0, Indices = Constant.S32([1], [0]) }),
        ["the largest of a million copies"] = () => Over([Byte],
            QuantiseNode.Scale(0, ElementType.S8, 1, 0), new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
            new ReshapeNode { Source = 2, Shape = [1, 1] }, Copies(3, 0), Copies(4, 1), new ArgMaxNode { Source = 5, Axis = 1 }),
        ["the norms of a million copies"] = () => Over([Byte],
            QuantiseNode.Scale(0, ElementType.S8, 1, 0), new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
            new ReshapeNode { Source = 2, Shape = [1, 1] }, Copies(3, 0), Copies(4, 1), new NormaliseNode { Source = 5, Norm = Norm.L2, OutputExponent = 20 },
            new GatherNode { Source = 6, Axis = 0, Indices = Constant.S32([1], [0]) }),
        ["a million thresholds"] = () => Over([new GraphInput("x", [16], new InputFormat.Fixed(0, AllowsMissing: true))],
            new RankNode { Source = 0, Counts = [.. Enumerable.Repeat(60_000, 16)], Thresholds = Constant.S64([960_000], [.. Enumerable.Range(0, 960_000).Select(i => i % 60_000L)]) },
            new TreeEnsembleNode
            {
                Source = 1,
                Targets = 1,
                Trees = [new TreeShape(3, 0, 1)],
                Splits = Constant.S32([3], [new TreeSplit(3, 59_000, true).Pack(), -1, -1]),
                Leaves = Constant.S32([2], [1, 2]),
                Base = Constant.S64([1], [0]),
            }),
        ["numbers of 64 bits by the ten thousand"] = () => Over([new GraphInput("x", [1 << 14], new InputFormat.Fixed(9))],
            new QuantiseNode { Source = 0, Output = ElementType.S64, Multipliers = Constant.S64([1], [long.MaxValue]), Offsets = Constant.S64([1], [5]), Shift = 62 },
            new MaxNode { Source = 1 }),
        ["a convolution that reads little but padding"] = () => Over([Byte],
            new ConstantNode { Value = Constant.S8([5000, 1, 1], new sbyte[5000]) },
            new ConvNode
            {
                Source = 1,
                Weights = Constant.S8([1, 5000, 1, 1], new sbyte[5000]),
                Bias = Constant.S32([1], [0]),
                Window = new() { Kernel = Extent.One, Padding = new(31, 31, 31, 31) },
                Requantise = Requantise.To(ElementType.S8, 4),
            }),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_batch_of_256_is_refused_by_name(string name)
    {
        var graph = Graphs[name]();
        Assert.True(GraphAnalysis.TryAnalyse(graph, ModelLimits.OnChain, out var analysis, out var error), error?.ToString());
        // Thresholds of public features cost next to nothing.
        foreach (var privacy in (ProofPrivacy[])[.. graph.Nodes[0] is RankNode ? [] : (ProofPrivacy[])[ProofPrivacy.None], ProofPrivacy.Inputs])
        {
            var meter = new WorkMeter(Gas);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var isShape = ProofShape.TryBuild(graph, analysis, Circuit.MaxSamples, privacy, meter, out var shape, out error);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
            if (isShape)
                Assert.True(meter.Work + VerificationWork.Of(shape) > Gas, $"{name}, {privacy}: {meter.Work} and {VerificationWork.Of(shape)}");
            else
                Assert.Contains(error.Code, (string[])["proof-unsupported", "proof-work"]);
        }
    }

    /// <summary>The most leaves that lookups may have, and one input more.</summary>
    [Fact]
    public void A_model_at_the_bound_is_proved_and_one_past_it_is_refused()
    {
        const int Most = 1 << 22;
        var (fits, fails) = (1, Most);
        while (fails - fits > 1)
        {
            var count = (fits + fails) / 2;
            (fits, fails) = TryBuild(count, out _, out _) ? (count, fails) : (fits, count);
        }
        Assert.False(TryBuild(fails, out _, out var error));
        Assert.Equal("proof-unsupported", error.Code);
        Assert.True(TryBuild(fits, out var circuit, out error), error?.ToString());
        Assert.InRange(circuit.LeafCount, Most - 2, Most);

        var graph = Chosen(fits);
        Assert.True(Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, out var model, out error), error?.ToString());
        long[] input = [.. Enumerable.Range(0, fits).Select(i => (long)(i * 7 % 251))], output = new long[1];
        Assert.True(model.TryRun(input, output, out error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Toy);
        using var inputs = CommittedInputs.Commit(shape, input);
        var statement = new ProofStatement(model.Hash, default, default, output, InputRoot: inputs.Root);
        Assert.True(ProofProver.TryCreate(shape, graph, weights: null, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, inputs), out error), error?.ToString());
    }

    private static bool TryBuild(int count, out Circuit circuit, out Error error)
    {
        var graph = Chosen(count);
        circuit = null!;
        return GraphAnalysis.TryAnalyse(graph, ModelLimits.OffChain, out var analysis, out error)
            && Circuit.TryBuild(graph, analysis, samples: 1, ProofPrivacy.Inputs, out circuit, out error);
    }

    /// <summary>Of so many private bytes, each a row, two lookups each, and one of them for an output.</summary>
    private static Graph Chosen(int count) => Over([new GraphInput("x", [count, 1], new InputFormat.U8())],
        QuantiseNode.Scale(0, ElementType.S8, 1, 1), new GatherNode { Source = 1, Axis = 0, Indices = Constant.S32([1], [count - 1]) });


    /// <summary>Five layers of 2^24 weights, all of them one constant.</summary>
    [Fact]
    public void More_private_weights_than_a_commitment_holds_are_refused_by_name()
    {
        var (weights, bias) = (Constant.S8([4096, 4096], new sbyte[1 << 24]), Constant.S32([4096], new int[4096]));
        var graph = Over(
            [new GraphInput("x", [4096], new InputFormat.U8())],
            [
                QuantiseNode.Scale(0, ElementType.S8, 1, 1),
                .. Enumerable.Range(1, 5).Select(source => new DenseNode { Source = source, Weights = weights, Bias = bias, Requantise = Requantise.To(ElementType.S8, 16) }),
            ]);
        Assert.True(GraphAnalysis.TryAnalyse(graph, ModelLimits.OffChain, out var analysis, out var error), error?.ToString());
        Assert.False(Circuit.TryBuild(graph, analysis, 1, ProofPrivacy.Weights, out _, out error));
        Assert.Equal("proof-unsupported", error.Code);
        Assert.Contains("committed weights", error.Message);
        Assert.False(Circuit.TryBuildWeightRanges(graph, analysis, out _, out error));
        Assert.Equal("proof-unsupported", error.Code);
    }

    [Fact]
    public void Bounds_of_biases_stay_within_32_bits()
    {
        var graph = Over([Byte], new DenseNode { Source = 0, Weights = Constant.S8([4, 1], new sbyte[4]), Bias = Constant.S32([4], [int.MaxValue, -int.MaxValue, 0, 1000]), Requantise = Requantise.To(ElementType.S8, 4) });
        var bounds = ((DenseNode)PrivateModel.Skeleton(graph).Nodes[0]).Bias.ToArray();
        Assert.Equal([int.MaxValue, int.MaxValue, 0, 1024], bounds);
    }

    private static GatherNode Copies(int source, int axis) => new() { Source = source, Axis = axis, Indices = Constant.S32([1024], new int[1024]) };

    private static Graph Pooled(Shape shape, Window window) => Over([new GraphInput("x", shape, new InputFormat.U8())],
        QuantiseNode.Scale(0, ElementType.S8, 1, 1), new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
        new MaxPoolNode { Source = 2, Window = window });

    private static Graph Over(GraphInput[] inputs, params GraphNode[] nodes) => new()
    {
        Inputs = [.. inputs],
        Nodes = [.. nodes],
        Outputs = [new GraphOutput { Name = "y", Source = inputs.Length + nodes.Length - 1, Kind = OutputKind.Values }],
    };
}
