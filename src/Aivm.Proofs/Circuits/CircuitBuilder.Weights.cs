using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>The ranges of private weights and biases, which their owner proves once.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Below it two numbers of the ranges' size cannot differ by p.</summary>
    private const long MaxBiasBound = 1L << 28;

    /// <summary>
    /// A weight is looked up in [-127, 127]. A bias b with the bound B is b + B = x and B - b = x', both of whole limbs: x and x' are below 4 B, so that
    /// x - B and B - x', equal modulo p, are equal, and b lies in [-B, B].
    /// </summary>
    public Error? BuildWeightRanges() => Limited(BuildRanges);

    private Error? BuildRanges()
    {
        Domain = Circuit.WeightRangesDomain;
        var range = new IntervalTable(-ElementTypes.MaxOf(ElementType.S8), ElementTypes.MaxOf(ElementType.S8));
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            if (HiddenOf(i) is { } hidden)
            {
                AddWideRanges($"weights of node {i}", hidden.Weights);
                AddWideRanges($"bias of node {i}", hidden.Bias);
                continue;
            }
            var (numbers, bias) = graph.Nodes[i] switch
            {
                ConvNode n => (n.Weights, n.Bias),
                DenseNode n => (n.Weights, n.Bias),
                _ => default,
            };
            if (numbers is null)
                continue;
            var taps = graph.Nodes[i] is ConvNode ? numbers.Shape[2] * numbers.Shape[3] : 1;
            var layer = Weights!.Add(i, bias.Count, numbers.Count / bias.Count / taps, taps, out var biasPlace);
            var site = AddLookup($"weights of node {i}", layer.Place!.Positions, layer.Place.Channels, [new(1, new WeightTerm(layer.Place), Once)], [range]);
            Gadgets.Add(new WeightRangeGadget(layer.Place, site));
            if (AddBiasRange(i, bias, biasPlace) is { } fault)
                return fault;
        }
        if (Weights!.IsEmpty)
            return Unsupported("the model has no Conv, no Dense and no linear model, whose weights alone can be private");
        if (CheckWeights() is { } tooMany)
            return tooMany;
        AddTables();
        RandomCells = AddStorage(Circuit.RandomCellCount, 1);
        return TableGrid.End > 1 << Circuit.MaxLeafBits ? Unsupported($"{TableGrid.End} weights are too many for one proof") : null;
    }

    /// <summary>Limbs of an interval that is a power of two long: the numbers lie in it.</summary>
    private void AddWideRanges(string name, HiddenNumbers numbers)
    {
        for (var k = 0; k < numbers.Limbs.Length; k++)
        {
            var (place, interval) = (numbers.Limbs[k].Place!, numbers.Cut.IntervalOf(k));
            var site = AddLookup($"{name}, limb {k}", place.Positions, place.Channels, [new(1, new WeightTerm(place), Once)], [Interval(interval.Low, interval.High)]);
            Gadgets.Add(new WeightRangeGadget(place, site));
        }
    }

    /// <summary>Commitments have a largest vector.</summary>
    private Error? CheckWeights() => Weights is { } weights && weights.CellCount > 1 << OracleShape.MaxVariables
        ? Unsupported($"{weights.CellCount} private weights; at most {1 << OracleShape.MaxVariables}")
        : null;

    private Error? AddBiasRange(int node, Constant bounds, Storage place)
    {
        for (var c = 0; c < bounds.Count; c++)
            if (bounds[c] >= MaxBiasBound)
                return Unsupported($"a bias of node {node} may reach {bounds[c]}; private ones stay below {MaxBiasBound}");
        foreach (var sign in (ReadOnlySpan<int>)[1, -1])
        {
            var bias = new Summand(0, new BiasTerm(place, positions: 1), [Felt.From(sign)]);
            var bound = new Summand(0, null, [.. bounds.ToArray().Select(Felt.From)]);
            var (limbs, sites, summands) = (new List<Storage>(), new List<LookupSite>(), new List<Summand> { bias, bound });
            for (var first = 0; bounds.ToArray().Any(each => BitsOf(each) > first); first += PartBits)
            {
                var (limb, from) = (AddStorage(1, bounds.Count), first);
                limbs.Add(limb);
                sites.Add(AddLookup(
                    $"bias of node {node}, bits from {first}", 1, bounds.Count, [new(1, Cells(limb), Once)],
                    [.. bounds.ToArray().Select(each => Range(Math.Clamp(BitsOf(each) - from, 0, PartBits)))]));
                summands.Add(new(0, Cells(limb), [-Felt.From(1L << first)]));
            }
            AddEquality($"bias of node {node}", 1, bounds.Count, [.. summands]);
            Gadgets.Add(new BiasRangeGadget(place, sign, [.. bounds.ToArray()], [.. limbs], [.. sites]));
        }
        return null;
    }

    /// <summary>Of the largest sum of a bias and its bound.</summary>
    private static int BitsOf(long bound) => Storage.BitLength((int)(2 * bound));
}
