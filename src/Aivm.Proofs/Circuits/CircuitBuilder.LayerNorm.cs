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
/// <item><c>squares = sum x^2</c>, by the halves of x where one cell could not hold the sum, and <c>meanSquare = mean^2</c>.</item>
/// <item>As <c>sum of (2^f x - mean) = rest - H</c>, the sum of squared distances is 2^2f squares - N meanSquare - 2 mean (rest - H); that plus H is
/// <c>N variance + varianceRest</c>, varianceRest in [0, N): one variance.</item>
/// <item><c>variance + epsilon = root^2 + rootRest</c> and <c>2 root = rootRest + rootSlack</c>, none negative: root^2 &lt;= variance + epsilon &lt; (root + 1)^2.</item>
/// <item>The result is the rounded quotient of (2^f x - mean) 2^q and the root (<see cref="AddQuotient"/>), clamped by a table where it can leave S16.</item>
/// </list>
/// </remarks>
internal sealed partial class CircuitBuilder
{
    /// <summary>Bits of the lower half of an element: twice their power is one digit's, so that sums of products of halves stay small.</summary>
    internal const int HalfBits = WideNumber.LimbBits - 1;

    private Error? AddLayerNorm(LayerNormNode node, int value)
    {
        var info = _values[node.Source].Info;
        var view = GridOf(node.Source, GridShape.OfRows(info.Shape));
        var (positions, channels, name) = (view.Positions, view.Channels, $"value {value}");
        if (info.Magnitude >= 1 << MaxRangeBits || channels >= 1 << WideNumber.LimbBits)
            return Unsupported($"normalising {channels} elements up to {info.Magnitude}; at most {1 << WideNumber.LimbBits}, below 2^16");

        var element = WideNumber.Of(new TapTerm(view), info.Min, info.Max);
        var halves = info.Magnitude * info.Magnitude * channels < GraphAnalysis.AccumulatorBound ? [] : AddHalves(name, view, info);
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
        Gadgets.Add(new LayerNormGadget(value, node, view, halves, squares, mean, rest, meanSquare, variance, varianceRest, root, rootRest, rootSlack));

        return AddSquares(value, name, view, info, halves, squares)
            ?? (node.Centred ? AddMean(value, name, node, view, info, mean!, rest!, meanSquare!) : null)
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
                value, name, positions, channels, LargestQuotient(node, channels),
                [
                    new(element, (Int128)1 << (node.Fraction + node.OutputExponent)),
                    .. node.Centred ? [new(Broadcast(mean!, channels), -((Int128)1 << node.OutputExponent))] : (WideSummand[])[],
                ],
                root, largestRoot);
    }

    /// <summary>x = low + 2^11 high, each half looked up.</summary>
    private (Storage Cells, LookupSite Check, long Low, long High)[] AddHalves(string name, GridView view, ValueInfo info)
    {
        var (positions, channels) = (view.Positions, view.Channels);
        (long Low, long High)[] intervals = [(0, (1 << HalfBits) - 1), (info.Min >> HalfBits, info.Max >> HalfBits)];
        var halves = Array.ConvertAll(intervals, interval =>
        {
            var cells = AddStorage(positions, channels);
            return (cells, AddLookup($"{name}, half", positions, channels, [new(1, Cells(cells), Once)], [Interval(interval.Low, interval.High)]), interval.Low, interval.High);
        });
        AddEquality(
            $"{name}, halves", positions, channels,
            [new(0, new TapTerm(view), Once), new(0, Cells(halves[0].cells), [-Felt.One]), new(0, Cells(halves[1].cells), [-Felt.From(1 << HalfBits)])]);
        return halves;
    }

    private Error? AddSquares(int value, string name, GridView view, ValueInfo info, (Storage Cells, LookupSite Check, long Low, long High)[] halves, WideCells squares)
    {
        var (positions, channels) = (view.Positions, view.Channels);
        WideSummand Sum(GridView left, GridView right, long least, long most, Int128 coefficient) =>
            new(WideNumber.Of(new RowProduct(left, right), channels * least, channels * most), coefficient);
        if (halves.Length == 0)
            return AddZeroSum(value, $"{name}, squares", positions, 1, [Sum(view, view, 0, info.Magnitude * info.Magnitude, 1), new(squares.Number, -1)]);
        var ((low, _, _, lowMost), (high, _, highLeast, highMost)) = (halves[0], halves[1]);
        var highMagnitude = Math.Max(-highLeast, highMost);
        return AddZeroSum(
            value, $"{name}, squares", positions, 1,
            [
                Sum(ViewOf(low), ViewOf(low), 0, lowMost * lowMost, 1), Sum(ViewOf(low), ViewOf(high), Math.Min(0, lowMost * highLeast), Math.Max(0, lowMost * highMost), 2 << HalfBits),
                Sum(ViewOf(high), ViewOf(high), 0, highMagnitude * highMagnitude, 1 << (2 * HalfBits)), new(squares.Number, -1),
            ]);
    }

    private Error? AddMean(int value, string name, LayerNormNode node, GridView view, ValueInfo info, WideCells mean, WideCells rest, WideCells meanSquare)
    {
        var (positions, channels) = (view.Positions, view.Channels);
        Term sum = view.Whole is { } storage
            ? new RowSumTerm(storage, [.. Enumerable.Repeat(channels, view.PositionsPerSample)])
            : new SparseTerm(1, [.. Enumerable.Range(0, positions).Select(p => Enumerable.Range(0, channels).Select(c => view.AddressOf(p, c)).ToArray())]);
        return AddZeroSum(
            value, $"{name}, mean", positions, 1,
            [
                new(WideNumber.Of(sum, channels * Math.Min(0, info.Min), channels * Math.Max(0, info.Max)), (Int128)1 << node.Fraction), new(WideNumber.One, channels / 2),
                new(mean.Number, -channels), new(rest.Number, -1),
            ])
            ?? AddZeroSum(value, $"{name}, square of the mean", positions, 1, [.. Times(mean, mean, 1), new(meanSquare.Number, -1)]);
    }

    /// <summary>The quotients, clamped where they can leave S16.</summary>
    private Error? AddNormalised(int value, string name, int positions, int channels, long most, ImmutableArray<WideSummand> numerator, WideCells root, Int128 largestRoot)
    {
        var limit = (int)ElementTypes.MaxOf(ElementType.S16);
        if (most > MaxFunctionRows)
            return Unsupported($"quotients up to {most}; at most {MaxFunctionRows}");
        if (most > limit)
        {
            var (quotient, clamped) = (AddStorage(positions, channels), AddStorage(positions, channels));
            var table = Function(new Activation.Clamp(-limit, limit), shift: 0, bits: 0);
            table.Cover((int)-most, (int)most);
            var site = AddLookup($"{name}, clamp", positions, channels, [new(1, Cells(quotient), Once), new(2, Cells(clamped), Once)], [table]);
            WideCells whole = new([quotient], new LimbCut(1, -most, Storage.BitLength((int)(2 * most))), [site], WideNumber.Of(Cells(quotient), -most, most));
            return AddQuotient(value, name, numerator, root, largestRoot, whole, clamped) ?? Define(value, CircuitValue.OfRows(_infos[value], clamped));
        }
        var result = HasManyQuotients
            ? AddWhole($"{name}, result", positions, channels, -most, most)
            : AddNumber($"{name}, result", positions, channels, -most, most);
        return AddQuotient(value, name, numerator, root, largestRoot, result)
            ?? (result.Limbs.Length == 1 ? null : AddSumOf(value, $"{name}, result", positions, channels, [new(result.Number, 1)], -limit, limit, out result))
            ?? Define(value, CircuitValue.OfRows(_infos[value], result.Limbs[0]));
    }

    /// <summary>
    /// With D the distance of an element from the mean, v the variance and s the root: D^2 &lt;= N (v + 1) and v + epsilon + 1 &lt;= (s + 1)^2, hence
    /// (D / s)^2 &lt;= N (1 + (2 s + 1 - epsilon) / s^2), which is at most 3 N where epsilon is 1 and N (1 + 1 / (epsilon - 1)) elsewhere.
    /// </summary>
    private static long LargestQuotient(LayerNormNode node, int channels)
    {
        var square = (Int128)channels << (2 * node.OutputExponent);
        var excess = node.Epsilon == 1 ? 2 * square : (square + node.Epsilon - 2) / (node.Epsilon - 1);
        return (long)RootOf(square + excess) + 1;
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
