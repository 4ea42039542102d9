using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Linear models whose weights are committed: products of limbs of both, each a linear function of the committed ones. What a node's numbers lie between is
/// declared, [-2^m, 2^m) for all of them, and limbs are proved to lie within it once.
/// </summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Two of them are a digit, and a limb fits the bytes that weights are kept in.</summary>
    private const int HiddenBits = WideNumber.LimbBits / 2;

    /// <summary>Places the private numbers of a node that has 64 bits of them; null for any other.</summary>
    private (HiddenNumbers Weights, HiddenNumbers Bias)? HiddenOf(int node) => graph.Nodes[node] switch
    {
        WideDenseNode n => Weights?.AddWide(node, n.Bias.Count, n.Weights.Shape[1], CutOf(n.Weights), CutOf(n.Bias)),
        QuantiseNode n when PrivateModel.HidesMultipliers(n) => Weights?.AddWide(node, n.Offsets.Count, 1, CutOf(n.Multipliers), CutOf(n.Offsets)),
        _ => null,
    };

    private static LimbCut CutOf(Constant bounds) => LimbCut.Of(-(Int128)bounds[0], (Int128)bounds[0] - 1, HiddenBits);

    /// <summary>Whether a node has private numbers, so that no verifier computes it.</summary>
    private bool IsHidden(GraphNode node) => Weights is not null && node switch
    {
        WideDenseNode => true,
        QuantiseNode n => PrivateModel.HidesMultipliers(n),
        EmbeddingNode n => PrivateModel.HidesRows(n),
        _ => false,
    };

    /// <summary>How far the sum of a private entry map may lie from 0 before it is divided.</summary>
    private static Int128 DeclaredReach(QuantiseNode node, ValueInfo source) =>
        ((Int128)source.Magnitude * node.Multipliers[0]) + node.Offsets[0] + (node.Shift == 0 ? 0 : Int128.One << (node.Shift - 1));

    /// <summary>Each feature times its own private number.</summary>
    private Error? AddHiddenQuantise(QuantiseNode node, int value)
    {
        var grid = GridShape.OfRows(_infos[value].Shape);
        var (weights, bias) = HiddenOf(value - graph.Inputs.Length)!.Value;
        var half = node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1);
        ImmutableArray<WideSummand> sum = [.. ProductsOf(LimbsOf(CutAbove(WideNumber.LimbBits, value, node.Source)), grid, weights, grid.Channels, groups: grid.Channels), .. BiasOf(bias, grid), new(WideNumber.One, half)];
        var reach = DeclaredReach(node, _infos[node.Source]);
        return AddClamped(value, grid, sum, -reach, reach, node.Shift);
    }

    private Error? AddHiddenWideDense(WideDenseNode node, int value)
    {
        var (result, grid) = (_infos[value], GridShape.OfRows(_infos[node.Source].Shape));
        var (outputs, positions, name) = (node.Bias.Count, samples * grid.Positions, $"value {value}");
        var (weights, bias) = HiddenOf(value - graph.Inputs.Length)!.Value;
        return AddRowSums(value, name, [.. ProductsOf(LimbsOf(CutAbove(WideNumber.LimbBits, value, node.Source)), grid, weights, outputs, groups: 1)], positions, outputs, out var products)
            ?? AddSumOf(value, name, positions, outputs, [.. products, .. BiasOf(bias, grid)], result.Min, result.Max, out var sum)
            ?? Define(value, ValueOf(value, sum));
    }

    /// <summary>Sums of the products of elements and committed weights, limb by limb.</summary>
    private IEnumerable<WideSummand> ProductsOf(CircuitValue[] elements, GridShape grid, HiddenNumbers weights, int outputs, int groups)
    {
        for (var k = 0; k < elements.Length; k++)
        {
            var (view, info) = (elements[k].ToGrid(samples, _addresses, grid), elements[k].Info);
            for (var j = 0; j < weights.Limbs.Length; j++)
            {
                var (low, high) = weights.Cut.IntervalOf(j);
                long[] corners = [low * info.Min, low * info.Max, high * info.Min, high * info.Max];
                var count = grid.Channels / groups;
                var term = new LinearTerm(view, view.PositionsPerSample, [], weights.Limbs[j], outputs, groups);
                yield return new(WideNumber.Of(term, count * corners.Min(), count * corners.Max()), Int128.One << ((HiddenBits * j) + (WideNumber.LimbBits * k)));
            }
        }
    }

    private IEnumerable<WideSummand> BiasOf(HiddenNumbers bias, GridShape grid) => bias.Limbs.Select((limb, j) => new WideSummand(
        WideNumber.Of(new BiasTerm(limb.Place!, samples * grid.Positions, limb), bias.Cut.IntervalOf(j).Low, bias.Cut.IntervalOf(j).High), Int128.One << (HiddenBits * j)));
}
