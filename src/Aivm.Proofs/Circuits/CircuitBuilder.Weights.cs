using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>The ranges of private weights and biases, which their owner proves once.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Below it two numbers of the ranges' size cannot differ by p.</summary>
    private const long MaxBiasBound = 1L << 28;

    /// <summary>
    /// A weight w is looked up with its magnitude among (-127, 127), …, (127, 127), or two weights with the sum of theirs. An output's n magnitudes add up to
    /// n M - x, x of whole limbs: both sides are less than 2^30 from 0, so that they are equal. A bias b with the bound B is b + B = x and B - b = x',
    /// likewise: x and x' are below 4 B, so that x - B and B - x', equal modulo p, are equal, and b lies in [-B, B].
    /// </summary>
    public Error? BuildWeightRanges() => Limited(BuildRanges);

    /// <summary>Reserves the places that committed weights have in every circuit of the model, and says nothing about them.</summary>
    public Error? LayOutWeights() => Limited(() =>
    {
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            Spend(NodeWork);
            if (LayOut(i) is { } fault)
                return fault;
        }
        return CheckWeights();
    });

    private Error? LayOut(int node)
    {
        if (HiddenOf(node) is not null)
            return null;
        if (graph.Nodes[node] is TreeEnsembleNode ensemble)
            return PlaceTrees(node, ensemble, out _);
        if (graph.Nodes[node] is EmbeddingNode embedding && IsHidden(embedding))
            Weights!.AddRows(node, embedding.Table.Count);
        else if (LayerOf(graph.Nodes[node]) is { Weights: { } numbers, Bias: var bias })
            Weights!.Add(node, bias.Count, InputsOf(numbers), TapsOf(numbers), out _);
        return null;
    }

    private Error? BuildRanges()
    {
        Domain = Circuit.WeightRangesDomain;
        var (singles, pairs) = (new MagnitudeTable(1), new MagnitudeTable(2));
        var inPairs = graph.Nodes.Sum(node => LayerOf(node) is { Weights: { } each } && InputsOf(each) % 2 == 0 ? each.Count : 0L) > MinPairedWeights;
        Spend(NodeWork);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            Spend(NodeWork);
            if (AddRangesOf(i, inPairs ? pairs : singles, singles) is { } fault)
                return fault;
        }
        if (Weights!.IsEmpty)
            return NoWeights();
        if (CheckWeights() is { } tooMany)
            return tooMany;
        AddTables();
        RandomCells = AddStorage(Circuit.RandomCellCount, 1);
        return TableGrid.End > 1 << Circuit.MaxLeafBits ? Unsupported($"{TableGrid.End} weights are too many for one proof") : null;
    }

    /// <param name="ofEven">For layers with an even number of inputs.</param>
    /// <param name="ofOdd">For the others.</param>
    private Error? AddRangesOf(int node, MagnitudeTable ofEven, MagnitudeTable ofOdd)
    {
        if (HiddenOf(node) is { } hidden)
        {
            AddWideRanges($"weights of node {node}", hidden.Weights);
            AddWideRanges($"bias of node {node}", hidden.Bias);
            return null;
        }
        if (graph.Nodes[node] is TreeEnsembleNode ensemble)
            return AddTreeRanges(node, ensemble);
        if (graph.Nodes[node] is EmbeddingNode embedding && IsHidden(embedding))
        {
            var bound = embedding.Table[0];
            AddLimbRanges($"rows of node {node}", [Weights!.AddRows(node, embedding.Table.Count).Place], _ => (-bound, bound));
            return null;
        }
        if (LayerOf(graph.Nodes[node]) is not { Weights: { } numbers, Bias: var bias })
            return null;
        var (outputs, inputs, taps) = (bias.Count, InputsOf(numbers), TapsOf(numbers));
        var layer = Weights!.Add(node, outputs, inputs, taps, out var biasPlace);
        long[] means = [.. Enumerable.Range(0, outputs).Select(o => numbers[numbers.Count / outputs * o])];
        AddWeightRange(node, layer.Place!, means, taps, inputs % 2 == 0 ? ofEven : ofOdd);
        return AddBiasRange(node, bias, biasPlace);
    }

    /// <summary>From so many weights on, a table of all pairs is shorter than the lookups that it saves.</summary>
    private const long MinPairedWeights = 1 << 18;

    private static (Constant? Weights, Constant Bias) LayerOf(GraphNode node) => node switch
    {
        ConvNode n => (n.Weights, n.Bias),
        DenseNode n => (n.Weights, n.Bias),
        _ => default,
    };

    /// <summary>Of a kernel; a dense layer has one.</summary>
    private static int TapsOf(Constant weights) => weights.Shape.Rank > 2 ? weights.Shape[2] * weights.Shape[3] : 1;

    /// <summary>Of each output's group.</summary>
    private static int InputsOf(Constant weights) => weights.Count / weights.Shape[0] / TapsOf(weights);

    /// <summary>Weights of 8 bits, one by one or in pairs, and how much those of an output may be taken together.</summary>
    /// <param name="means">By output: what the mean of its weights' magnitudes does not exceed.</param>
    private void AddWeightRange(int node, Storage place, long[] means, int taps, MagnitudeTable table)
    {
        Spend((place.Positions + ((Int128)place.Channels * taps)) * WeightWork);
        var (step, channels) = (table.Weights, place.Channels / table.Weights);
        var magnitudes = AddStorage(place.Positions, channels);
        var weights = Enumerable.Range(0, step).Select(k => new Summand(1 + k, new WeightTerm(place, first: k, step), Once));
        var site = AddLookup($"weights of node {node}", place.Positions, channels, [.. weights, new(1 + step, Cells(magnitudes), Once)], [table]);
        Gadgets.Add(new MagnitudeGadget(place, magnitudes, site));

        var (outputs, count) = (means.Length, place.Channels * taps);
        int[][] maps = taps == 1 ? [] : [.. Enumerable.Range(0, taps).Select(tap => Enumerable.Range(tap * outputs, outputs).ToArray())];
        var ones = new sbyte[channels * taps];
        Array.Fill(ones, (sbyte)1);
        var sum = new LinearTerm(ViewOf(magnitudes), outputs, maps, LayerWeights.Public(Constant.S8([1, channels, taps], ones)), outputs: 1, groups: 1);
        long[] bounds = [.. means.Select(mean => mean * count)];
        var bound = Public.AddConstant(new ValueInfo(ElementType.S32, [outputs, 1], 0, bounds.Max()), Constant.S32([outputs, 1], [.. bounds.Select(each => (int)each)]));
        var slack = AddSlack(
            $"magnitudes of node {node}", outputs, channels: 1, [bounds.Max()],
            [new(0, new TapTerm(bound.ToGrid(samples, _addresses)), Once), new(0, sum, [-Felt.One])]);
        Gadgets.Add(new MagnitudeSumGadget(magnitudes, bounds, slack));
    }

    /// <summary>A sum is not negative: it is cut into limbs.</summary>
    /// <param name="most">What it reaches at most, by channel.</param>
    private SlackCells AddSlack(string name, int positions, int channels, long[] most, List<Summand> summands)
    {
        var (limbs, sites) = (new List<Storage>(), new List<LookupSite>());
        for (var first = 0; most.Any(each => BitsOf(each) > first); first += PartBits)
        {
            var (limb, from) = (AddStorage(positions, channels), first);
            limbs.Add(limb);
            sites.Add(AddLookup(
                $"{name}, bits from {first}", positions, channels, [new(1, Cells(limb), Once)],
                [.. most.Select(each => Range(Math.Clamp(BitsOf(each) - from, 0, PartBits)))]));
            summands.Add(new(0, Cells(limb), [-Felt.From(1L << first)]));
        }
        AddEquality(name, positions, channels, [.. summands]);
        return new SlackCells([.. limbs], [.. sites]);
    }

    private static int BitsOf(long most) => Storage.BitLength((int)most);

    /// <summary>Both edges of each split have the codes of one test, and leaves lie in the declared interval.</summary>
    private Error? AddTreeRanges(int node, TreeEnsembleNode ensemble)
    {
        if (PlaceTrees(node, ensemble, out var trees) is { } fault)
            return fault;
        if (trees is null)
            return null;
        var (codes, splits) = (trees.Codes, Circuit.TableColumns / 2);
        var site = AddLookup(
            $"splits of node {node}", codes.Positions, splits,
            [new(1, new WeightTerm(codes, first: 0, step: 2), Once), new(2, new WeightTerm(codes, first: 1, step: 2), Once)], [new SplitCodeTable(trees.Paths)]);
        Gadgets.Add(new SplitCodeGadget(codes, site));
        AddLimbRanges($"leaves of node {node}", trees.Values, column => trees.Cut.IntervalOf(column % trees.Cut.Count));
        return null;
    }

    /// <param name="trees">Null where no tree has a split.</param>
    private Error? PlaceTrees(int node, TreeEnsembleNode ensemble, out HiddenTrees? trees)
    {
        trees = null;
        Spend(((Int128)ensemble.Splits.Count * SplitWork) + ((Int128)ensemble.Leaves.Count * ElementWork));
        var paths = HiddenPathsOf(ensemble);
        if (!paths.Fits)
            return TooManyTests(paths);
        if (paths.Trees.IsEmpty)
            return null;
        var cut = CutOfLeaves(ensemble);
        if (CheckLeaves(paths, cut) is { } tooWide)
            return tooWide;
        trees = Weights!.AddTrees(node, paths, paths.Trees.Max(tree => tree.TargetCount), cut);
        return null;
    }

    /// <summary>Limbs of an interval that is a power of two long: the numbers lie in it.</summary>
    private void AddWideRanges(string name, HiddenNumbers numbers) => AddLimbRanges(name, [.. numbers.Limbs.Select(limb => limb.Place!)], numbers.Cut.IntervalOf);

    private void AddLimbRanges(string name, Storage[] places, Func<int, (long Low, long High)> intervalOf)
    {
        for (var k = 0; k < places.Length; k++)
        {
            var (place, interval) = (places[k], intervalOf(k));
            var site = AddLookup($"{name}, limb {k}", place.Positions, place.Channels, [new(1, new WeightTerm(place), Once)], [Interval(interval.Low, interval.High)]);
            Gadgets.Add(new WeightRangeGadget(place, site));
        }
    }

    /// <summary>Commitments have a largest vector, and a least one: without random cells there has to be a weight.</summary>
    private Error? CheckWeights() => Weights?.CellCount switch
    {
        0 => NoWeights(),
        > 1 << OracleShape.MaxVariables => Unsupported($"{Weights.CellCount} committed weights; at most {1 << OracleShape.MaxVariables}"),
        _ => null,
    };

    private static Error NoWeights() =>
        Unsupported("the model has no Conv, no Dense, no linear model, no trees and no embedding, whose weights alone can be committed");

    private Error? AddBiasRange(int node, Constant bounds, Storage place)
    {
        for (var c = 0; c < bounds.Count; c++)
            if (bounds[c] >= MaxBiasBound)
                return Unsupported($"a bias of node {node} may reach {bounds[c]}; committed ones stay below {MaxBiasBound}");
        foreach (var sign in (ReadOnlySpan<int>)[1, -1])
        {
            var bias = new Summand(0, new BiasTerm(place, positions: 1), [Felt.From(sign)]);
            var bound = new Summand(0, null, [.. bounds.ToArray().Select(Felt.From)]);
            var slack = AddSlack($"bias of node {node}", 1, bounds.Count, [.. bounds.ToArray().Select(each => 2 * each)], [bias, bound]);
            Gadgets.Add(new BiasRangeGadget(place, sign, [.. bounds.ToArray()], slack));
        }
        return null;
    }
}
