using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Architectures of few bytes that ask for large circuits: the work is counted, and the memory not taken, before anything is built.</summary>
public sealed class HostileArchitectureTests
{
    private const long Limit = 20_000_000;

    private const long MostBytes = 16 << 20;

    [Theory]
    [InlineData("many embeddings of one number, each with a bound of its own", "proof-work")]
    [InlineData("many tests", "proof-work")]
    [InlineData("many ensembles over many features", "proof-work")]
    [InlineData("leaves of many values", "proof-unsupported")]
    [InlineData("a few features, repeated four million times", null)]
    public void Ranges_are_built_within_a_limit_of_work(string kind, string? code)
    {
        var model = kind switch
        {
            "many embeddings of one number, each with a bound of its own" => Embeddings(64),
            "many tests" => ManyTests(),
            "many ensembles over many features" => Trees(thresholds: 126, ensembles: 64, 64, 64, 4),
            "leaves of many values" => Targets(65_000),
            _ => Trees(thresholds: 1, ensembles: 1, 64, 64, 64, 16),
        };
        Assert.True(PrivateModel.IsArchitecture(model.Graph, out var error), error?.ToString());
        Assert.True(GraphAnalysis.TryAnalyse(model.Graph, ModelLimits.OnChain, out var analysis, out error), error?.ToString());
        var (meter, before) = (new WorkMeter(Limit), GC.GetAllocatedBytesForCurrentThread());
        Circuit.TryBuildWeightRanges(model.Graph, analysis, meter, out _, out error);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.Equal(code, error?.Code);
        Assert.Equal(code == "proof-work", meter.IsExhausted);
    }

    /// <summary>More features than a split can name: no variant is made of the others, in a run neither.</summary>
    [Fact]
    public void Features_that_no_split_can_name_have_no_variants()
    {
        var model = Trees(thresholds: 1, ensembles: 1, 64, 64, 16);
        Assert.True(GraphAnalysis.TryAnalyse(model.Graph, ModelLimits.OnChain, out var analysis, out var error), error?.ToString());
        Assert.True(Circuit.TryBuild(model.Graph, analysis, 1, ProofPrivacy.Weights, out var circuit, out error), error?.ToString());
        Assert.Equal(1 + (4 * (TreeSplit.MaxFeatures + 1)), circuit.Gadgets.OfType<TreeGadget>().Single().Paths.VariantCount);
    }

    [Fact]
    public void The_codes_of_all_tests_are_written_as_they_are_read()
    {
        var table = new SplitCodeTable(new TreePaths((TreeEnsembleNode)Trees(thresholds: 5, ensembles: 1, 3).Graph.Nodes[^1], features: 3, mostRank: 5));
        Assert.Equal(3 * 2 * 6, table.Rows);
        for (var column = 0; column < table.Columns; column++)
        {
            var rows = new int[table.Rows];
            table.CopyColumn(column, rows);
            Assert.Equal(Enumerable.Range(0, table.Rows).Select(row => table.Entry(row, column)), rows);
        }
    }

    /// <summary>Few bytes whose proof of ranges has four million rows.</summary>
    internal static Model ManyTests() => Trees(thresholds: 126, ensembles: 1, 64, 64, 4);

    /// <param name="repeats">How often all features so far are repeated.</param>
    private static Model Trees(int thresholds, int ensembles, params int[] repeats)
    {
        var nodes = new List<GraphNode> { new RankNode { Source = 0, Counts = [thresholds], Thresholds = Constant.S64([thresholds], [.. Enumerable.Range(0, thresholds).Select(i => (long)i)]) } };
        foreach (var repeat in repeats)
            nodes.Add(new ConcatNode { Parts = [.. Enumerable.Repeat(nodes.Count, repeat)], Axis = 0 });
        var source = nodes.Count;
        for (var i = 0; i < ensembles; i++)
            nodes.Add(new TreeEnsembleNode
            {
                Source = source,
                Targets = 1,
                Trees = [new TreeShape(3, 0, 1)],
                Splits = Constant.S32([3], [0, TreeSplit.Leaf, TreeSplit.Leaf]),
                Leaves = Constant.S64([2], [1024, 1024]),
                Base = Constant.S64([1], [0]),
            });
        if (ensembles > 1)
            nodes.Add(new ConcatNode { Parts = [.. Enumerable.Range(source + 1, ensembles)], Axis = 0 });
        return SmallCircuits.Model(new GraphInput("x", [1], new InputFormat.Fixed(0)), [.. nodes]);
    }

    private static Model Embeddings(int count) => SmallCircuits.Model(
        new GraphInput("x", [1], new InputFormat.Index(1)),
        [
            .. Enumerable.Range(0, count).Select(i => new EmbeddingNode { Source = 0, Table = Constant.S16([1, 1], [(short)(32_000 + i)]) }),
            new ConcatNode { Parts = [.. Enumerable.Range(1, count)], Axis = 1 },
        ]);

    private static Model Targets(int targets) => SmallCircuits.Model(
        new GraphInput("x", [1], new InputFormat.Fixed(0)),
        new RankNode { Source = 0, Counts = [1], Thresholds = Constant.S64([1], [0]) },
        new TreeEnsembleNode
        {
            Source = 1,
            Targets = targets,
            Trees = [new TreeShape(3, 0, targets)],
            Splits = Constant.S32([3], [0, TreeSplit.Leaf, TreeSplit.Leaf]),
            Leaves = Constant.S64([2 * targets], [.. Enumerable.Repeat(1L, 2 * targets)]),
            Base = Constant.S64([targets], new long[targets]),
        });
}
