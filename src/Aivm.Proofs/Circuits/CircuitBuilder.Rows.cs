using System.Collections.Immutable;
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
        Gadgets.Add(new QuotientGadget(value, numerator, divisor, half, odd, quotient, remainder, slack, clamped));
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
}
