using Aivm.Inference;
using static Aivm.Benchmarks.Gas.CaseConstants;

namespace Aivm.Benchmarks.Gas;

/// <summary>Linear models, ranks and trees.</summary>
internal static class ClassicalCases
{
    public static IEnumerable<GasCase> All => [.. WideDense(), .. Ranks(), .. Trees()];

    private static IEnumerable<GasCase> WideDense()
    {
        foreach (var kind in Enum.GetValues<SourceKind>())
        {
            foreach (var type in (ElementType[])[ElementType.S8, ElementType.S16, ElementType.S32, ElementType.S64])
            {
                foreach (var (rows, inputs, outputs) in (IEnumerable<(int, int, int)>)[(1, 1, 1), (1, 20, 2), (1, 1000, 10), (1, 3, 1000), (500, 1, 1), (300, 5, 3), (1, 512, 1024)])
                {
                    yield return CaseBuilder.Create($"{type} {inputs} to {outputs}", nameof(GasTable.WideMac), [new(kind, [rows, inputs], kind == SourceKind.S64 ? 1L << 30 : 0)], x => new WideDenseNode
                    {
                        Source = x[0],
                        Weights = Of(type, [outputs, inputs], type == ElementType.S8 ? 127 : 1000),
                        Bias = S64([outputs], 1L << 40),
                    });
                }
            }
        }
    }

    private static IEnumerable<GasCase> Ranks()
    {
        foreach (var (features, thresholds) in (IEnumerable<(int, int)>)[(1, 1), (20, 30), (1, 60_000), (16_000, 0), (8_000, 1), (1_000, 100), (8, 60_000)])
        {
            int[] counts = [.. Enumerable.Repeat(thresholds, features)];
            if (thresholds == 0)
                counts[0] = 1;
            var all = counts.SelectMany(count => Enumerable.Range(0, count).Select(i => -(1L << 40) + ((i + 1L) * (1L << 41) / (count + 1)))).ToArray();
            yield return CaseBuilder.Create($"{thresholds} thresholds", nameof(GasTable.Branch), [new(SourceKind.S64, [features])], x => new RankNode { Source = x[0], Counts = [.. counts], Thresholds = Constant.S64([all.Length], all) });
        }
    }

    private static IEnumerable<GasCase> Trees()
    {
        yield return Forest("of depth 6", features: 30, trees: 100, depth: 6, targets: 1);
        yield return Forest("of one leaf", features: 1, trees: 1, depth: 0, targets: 1);
        yield return Forest("of leaves", features: 1, trees: 2000, depth: 0, targets: 1);
        yield return Forest("of depth 1", features: 200, trees: 500, depth: 1, targets: 3);
        yield return Forest("of depth 12", features: 1000, trees: 30, depth: 12, targets: 1);
        yield return Forest("of depth 16", features: 16_000, trees: 4, depth: 16, targets: 1);
        yield return Forest("of many targets", features: 4, trees: 20, depth: 2, targets: 500);
        yield return Chain(features: 16_000, trees: 40);
    }

    private static GasCase Forest(string name, int features, int trees, int depth, int targets)
    {
        var random = new Random(3);
        var nodes = (2 << depth) - 1;
        var splits = new List<int>();
        for (var t = 0; t < trees; t++)
            Grow(depth);
        return Ensemble($"{trees} {name}", features, [.. Enumerable.Repeat(new TreeShape(nodes, 0, targets), trees)], splits, targets);

        void Grow(int left)
        {
            splits.Add(left == 0 ? TreeSplit.Leaf : new TreeSplit(random.Next(features), random.Next(3), random.Next(2) == 0).Pack());
            for (var child = 0; child < 2 && left > 0; child++)
                Grow(left - 1);
        }
    }

    /// <summary>The longest paths there are, each step on another feature, and always taken.</summary>
    private static GasCase Chain(int features, int trees)
    {
        var random = new Random(4);
        var splits = new List<int>();
        for (var t = 0; t < trees; t++)
        {
            splits.AddRange(Enumerable.Range(0, TreeEnsembleNode.MaxDepth).Select(_ => new TreeSplit(random.Next(features), 3, MissingTrue: true).Pack()));
            splits.AddRange(Enumerable.Repeat(TreeSplit.Leaf, TreeEnsembleNode.MaxDepth + 1));
        }
        return Ensemble("chains", features, [.. Enumerable.Repeat(new TreeShape((2 * TreeEnsembleNode.MaxDepth) + 1, 0, 1), trees)], splits, targets: 1);
    }

    /// <summary>Every feature has the same three thresholds, which random numbers fall between evenly.</summary>
    private static GasCase Ensemble(string name, int features, TreeShape[] trees, List<int> splits, int targets)
    {
        var thresholds = Enumerable.Range(0, features).SelectMany(_ => (long[])[-(1L << 39), 0, 1L << 39]).ToArray();
        var leaves = splits.Count(split => split == TreeSplit.Leaf) * targets;
        return CaseBuilder.CreateRanked(name, nameof(GasTable.Branch), features, Constant.S64([thresholds.Length], thresholds), rank => new TreeEnsembleNode
        {
            Source = rank,
            Targets = targets,
            Trees = [.. trees],
            Splits = Constant.S32([splits.Count], [.. splits]),
            Leaves = Of(ElementType.S32, [leaves], 1 << 24),
            Base = S64([targets], 1 << 24),
        });
    }
}
