using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What softmax and normalisations have in common: numbers of rows beside numbers of elements. Numbers of rows are grids of one channel.</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>A row's number in all of its channels.</summary>
    private static WideNumber Broadcast(WideCells rows, int channels) =>
        rows.Number with { Limbs = [.. rows.Number.Limbs.Select((limb, k) => limb with { Term = new BroadcastTerm(rows.Limbs[k], channels) })] };

    /// <summary>The product of a row's number and an element's, limb by limb.</summary>
    private IEnumerable<WideSummand> RowTimes(WideCells rows, WideCells elements, Int128 coefficient) =>
        Products(rows.Number, elements.Number, coefficient, (i, j) => new MatrixProduct(ViewOf(rows.Limbs[i]), ViewOf(elements.Limbs[j]), rows.Limbs[i].Positions));

    /// <summary>The product of two numbers of one grid, limb by limb.</summary>
    private IEnumerable<WideSummand> Times(WideCells left, WideCells right, Int128 coefficient) =>
        Products(left.Number, right.Number, coefficient, (i, j) => new ElementwiseProduct(ViewOf(left.Limbs[i]), ViewOf(right.Limbs[j])));

    private static IEnumerable<WideSummand> Products(WideNumber left, WideNumber right, Int128 coefficient, Func<int, int, ProductTerm> product)
    {
        for (var i = 0; i < left.Limbs.Length; i++)
            for (var j = 0; j < right.Limbs.Length; j++)
            {
                var (a, b) = (left.Limbs[i], right.Limbs[j]);
                long[] corners = [a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High];
                yield return new(WideNumber.Of(product(i, j), corners.Min(), corners.Max()), coefficient << ((left.Step * i) + (right.Step * j)));
            }
    }

    /// <summary>
    /// quotient = floor((numerator + floor(divisor / 2)) / divisor), for a divisor of each row and numbers of its elements.
    /// </summary>
    /// <remarks>
    /// Four identities of integers (<see cref="AddZeroSum"/>) over numbers whose limbs are looked up: divisor = 2 half + odd with odd 0 or 1;
    /// quotient * divisor + remainder = numerator + half; remainder + slack + 1 = divisor. Remainder and slack are not negative, so that the remainder lies in
    /// [0, divisor): half, odd, quotient, remainder and slack each have one solution.
    /// </remarks>
    /// <param name="most">No divisor is larger.</param>
    /// <param name="clamped">The quotient within S16, which a table beside it decides.</param>
    private Error? AddQuotient(int value, string name, ImmutableArray<WideSummand> numerator, WideCells divisor, Int128 most, WideCells quotient, Storage? clamped = null)
    {
        var (positions, channels) = (quotient.Limbs[0].Positions, quotient.Limbs[0].Channels);
        var half = AddNumber($"{name}, half", positions, 1, 0, most / 2);
        var odd = AddNumber($"{name}, odd", positions, 1, 0, 1);
        var remainder = AddNumber($"{name}, remainder", positions, channels, CutOfRest(most - 1));
        var slack = AddNumber($"{name}, slack", positions, channels, CutOfRest(most - 1));
        Gadgets.Add(new QuotientGadget(value, numerator, ReachOf(numerator) >= GraphAnalysis.WideBound, divisor, half, odd, quotient, remainder, slack, clamped));
        return AddZeroSum(value, $"{name}, half", positions, 1, [new(divisor.Number, 1), new(half.Number, -2), new(odd.Number, -1)])
            ?? AddZeroSum(
                value, $"{name}, slack", positions, channels,
                [new(Broadcast(divisor, channels), 1), new(WideNumber.One, -1), new(remainder.Number, -1), new(slack.Number, -1)])
            ?? AddZeroSum(
                value, $"{name}, quotient", positions, channels,
                [
                    .. RowTimes(divisor, quotient, 1), new(remainder.Number, 1), new(Broadcast(half, channels), -1),
                    .. numerator.Select(summand => summand with { Coefficients = [.. summand.Coefficients.Select(coefficient => -coefficient)] }),
                ]);
    }

    /// <summary>No sum of such numbers is larger in magnitude.</summary>
    private static Int128 ReachOf(ImmutableArray<WideSummand> summands)
    {
        var reach = Int128.Zero;
        foreach (var (number, coefficients) in summands)
            reach += Int128.Max(-number.Interval.Low, number.Interval.High) * coefficients.Max(Int128.Abs);
        return reach;
    }

    /// <summary>The same quotient brought within -limit to limit, where it may be of any size.</summary>
    /// <remarks>
    /// limit + result = inside is the quotient of numerator + limit * divisor + below - above, and inside + slack = 2 limit. Beside a flag of its own below or
    /// inside is 0, and above or slack: with nothing below or above it is the quotient itself; else inside is 0, and what is below only adds to the numerator,
    /// so that the quotient is -limit at most; or slack is 0, and the quotient at least limit.
    /// </remarks>
    private Error? AddClampedQuotient(int value, string name, ImmutableArray<WideSummand> numerator, WideCells divisor, Int128 most, GridShape grid, long limit, out WideCells result)
    {
        var (positions, channels, reach) = (samples * grid.Positions, grid.Channels, ReachOf(numerator) + most);
        result = null!;
        var (below, above) = (AddGated($"{name}, below", positions, channels, reach), AddGated($"{name}, above", positions, channels, reach));
        var inside = AddUnless($"{name}, inside", positions, channels, 2 * limit, Not(below.Flag));
        var slack = AddUnless($"{name}, slack", positions, channels, 2 * limit, Not(above.Flag));
        Gadgets.Add(new OutsideGadget(value, numerator, divisor, limit, below, above, slack));
        return AddQuotient(
                value, name, [.. numerator, new(Broadcast(divisor, channels), limit), new(below.Number.Number, 1), new(above.Number.Number, -1)], divisor, most, inside)
            ?? AddZeroSum(value, $"{name}, inside", positions, channels, [new(inside.Number, 1), new(slack.Number, 1), new(WideNumber.One, -2 * limit)])
            ?? AddSumOf(value, $"{name}, result", positions, channels, [new(inside.Number, 1), new(WideNumber.One, -limit)], -limit, limit, out result);
    }

    /// <summary>Bits of the pieces that elements are cut into where sums of their products along a row must stay far below p.</summary>
    private static int PieceBits(int length) => Math.Min(WideNumber.LimbBits, (MaxSumBits - Storage.BitLength(length - 1)) / 2);

    private const int MaxSumBits = 28;

    /// <summary>The longest row of which sums of products are taken.</summary>
    private const int MaxSquaredRow = 1 << MaxRangeBits;

    /// <summary>Elements in pieces (<see cref="PieceBits"/>), each looked up.</summary>
    private Error? AddPieces(int value, string name, int positions, int channels, WideNumber source, ValueInfo info, out WideCells pieces)
    {
        pieces = AddNumber($"{name}, pieces", positions, channels, LimbCut.Of(info.Min, info.Max, PieceBits(channels)));
        Gadgets.Add(new SumGadget(value, pieces, [new(source, 1)]));
        return AddZeroSum(value, $"{name}, pieces", positions, channels, [new(source, 1), new(pieces.Number, -1)]);
    }

    /// <summary>The sum of the squares of a row's elements, piece by piece.</summary>
    private IEnumerable<WideSummand> SquaresOf(WideCells pieces)
    {
        var (limbs, step) = (pieces.Number.Limbs, pieces.Number.Step);
        for (var i = 0; i < limbs.Length; i++)
            for (var j = i; j < limbs.Length; j++)
                yield return SquareOf(new RowProduct(ViewOf(pieces.Limbs[i]), ViewOf(pieces.Limbs[j])), limbs[i], limbs[j], pieces.Limbs[i].Channels, i == j, step * (i + j));
    }

    /// <summary>Sums along rows, each of which the field holds, but not times its coefficient: in limbs of their own.</summary>
    private Error? AddRowSums(int value, string name, ImmutableArray<WideSummand> sums, int positions, int channels, out ImmutableArray<WideSummand> cut)
    {
        var numbers = sums.ToBuilder();
        for (var i = 0; i < sums.Length; i++)
        {
            WideSummand sum = new(sums[i].Number, 1);
            var (low, high) = sum.Number.Interval;
            var number = AddNumber($"{name}, sum {i}", positions, channels, low, high);
            Gadgets.Add(new SumGadget(value, number, [sum]));
            if (AddZeroSum(value, $"{name}, sum {i}", positions, channels, [sum, new(number.Number, -1)]) is { } tooLarge)
            {
                cut = [];
                return tooLarge;
            }
            numbers[i] = sums[i] with { Number = number.Number };
        }
        cut = numbers.ToImmutable();
        return null;
    }

    private static WideSummand SquareOf(RowProduct? product, Limb left, Limb right, int length, bool isSquare, int bits)
    {
        long[] corners = [left.Low * right.Low, left.Low * right.High, left.High * right.Low, left.High * right.High];
        var least = isSquare ? 0 : Math.Min(0, corners.Min());
        return new(new WideNumber([new Limb(product, length * least, length * Math.Max(0, corners.Max()))]), (Int128)(isSquare ? 1 : 2) << bits);
    }
}
