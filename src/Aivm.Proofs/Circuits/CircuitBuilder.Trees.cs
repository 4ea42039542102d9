using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Tree ensembles: a path through each tree, edge by edge, which stays secret. Edges and leaves are rows, public ones or of committed weights, and so are the
/// samples' numbers that tests are made of where ranks are public; else these are cells.
/// </summary>
/// <remarks>
/// A path has as many steps as its tree is deep. Each step but the last is a row (split, parent, code) with the split before as parent, from the root on;
/// only roots have an edge from themselves, so that shorter paths wait there. The last step is a row (parent, code, values) of a leaf. Each code passes
/// its test on the sample's own ranks (<see cref="TreePaths"/>). Of the two edges of a split exactly one does: there is one path, and its leaf's values
/// are added up.
/// </remarks>
internal sealed partial class CircuitBuilder
{
    /// <summary>Limbs of a leaf's values: rows of all tables take as much room as the longest.</summary>
    private const int MaxLeafColumns = 64;

    private CircuitValue? _sampleNumbers;

    private Error? AddTrees(TreeEnsembleNode node, int value)
    {
        var (ranks, result) = (_values[node.Source], _infos[value]);
        var paths = Weights is not null ? HiddenPathsOf(node) : ranks.IsPublic ? new TreePaths(node) : new TreePaths(node, Ranks.Most);
        if (!paths.Fits)
            return TooManyTests(paths);
        if (paths.Trees.Sum(tree => (long)tree.Depth) * samples > 1 << Circuit.MaxCellBits)
            return Unsupported($"trees of {paths.Trees.Sum(tree => (long)tree.Depth)} steps");
        var sums = ImmutableArray.CreateBuilder<WideSummand>();
        if (paths.Trees.Length > 0)
        {
            var (low, high) = node.Leaves.Range();
            // Below 2^29 is also the sum of the largest leaves.
            var cut = Weights is not null ? CutOfLeaves(node) : CircuitValue.IsNarrow(result) ? new LimbCut(1, Math.Min(0, low), Storage.BitLength((int)(Math.Max(0, high) - Math.Min(0, low)))) : LimbCut.Of(Math.Min(0, low), Math.Max(0, high));
            if (CheckLeaves(paths, cut) is { } tooWide)
                return tooWide;
            sums.Add(new(SumOfLeaves(node, paths, AddPaths(node, paths, ranks, cut, value), cut), 1));
        }
        sums.Add(new(WideNumber.One, [.. paths.Base.ToArray().Select(number => (Int128)number)]));
        return AddSumOf(value, $"value {value}", samples, node.Targets, sums.ToImmutable(), result.Min, result.Max, out var scores)
            ?? Define(value, ValueOf(value, scores));
    }

    private static Error TooManyTests(TreePaths paths) => Unsupported($"trees over {paths.VariantCount / 2} features of up to {paths.MaxGap} thresholds");

    private static Error? CheckLeaves(TreePaths paths, LimbCut cut) => paths.Trees.Max(tree => tree.TargetCount) is var targets && targets * cut.Count > MaxLeafColumns
        ? Unsupported($"leaves of {targets} values")
        : null;

    /// <summary>A split has no word for further features, of which a source may repeat a few as often as it likes.</summary>
    private TreePaths HiddenPathsOf(TreeEnsembleNode node)
    {
        var features = (int)Math.Min(_infos[node.Source].Shape.Elements, TreeSplit.MaxFeatures + 1);
        Spend((Int128)features * FeatureWork);
        return new TreePaths(node, features, Ranks.Most);
    }

    /// <summary>Of private leaves, from what is declared of them.</summary>
    private static LimbCut CutOfLeaves(TreeEnsembleNode node) => LimbCut.Of(-(Int128)PrivateModel.LeafBoundOf(node)!.Value, (Int128)PrivateModel.LeafBoundOf(node)!.Value - 1);

    private (LookupTable Splits, LookupTable Leaves) TablesOf(int node, TreePaths paths, int targets, LimbCut cut)
    {
        if (Weights is null)
            return (new SplitTable(paths), new LeafTable(paths, targets, cut));
        var trees = Weights.AddTrees(node, paths, targets, cut);
        return (new HiddenSplitTable(trees), new HiddenLeafTable(trees));
    }

    /// <returns>The values of the leaves, by target of a tree.</returns>
    private WideCells[] AddPaths(TreeEnsembleNode node, TreePaths paths, CircuitValue ranks, LimbCut cut, int value)
    {
        var targets = paths.Trees.Max(tree => tree.TargetCount);
        var (splits, leaves) = TablesOf(value - graph.Inputs.Length, paths, targets, cut);
        var numbersInfo = new ValueInfo(ElementType.S32, [paths.VariantCount], 0, paths.VariantCount * paths.Spacing);
        var numbers = ranks.IsPublic ? Public.AddMapped(numbersInfo, paths.WriteVariants, ranks) : AddVariants(numbersInfo, paths, ranks, value);
        _addresses.Hold(numbers.Addresses);
        var variants = new VariantTable(paths, numbers, samples);
        var values = new WideCells[targets];
        for (var target = 0; target < targets; target++)
            values[target] = AddEntry(samples, paths.Trees.Length, cut);
        var steps = new TreeStep[paths.Trees[0].Depth];
        Storage? above = null;
        for (var step = steps.Length - 1; step >= 0; step--)
        {
            var (count, name) = (paths.Trees.Count(tree => tree.Depth > step), $"value {value}, step {step} from the end");
            var (child, code) = (step == 0 ? null : AddStorage(samples, count), AddStorage(samples, count));
            var gap = AddNumber($"{name}, gap", samples, count, 0, paths.MaxGap);
            ImmutableArray<Summand> parent = ParentOf(above, paths, count, child is null ? 1 : 2);
            var edges = child is null
                ? AddLookup($"{name}, edge", samples, count, [.. parent, new(2, Cells(code), Once), .. LeafEntries(values)], [leaves])
                : AddLookup($"{name}, edge", samples, count, [new(1, Cells(child), Once), .. parent, new(3, Cells(code), Once)], [splits]);
            var tests = AddLookup(
                $"{name}, test", samples, count,
                [new(1, Cells(code), Once), .. Joined(gap.Number, -1).Select(summand => summand with { Entry = 1 }), new(2, SampleNumbers(count), Once)],
                [variants]);
            steps[step] = new TreeStep(child, code, gap, edges, tests);
            above = child;
        }
        Gadgets.Add(new TreeGadget(value, paths, ranks, steps, values));
        return values;
    }

    /// <summary>
    /// variant * Spacing - v in cells, of ranks that are cells. A missing feature's counts as another one: the rank is 65535 where a flag is set, beside which
    /// it is looked up.
    /// </summary>
    private CircuitValue AddVariants(ValueInfo info, TreePaths paths, CircuitValue ranks, int value)
    {
        var (features, count, variants) = (ranks.Addresses.Length, paths.VariantCount, paths.Variants().ToArray());
        var missing = Ranks.MayBeMissing ? AddStorage(samples, features) : null;
        var row = missing is null
            ? null
            : AddLookup($"value {value}, missing", samples, features, [new(1, Rows(ranks, features), Once), new(2, Cells(missing), Once)], [_missing ??= new MissingTable(Ranks.Most)]);
        var numbers = AddStorage(samples, count);
        var summands = new List<Summand>
        {
            new(0, Cells(numbers), [-Felt.One]), new(0, null, [.. Enumerable.Range(0, count).Select(variant => Felt.From(variant * paths.Spacing))]),
            new(0, Elements(ranks, 1, count, (_, variant) => variants[variant].Feature), [.. variants.Select(variant => Felt.From(variant.Sign))]),
        };
        if (missing is not null)
            summands.Add(new(
                0, Elements(missing, count, variant => variants[variant].Feature),
                [.. variants.Select(variant => Felt.From(variant.Sign * (variant.Missing - ElementTypes.MissingRank)))]));
        AddEquality($"value {value}, numbers of tests", samples, count, [.. summands]);
        Gadgets.Add(new VariantGadget(value, paths, ranks, missing, row, numbers));
        return CircuitValue.OfRows(info, numbers);
    }

    private MissingTable? _missing;

    /// <summary>The largest rank that the graph's thresholds give, and whether any feature may be missing.</summary>
    private (int Most, bool MayBeMissing) Ranks => _rankReach ??= graph.Nodes.OfType<RankNode>().Aggregate(
        (Most: 0, MayBeMissing: false),
        (reach, node) => (Math.Max(reach.Most, node.Counts.DefaultIfEmpty(0).Max()), reach.MayBeMissing || _infos[node.Source].MayBeMissing));

    private (int Most, bool MayBeMissing)? _rankReach;

    /// <summary>Where a step begins: at the split of the step before, or at a root.</summary>
    private ImmutableArray<Summand> ParentOf(Storage? above, TreePaths paths, int count, int entry)
    {
        var before = above?.Channels ?? 0;
        ImmutableArray<Felt> roots = [.. Enumerable.Range(0, count).Select(tree => tree < before ? Felt.Zero : Felt.From(paths.Trees[tree].Root))];
        return above is null ? [new(entry, null, roots)] : [new(entry, null, roots), new(entry, Shifted(above, count, 0), Once)];
    }

    private IEnumerable<Summand> LeafEntries(WideCells[] values) =>
        values.SelectMany(number => number.Limbs).Select((limb, column) => new Summand(LeafTable.Leading + 1 + column, Cells(limb), Once));

    private TapTerm SampleNumbers(int channels) => Elements(_sampleNumbers ??= Public.AddSampleNumbers(), 1, channels, (_, _) => 0);

    /// <summary>Target by target, limb by limb.</summary>
    private WideNumber SumOfLeaves(TreeEnsembleNode node, TreePaths paths, WideCells[] values, LimbCut cut)
    {
        var limbs = new Limb[cut.Count];
        for (var k = 0; k < limbs.Length; k++)
        {
            var addresses = new int[samples * node.Targets][];
            for (var i = 0; i < addresses.Length; i++)
            {
                var (sample, target) = (i / node.Targets, i % node.Targets);
                var list = new List<int>();
                for (var tree = 0; tree < paths.Trees.Length; tree++)
                    if (target - paths.Trees[tree].FirstTarget is var own && own >= 0 && own < paths.Trees[tree].TargetCount)
                        list.Add(values[own].Limbs[k].Base + (sample * values[own].Limbs[k].Width) + tree);
                addresses[i] = [.. list];
            }
            var (low, high) = cut.IntervalOf(k);
            limbs[k] = new Limb(Sparse(node.Targets, addresses), low * paths.Trees.Length, high * paths.Trees.Length);
        }
        return new WideNumber([.. limbs]);
    }
}
