using Aivm.Compiler.Quantisation;

namespace Aivm.Compiler.Classical;

/// <summary>The splits of an ensemble as comparisons of ranks among the cuts of each element of the input.</summary>
internal sealed class TreeCuts
{
    private const int MaxThresholds = 65534;

    private readonly Dictionary<TreeNode.Split, (long Cut, bool TrueBelow)> _cuts = [];
    private readonly IReadOnlyList<FeaturePath?> _features;

    public TreeCuts(FloatTrees trees, InputPort port, int elements)
    {
        _features = trees.Ensemble.Features;
        var finder = new FeatureCuts(trees, _features.OfType<FeaturePath>(), port);
        var lists = new SortedSet<long>[elements];
        for (var element = 0; element < elements; element++)
            lists[element] = [];
        foreach (var split in trees.Ensemble.Trees.SelectMany(tree => tree.Splits))
        {
            var path = _features[split.Feature]!;
            if (!_cuts.TryGetValue(Comparison(split), out var cut))
                _cuts.Add(Comparison(split), cut = finder.Find(path, x => split.IsLesser(x) == split.LesserTrue));
            lists[path.Element].Add(cut.Cut);
        }
        // The rank node wants at least one threshold in all.
        if (lists.All(list => list.Count == 0))
            lists[0].Add(FeatureCuts.Lowest);
        Sorted = [.. lists.Select(list => list.ToArray())];
        if (Sorted.Any(list => list.Length > MaxThresholds))
            throw Refusal.Operator(trees, $"a feature has more than {MaxThresholds} thresholds");
    }

    /// <summary>By element of the input, the cuts, ascending.</summary>
    public long[][] Sorted { get; }

    /// <summary>A split as the engine makes it: which branch numbers below the cut of this rank go to, and whether missing ones go with them.</summary>
    public (int Element, int Rank, bool TrueBelow, bool MissingBelow) Of(TreeNode.Split split)
    {
        var path = _features[split.Feature]!;
        var (cut, trueBelow) = _cuts[Comparison(split)];
        var missingTrue = split.Takes(path.At(double.NaN));
        return (path.Element, Array.BinarySearch(Sorted[path.Element], cut), trueBelow, missingTrue == trueBelow);
    }

    /// <summary>What two splits share that compare alike.</summary>
    private static TreeNode.Split Comparison(TreeNode.Split split) => split with { MissingTrue = false, True = 0, False = 0 };
}
