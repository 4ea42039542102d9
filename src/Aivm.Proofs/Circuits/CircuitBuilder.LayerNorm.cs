using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Layer normalisation, <see cref="LayerNormNode"/>: numbers of each row - mean, variance, root - and a quotient of each element.
/// </summary>
/// <remarks>
/// With N elements in a row and H = floor(N / 2), all of these are identities of integers (<see cref="AddZeroSum"/>) over numbers whose limbs are looked up:
/// <list type="bullet">
/// <item><c>2^f sum x + H = N mean + rest</c>, rest in [0, N): one mean.</item>
/// <item><c>squares = sum x^2</c>, by the halves of x where one cell could not hold the sum, or by shorter pieces in long rows, and <c>meanSquare = mean^2</c>.</item>
/// <item>As <c>sum of (2^f x - mean) = rest - H</c>, the sum of squared distances is 2^2f squares - N meanSquare - 2 mean (rest - H); that plus H is
/// <c>N variance + varianceRest</c>, varianceRest in [0, N): one variance.</item>
/// <item><c>variance + epsilon = root^2 + rootRest</c> and <c>2 root = rootRest + rootSlack</c>, none negative: root^2 &lt;= variance + epsilon &lt; (root + 1)^2.</item>
/// <item>The result is the rounded quotient of (2^f x - mean) 2^q and the root (<see cref="AddQuotient"/>), clamped by a table where it can leave S16, or by <see cref="AddClampedQuotient"/>.</item>
/// </list>
/// </remarks>
internal sealed partial class CircuitBuilder
{
    /// <summary>Bits of the lower half of an element: twice their power is one digit's, so that sums of products of halves stay small.</summary>
    private const int HalfBits = WideNumber.LimbBits - 1;

    private readonly Dictionary<int, FunctionTable> _quotientClamps = [];

    private Error? AddLayerNorm(LayerNormNode node, int value)
    {
        var (info, grid, name) = (_values[node.Source].Info, GridShape.OfRows(_values[node.Source].Info.Shape), $"value {value}");
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        if (channels > MaxSquaredRow)
            return Unsupported($"normalising {channels} elements; at most {MaxSquaredRow}");
        var element = NumberOf(node.Source, limb => InGrid(limb, grid));
        var (halves, pieces) = ((WideCells?)null, (WideCells?)null);
        if ((Int128)info.Magnitude * info.Magnitude * channels >= GraphAnalysis.AccumulatorBound)
        {
            if (FitsHalves(info, channels))
                halves = AddHalves(name, (TapTerm)element.Limbs[0].Term!, info);
            else if (AddPieces(value, name, positions, channels, element, info, out pieces) is { } uncut)
                return uncut;
        }
        var squares = AddNumber($"{name}, squares", positions, 1, 0, (Int128)channels * info.Magnitude * info.Magnitude);
        var (mean, rest, meanSquare) = ((WideCells?)null, (WideCells?)null, (WideCells?)null);
        if (node.Centred)
        {
            var reach = (info.Magnitude << node.Fraction) + 1;
            mean = AddNumber($"{name}, mean", positions, 1, -reach, reach);
            rest = AddWhole($"{name}, rest of the mean", positions, 1, 0, channels - 1);
            meanSquare = AddNumber($"{name}, square of the mean", positions, 1, 0, (Int128)reach * reach);
        }
        var furthest = ((Int128)info.Magnitude << (node.Fraction + 1)) + 1;
        var variance = AddNumber($"{name}, variance", positions, 1, 0, (furthest * furthest) + 1);
        var varianceRest = AddWhole($"{name}, rest of the variance", positions, 1, 0, channels - 1);
        var largestRoot = RootOf((furthest * furthest) + 1 + node.Epsilon);
        var root = AddNumber($"{name}, root", positions, 1, 0, largestRoot);
        var rootRest = AddNumber($"{name}, rest of the root", positions, 1, 0, 2 * largestRoot);
        var rootSlack = AddNumber($"{name}, slack of the root", positions, 1, 0, 2 * largestRoot);
        Gadgets.Add(new LayerNormGadget(value, node, element, channels, halves, squares, mean, rest, meanSquare, variance, varianceRest, root, rootRest, rootSlack));

        var whole = pieces?.Number ?? element;
        ImmutableArray<WideSummand> squareSums = [.. Squares()];
        if (pieces is not null && AddRowSums(value, $"{name}, squares", squareSums, positions, 1, out squareSums) is { } unsummed)
            return unsummed;
        return AddZeroSum(value, $"{name}, squares", positions, 1, [.. squareSums, new(squares.Number, -1)])
            ?? (node.Centred ? AddMean(value, name, node, whole, pieces, grid, mean!, rest!, meanSquare!) : null)
            ?? AddZeroSum(
                value, $"{name}, variance", positions, 1,
                [
                    new(squares.Number, (Int128)1 << (2 * node.Fraction)), new(WideNumber.One, channels / 2), new(variance.Number, -channels), new(varianceRest.Number, -1),
                    .. node.Centred ? [new(meanSquare!.Number, -channels), .. Times(mean!, rest!, -2), new(mean!.Number, 2 * (channels / 2))] : (WideSummand[])[],
                ])
            ?? AddZeroSum(
                value, $"{name}, root", positions, 1,
                [new(variance.Number, 1), new(WideNumber.One, node.Epsilon), .. Times(root, root, -1), new(rootRest.Number, -1)])
            ?? AddZeroSum(value, $"{name}, slack of the root", positions, 1, [new(root.Number, 2), new(rootRest.Number, -1), new(rootSlack.Number, -1)])
            ?? AddNormalised(
                value, name, grid, LargestQuotient(node, channels),
                [
                    new(whole, (Int128)1 << (node.Fraction + node.OutputExponent)),
                    .. node.Centred ? [new(Broadcast(mean!, channels), -((Int128)1 << node.OutputExponent))] : (WideSummand[])[],
                ],
                root, largestRoot);

        IEnumerable<WideSummand> Squares() => (halves ?? pieces) is { } cut
            ? SquaresOf(cut)
            : [SquareOf(new RowProduct(ViewOf(element.Limbs[0]), ViewOf(element.Limbs[0])), element.Limbs[0], element.Limbs[0], channels, isSquare: true, bits: 0)];

    }

    /// <summary>Of a limb that is a value's.</summary>
    private static GridView ViewOf(Limb limb) => ((TapTerm)limb.Term!).Source;

    /// <summary>Whether elements of 16 bits are cut into halves, whose squares still add up.</summary>
    private bool FitsHalves(ValueInfo info, int channels)
    {
        if (info.Magnitude >= 1 << MaxRangeBits || channels >= 1 << WideNumber.LimbBits)
            return false;
        var (low, high) = HalvesOf(info);
        return FitsZeroSum(
            1,
            [
                SquareOf(null, low, low, channels, isSquare: true, 0), SquareOf(null, low, high, channels, isSquare: false, HalfBits),
                SquareOf(null, high, high, channels, isSquare: true, 2 * HalfBits),
                new(NumberWithin(LimbCut.Of(0, (Int128)channels * info.Magnitude * info.Magnitude)), -1),
            ]);
    }

    private static (Limb Low, Limb High) HalvesOf(ValueInfo info) =>
        (new Limb(null, 0, (1 << HalfBits) - 1), new Limb(null, info.Min >> HalfBits, info.Max >> HalfBits));

    /// <summary>x = low + 2^11 high, each half looked up.</summary>
    private WideCells AddHalves(string name, TapTerm element, ValueInfo info)
    {
        var (positions, channels) = (element.Source.Positions, element.Source.Channels);
        var (low, high) = HalvesOf(info);
        var halves = Array.ConvertAll([low, high], half =>
        {
            var cells = AddStorage(positions, channels);
            return (Cells: cells, Check: AddLookup($"{name}, half", positions, channels, [new(1, Cells(cells), Once)], [Interval(half.Low, half.High)]), Half: half with { Term = Cells(cells) });
        });
        AddEquality(
            $"{name}, halves", positions, channels,
            [new(0, element, Once), new(0, Cells(halves[0].Cells), [-Felt.One]), new(0, Cells(halves[1].Cells), [-Felt.From(1 << HalfBits)])]);
        return new WideCells(
            [.. halves.Select(half => half.Cells)], new LimbCut(2, high.Low, Storage.BitLength((int)(high.High - high.Low)), HalfBits), [.. halves.Select(half => half.Check)],
            new WideNumber([.. halves.Select(half => half.Half)], HalfBits));
    }

    private Error? AddMean(int value, string name, LayerNormNode node, WideNumber element, WideCells? pieces, GridShape grid, WideCells mean, WideCells rest, WideCells meanSquare)
    {
        var (positions, channels) = (samples * grid.Positions, grid.Channels);
        ImmutableArray<WideSummand> sums = [.. element.Limbs.Select((limb, k) => new WideSummand(SumOf(limb, pieces?.Limbs[k]), (Int128)1 << (node.Fraction + (element.Step * k))))];
        if (pieces is not null && AddRowSums(value, $"{name}, elements", sums, positions, 1, out sums) is { } unsummed)
            return unsummed;
        return AddZeroSum(
            value, $"{name}, mean", positions, 1, [.. sums, new(WideNumber.One, channels / 2), new(mean.Number, -channels), new(rest.Number, -1)])
            ?? AddZeroSum(value, $"{name}, square of the mean", positions, 1, [.. Times(mean, mean, 1), new(meanSquare.Number, -1)]);

        WideNumber SumOf(Limb limb, Storage? piece)
        {
            var view = ViewOf(limb);
            Term sum = (piece ?? view.Whole) is { } storage
                ? new RowSumTerm(storage, [.. Enumerable.Repeat(channels, grid.Positions)])
                : Sparse(1, [.. Enumerable.Range(0, positions).Select(p => Enumerable.Range(0, channels).Select(c => view.AddressOf(p, c)).ToArray())]);
            return WideNumber.Of(sum, channels * Math.Min(0, limb.Low), channels * Math.Max(0, limb.High));
        }
    }

    /// <summary>The quotients, clamped where they can leave S16.</summary>
    private Error? AddNormalised(int value, string name, GridShape grid, long most, ImmutableArray<WideSummand> numerator, WideCells root, Int128 largestRoot)
    {
        var (positions, channels, limit) = (samples * grid.Positions, grid.Channels, (int)ElementTypes.MaxOf(ElementType.S16));
        if (most > MaxFunctionRows)
            return AddClampedQuotient(value, name, numerator, root, largestRoot, grid, limit, out var brought) ?? Define(value, CircuitValue.OfRows(_infos[value], brought.Limbs[0]));
        if (most > limit)
        {
            var (quotient, clamped) = (AddStorage(positions, channels), AddStorage(positions, channels));
            var table = QuotientClamp((int)most);
            var site = AddLookup($"{name}, clamp", positions, channels, [new(1, Cells(quotient), Once), new(2, Cells(clamped), Once)], [table]);
            WideCells whole = new([quotient], new LimbCut(1, -most, Storage.BitLength((int)(2 * most))), [site], WideNumber.Of(Cells(quotient), -most, most));
            return AddQuotient(value, name, numerator, root, largestRoot, whole, clamped) ?? Define(value, CircuitValue.OfRows(_infos[value], clamped));
        }
        var result = AddNumber($"{name}, result", positions, channels, CutOfQuotient(-most, most));
        return AddQuotient(value, name, numerator, root, largestRoot, result)
            ?? (result.Limbs.Length == 1 ? null : AddSumOf(value, $"{name}, result", positions, channels, [new(result.Number, 1)], -limit, limit, out result))
            ?? Define(value, CircuitValue.OfRows(_infos[value], result.Limbs[0]));
    }

    /// <summary>Alone with its reach: its rows are all that bounds a quotient, and what others look up would widen them.</summary>
    private FunctionTable QuotientClamp(int most)
    {
        var limit = (int)ElementTypes.MaxOf(ElementType.S16);
        if (!_quotientClamps.TryGetValue(most, out var table))
        {
            _quotientClamps[most] = table = new FunctionTable(quotient => Math.Clamp(quotient, -limit, limit));
            table.Cover(-most, most);
        }
        return table;
    }

    /// <summary>
    /// With D the distance of an element from the mean, v the variance and s the root: the N - 1 other distances add up to D and a rounding r, at most N / 2 in
    /// magnitude. Their squares add up to (D - r)^2 / (N - 1) or more, and (D - r)^2 &gt;= D^2 - N D, so that D^2 &lt;= (N - 1) (v + 1 / 2) + D, hence
    /// D &lt;= 1 / 2 + sqrt((N - 1) (v + 1)); without a mean D^2 &lt;= N (v + 1). And v + epsilon + 1 &lt;= (s + 1)^2, hence
    /// (v + 1) / s^2 &lt;= 1 + (2 s + 1 - epsilon) / s^2, which is at most 3 where epsilon is 1 and 1 + 1 / (epsilon - 1) elsewhere.
    /// </summary>
    internal static long LargestQuotient(LayerNormNode node, int channels)
    {
        var square = (Int128)(node.Centred ? channels - 1 : channels) << (2 * node.OutputExponent);
        var excess = node.Epsilon == 1 ? 2 * square : (square + node.Epsilon - 2) / (node.Epsilon - 1);
        var half = node.Centred ? (1L << node.OutputExponent) / (2 * (long)RootOf(node.Epsilon)) + 1 : 0;
        return (long)RootOf(square + excess) + half + 1;
    }

    /// <summary>floor(sqrt(number)).</summary>
    internal static Int128 RootOf(Int128 number)
    {
        var root = Int128.Zero;
        for (var bit = 63; bit >= 0; bit--)
            if (root + ((Int128)1 << bit) is var next && next * next <= number)
                root = next;
        return root;
    }
}
