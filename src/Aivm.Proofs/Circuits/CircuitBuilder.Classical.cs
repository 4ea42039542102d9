using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Linear models in 64 bits, and the choice of the largest score.</summary>
internal sealed partial class CircuitBuilder
{
    private const int MaxWideProducts = 1 << 16;

    /// <summary>Each result is a sum of its row's elements with public coefficients: <see cref="AddSumOf"/> leaves no choice.</summary>
    private Error? AddWideDense(WideDenseNode node, int value)
    {
        var (info, result) = (_values[node.Source].Info, _infos[value]);
        var (inputs, outputs) = (info.Shape.Last, node.Bias.Count);
        var rows = (int)(result.Shape.Elements / outputs);
        if ((long)samples * rows * node.Weights.Count > MaxWideProducts)
            return Unsupported($"{(long)samples * rows * node.Weights.Count} products in 64 bits; at most {MaxWideProducts}");
        if (IsHidden(node))
            return AddHiddenWideDense(node, value);
        // Digits of large weights take no more than 12 bits each.
        var source = CircuitValue.IsNarrow(result) ? _values[node.Source] : CutAbove(WideNumber.LimbBits, value, node.Source);
        var summands = ImmutableArray.CreateBuilder<WideSummand>(inputs + 1);
        for (var i = 0; i < inputs; i++)
        {
            var input = i;
            summands.Add(new(
                NumberOf(source, limb => Elements(limb, rows, outputs, (row, _) => (row * inputs) + input)),
                [.. Enumerable.Range(0, outputs).Select(output => (Int128)node.Weights[(output * inputs) + input])]));
        }
        summands.Add(new(WideNumber.One, [.. node.Bias.ToArray().Select(bias => (Int128)bias)]));
        return AddSumOf(value, $"value {value}", samples * rows, outputs, summands.ToImmutable(), result.Min, result.Max, out var sum)
            ?? Define(value, ValueOf(value, sum));
    }

    /// <summary>
    /// The label l as [i &lt; l] for all i but the last, and the largest element m: <c>m - x_i - [i &lt; l] = gap_i</c>, where gap_i is at least 0, and 0 for i = l.
    /// </summary>
    /// <remarks>
    /// chosen_i = [i - 1 &lt; l] - [i &lt; l] is 0 or 1 in every row, since it is looked up beside the limbs of gap_i; all of them add up to 1 whatever the
    /// cells hold, so that exactly one is 1, and all [i &lt; l] are what they should be. There m = x_l. Elsewhere x_l >= x_i, and x_l > x_i where i &lt; l: no
    /// other l will do. Where elements spread over less than 2^29 all is one equality modulo p, which shows m = x_l without a range check of m.
    /// </remarks>
    private Error? AddArgMax(ArgMaxNode node, int value)
    {
        var info = _values[node.Source].Info;
        var (length, inner) = (info.Shape[node.Axis], InnerOf(info.Shape, node.Axis));
        var perSample = (int)(info.Shape.Elements / length);
        var (name, positions) = ($"value {value}", samples * perSample);
        if (length == 1)
            return Define(value, Zeros(_infos[value].Shape) with { Info = _infos[value] });
        var source = NumberOf(node.Source, limb => Elements(limb, perSample, length, (row, i) => (((row / inner * length) + i) * inner) + (row % inner)));
        var before = AddStorage(positions, length - 1);
        ImmutableArray<Summand> chosen =
        [
            new(1, null, [Felt.One, .. Enumerable.Repeat(Felt.Zero, length - 1)]), new(1, Shifted(before, length, -1), Once), new(1, Shifted(before, length, 0), [-Felt.One]),
        ];
        var span = (Int128)info.Max - info.Min;
        var largest = span < GraphAnalysis.AccumulatorBound && CircuitValue.IsNarrow(info)
            ? AddEntry(positions, 1, new LimbCut(1, info.Min, Storage.BitLength((int)span)))
            : AddNumber($"{name}, largest", positions, 1, info.Min, info.Max);
        var gap = AddUnless($"{name}, gap", positions, length, span, chosen);
        Gadgets.Add(new ArgMaxGadget(value, source, before, largest, gap));
        WideNumber everywhere = new([.. largest.Number.Limbs.Select((limb, k) => limb with { Term = Spread(largest.Limbs[k], length) })]);
        if (AddZeroSum(
            value, $"{name}, gap", positions, length,
            [new(everywhere, 1), new(source, -1), new(WideNumber.Of(Shifted(before, length, 0), 0, 1), -1), new(gap.Number, -1)]) is { } tooLarge)
            return tooLarge;
        var (addresses, count) = (new int[positions][], length - 1);
        for (var p = 0; p < positions; p++)
            addresses[p] = [.. Enumerable.Range(before.Base + (p * before.Width), count)];
        return AddSumOf(value, name, positions, 1, [new(WideNumber.Of(Sparse(1, addresses), 0, count), 1)], 0, count, out var label)
            ?? Define(value, ValueOf(value, label));
    }

    /// <summary>A storage's cells some channels to the side, and 0 where there is none.</summary>
    private TapTerm Shifted(Storage storage, int channels, int by) =>
        Elements(storage, channels, channel => channel + by is var from && from < storage.Channels ? from : -1);

    /// <summary>A storage of one channel in many.</summary>
    private TapTerm Spread(Storage storage, int channels) => Elements(storage, channels, _ => 0);
}
