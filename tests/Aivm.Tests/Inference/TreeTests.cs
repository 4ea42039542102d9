using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>Paths of trees: equal to the threshold, beside it, missing.</summary>
public sealed class TreeTests
{
    private static long[] Scores(params long[] features) => Graphs.Run(Graphs.Table(), [.. features, 0, 0])[..2];

    [Fact]
    public void A_feature_equal_to_its_threshold_is_not_below_it()
    {
        // Tree 1: x0 < 10 ? (x1 < 0 ? 1 : 10) : 100. Tree 2: x0 < -5 ? (1000, 2000) : (10000, 20000). Base (5, 6).
        Assert.Equal([5 + 1 + 10000, 6 + 20000], Scores(9, -1));
        Assert.Equal([5 + 10 + 10000, 6 + 20000], Scores(9, 0));
        Assert.Equal([5 + 100 + 10000, 6 + 20000], Scores(10, 0));
        Assert.Equal([5 + 10 + 10000, 6 + 20000], Scores(-5, 0));
        Assert.Equal([5 + 10 + 1000, 6 + 2000], Scores(-6, 0));
        Assert.Equal([5 + 100 + 10000, 6 + 20000], Scores(long.MaxValue, long.MaxValue));
        Assert.Equal([5 + 1 + 1000, 6 + 2000], Scores(long.MinValue + 1, long.MinValue + 1));
    }

    [Fact]
    public void A_missing_feature_follows_each_split_own_flag()
    {
        // The first split of tree 1 sends missing to its true side, the others to their false side.
        Assert.Equal([5 + 1 + 10000, 6 + 20000], Scores(ElementTypes.MissingInput, -1));
        Assert.Equal([5 + 10 + 10000, 6 + 20000], Scores(ElementTypes.MissingInput, ElementTypes.MissingInput));
    }

    [Fact]
    public void A_tree_of_one_leaf_adds_it_always()
    {
        var graph = Graphs.Of(
            [1],
            source => new RankNode { Source = source, Counts = [1], Thresholds = Constant.S64([1], [0]) },
            source => new TreeEnsembleNode
            {
                Source = source,
                Targets = 1,
                Trees = [new TreeShape(1, 0, 1)],
                Splits = Constant.S32([1], [TreeSplit.Leaf]),
                Leaves = Constant.S64([1], [41]),
                Base = Constant.S64([1], [1]),
            });
        Assert.Equal([42], Graphs.Run(graph, 7));
    }

    [Theory]
    [InlineData("a split without its subtrees", 3, new[] { 0, 0, -1 })]
    [InlineData("ends before its last node", 3, new[] { 0, -1, -1, -1 })]
    [InlineData("ends before its last node", 2, new[] { -1, -1 })]
    [InlineData("over 1 features", 3, new[] { 1 << 17, -1, -1 })]
    [InlineData("a split -2", 3, new[] { -2, -1, -1 })]
    public void A_broken_tree_is_refused(string reason, int nodes, int[] splits)
    {
        nodes = Math.Max(nodes, splits.Length);
        var graph = Graphs.Of(
            [1],
            source => new RankNode { Source = source, Counts = [1], Thresholds = Constant.S64([1], [0]) },
            source => new TreeEnsembleNode
            {
                Source = source,
                Targets = 1,
                Trees = [new TreeShape(nodes, 0, 1)],
                Splits = Constant.S32([splits.Length], splits),
                Leaves = Constant.S64([2], [1, 2]),
                Base = Constant.S64([1], [0]),
            });
        Assert.False(GraphAnalysis.TryAnalyse(graph, out _, out var error));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, int.MinValue)]
    [InlineData(int.MinValue, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(1, 1)]
    public void A_tree_for_targets_that_are_not_there_is_refused(int first, int count)
    {
        var graph = Graphs.Of(
            [1],
            source => new RankNode { Source = source, Counts = [1], Thresholds = Constant.S64([1], [0]) },
            source => new TreeEnsembleNode
            {
                Source = source,
                Targets = 1,
                Trees = [new TreeShape(1, first, count)],
                Splits = Constant.S32([1], [TreeSplit.Leaf]),
                Leaves = Constant.S64([1], [1]),
                Base = Constant.S64([1], [0]),
            });
        Assert.False(GraphAnalysis.TryAnalyse(graph, out _, out var error));
        Assert.Equal("graph-shape", error.Code);
    }

    [Fact]
    public void A_path_of_256_splits_is_a_tree_and_one_of_257_is_refused()
    {
        Assert.Equal([0], Graphs.Run(Chain(256), -1));
        Assert.Equal([256], Graphs.Run(Chain(256), 1));
        Assert.False(GraphAnalysis.TryAnalyse(Chain(257), out _, out var error));
        Assert.Equal("graph-field", error.Code);
    }

    /// <summary>Each split's true child is a leaf, its false child the next split; leaves count up.</summary>
    private static Graph Chain(int depth)
    {
        var splits = Enumerable.Range(0, depth).SelectMany(_ => (int[])[0, TreeSplit.Leaf]).Append(TreeSplit.Leaf).ToArray();
        return Graphs.Of(
            [1],
            source => new RankNode { Source = source, Counts = [1], Thresholds = Constant.S64([1], [0]) },
            source => new TreeEnsembleNode
            {
                Source = source,
                Targets = 1,
                Trees = [new TreeShape(splits.Length, 0, 1)],
                Splits = Constant.S32([splits.Length], splits),
                Leaves = Constant.S64([depth + 1], [.. Enumerable.Range(0, depth + 1).Select(i => (long)i)]),
                Base = Constant.S64([1], [0]),
            });
    }
}
