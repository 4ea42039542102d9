using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Normalisation by a norm of each row, <see cref="NormaliseNode"/>.</summary>
/// <remarks>
/// The norm r is a number that is not negative, and 0 beside the flag z = [r is 0] (each limb is looked up with it). Elements are divided by r + z
/// (<see cref="AddQuotient"/>, which has no quotient by 0: so z is 1 where r is 0). All of these are identities of integers (<see cref="AddZeroSum"/>):
/// <list type="bullet">
/// <item>Sum of magnitudes: x = plus - minus, one of them 0 beside the other's flag, and r is the row's sum of both.</item>
/// <item>Root: the sum of squares is r^2 + rest and 2 r = rest + slack, none negative: r^2 &lt;= sum &lt; (r + 1)^2.</item>
/// <item>Largest element: m = plus - minus, r = plus + minus, and what is divided is sign * x, where (negative + 2 z, sign) is a row of a table: 1, or -1 where m is
/// negative, or 0 where m is 0. The quotient is clamped (<see cref="AddClampedQuotient"/>).</item>
/// </list>
/// Where r is 0, x is 0 or its sign is; and 0 divided by 1 is 0.
/// </remarks>
internal sealed partial class CircuitBuilder
{
    private Error? AddNormalise(NormaliseNode node, int value)
    {
        var (info, grid) = (_values[node.Source].Info, GridShape.OfRows(_values[node.Source].Info.Shape));
        return node.Norm switch
        {
            Norm.L1 => AddBySum(node, value, info, grid),
            Norm.L2 => AddByRoot(node, value, info, grid),
            _ => AddByLargest(node, value, info, grid),
        };
    }

    private Error? AddBySum(NormaliseNode node, int value, ValueInfo info, GridShape grid)
    {
        var (positions, channels, name, most) = (samples * grid.Positions, grid.Channels, $"value {value}", (Int128)info.Magnitude * grid.Channels);
        if (AddSigns(value, name, positions, channels, NumberOf(node.Source, limb => InGrid(limb, grid)), info, out _, out var plus, out var minus) is { } unsigned)
            return unsigned;
        int[] lengths = [.. Enumerable.Repeat(channels, grid.Positions)];
        ImmutableArray<WideSummand> sum =
        [
            .. from number in new[] { plus, minus }
               from k in Enumerable.Range(0, number.Limbs.Length)
               select new WideSummand(SumOfRow(number.Limbs[k], new WideNumber([number.Number.Limbs[k]]), lengths), (Int128)1 << (WideNumber.LimbBits * k)),
        ];
        var zero = AddStorage(positions, 1);
        var norm = AddUnless($"{name}, norm", positions, 1, most, [new(1, Cells(zero), Once)]);
        Gadgets.Add(new NormGadget(value, sum, zero, norm, null, null));
        return AddZeroSum(value, $"{name}, norm", positions, 1, [.. sum, new(norm.Number, -1)])
            ?? AddDivided(node, value, name, grid, [new(plus.Number, Int128.One << node.OutputExponent), new(minus.Number, -(Int128.One << node.OutputExponent))], norm, zero, most);
    }

    private Error? AddByRoot(NormaliseNode node, int value, ValueInfo info, GridShape grid)
    {
        var (positions, channels, name) = (samples * grid.Positions, grid.Channels, $"value {value}");
        if (channels > MaxSquaredRow)
            return Unsupported($"a root of the squares of {channels} elements; at most {MaxSquaredRow}");
        if (AddPieces(value, name, positions, channels, NumberOf(node.Source, limb => InGrid(limb, grid)), info, out var pieces) is { } uncut)
            return uncut;
        var largest = (Int128)info.Magnitude * info.Magnitude * channels;
        var (zero, most) = (AddStorage(positions, 1), RootOf(largest));
        var norm = AddUnless($"{name}, norm", positions, 1, most, [new(1, Cells(zero), Once)]);
        var rest = AddNumber($"{name}, rest of the root", positions, 1, 0, 2 * most);
        var slack = AddNumber($"{name}, slack of the root", positions, 1, 0, 2 * most);
        if (AddRowSums(value, $"{name}, squares", [.. SquaresOf(pieces)], positions, 1, out var squares) is { } unsummed)
            return unsummed;
        Gadgets.Add(new NormGadget(value, squares, zero, norm, rest, slack));
        return AddZeroSum(value, $"{name}, norm", positions, 1, [.. squares, .. Times(norm, norm, -1), new(rest.Number, -1)])
            ?? AddZeroSum(value, $"{name}, slack of the root", positions, 1, [new(norm.Number, 2), new(rest.Number, -1), new(slack.Number, -1)])
            ?? AddDivided(node, value, name, grid, [new(pieces.Number, Int128.One << node.OutputExponent)], norm, zero, most);
    }

    private Error? AddByLargest(NormaliseNode node, int value, ValueInfo info, GridShape grid)
    {
        var (positions, channels, name) = (samples * grid.Positions, grid.Channels, $"value {value}");
        // Scaled, elements of more than a digit would leave the field.
        var limbs = LimbsOf(CutAbove(WideNumber.LimbBits, value, node.Source));
        GridView[] views = [.. limbs.Select(limb => limb.ToGrid(samples, _addresses, grid))];
        var number = new WideNumber([.. limbs.Select((limb, k) => new Limb(new TapTerm(views[k]), limb.Info.Min, limb.Info.Max))]);
        if (AddMaximum(value, name, number, views, (Int128)info.Max - info.Min, out var largest) is { } unfound)
            return unfound;
        if (AddSigns(value, $"{name}, largest", positions, 1, largest.Number, info, out var negative, out var plus, out var minus) is { } unsigned)
            return unsigned;
        var zero = AddStorage(positions, 1);
        var norm = AddUnless($"{name}, norm", positions, 1, info.Magnitude, [new(1, Cells(zero), Once)]);
        ImmutableArray<WideSummand> sum = [new(plus.Number, 1), new(minus.Number, 1)];
        Gadgets.Add(new NormGadget(value, sum, zero, norm, null, null));
        var sign = AddStorage(positions, 1);
        var row = AddLookup($"{name}, sign", positions, 1, [new(1, Cells(negative), Once), new(1, Cells(zero), [Felt.From(2)]), new(2, Cells(sign), Once)], [Signs]);
        Gadgets.Add(new NormSignGadget(value, negative, zero, sign, row));
        var signed = Products(
            WideNumber.Of(Cells(sign), -1, 1), number, Int128.One << node.OutputExponent, (_, k) => new MatrixProduct(ViewOf(sign), views[k], positions));
        WideCells quotient = null!;
        return AddZeroSum(value, $"{name}, norm", positions, 1, [.. sum, new(norm.Number, -1)])
            ?? AddDivisor(value, name, positions, norm, zero, info.Magnitude, out var divisor)
            ?? AddClampedQuotient(value, name, [.. signed], divisor, Int128.Max(1, info.Magnitude), grid, int.MaxValue, out quotient)
            ?? Define(value, ValueOf(value, quotient));
    }

    /// <summary>What elements are multiplied by: 1, -1 where the largest is negative, 0 where it is 0, which is never negative too.</summary>
    private FunctionTable Signs
    {
        get
        {
            if (_signs is null)
            {
                _signs = new FunctionTable(x => x switch { 0 => 1, 1 => -1, _ => 0 });
                _signs.Cover(0, 2);
            }
            return _signs;
        }
    }

    private FunctionTable? _signs;

    /// <summary>number = plus - minus, and a flag that says which of them is 0: plus where it is set.</summary>
    private Error? AddSigns(int value, string name, int positions, int channels, WideNumber number, ValueInfo info, out Storage negative, out WideCells plus, out WideCells minus)
    {
        negative = AddStorage(positions, channels);
        plus = AddUnless($"{name}, plus", positions, channels, Math.Max(0, info.Max), [new(1, Cells(negative), Once)]);
        minus = AddUnless($"{name}, minus", positions, channels, Math.Max(0, -info.Min), Not(negative));
        Gadgets.Add(new SignGadget(value, number, negative, plus, minus));
        return AddZeroSum(value, $"{name}, sign", positions, channels, [new(number, 1), new(plus.Number, -1), new(minus.Number, 1)]);
    }

    /// <summary>The norm, or 1 where it is 0.</summary>
    private Error? AddDivisor(int value, string name, int positions, WideCells norm, Storage zero, Int128 most, out WideCells divisor)
    {
        divisor = AddNumber($"{name}, divisor", positions, 1, 0, Int128.Max(1, most));
        ImmutableArray<WideSummand> sum = [new(norm.Number, 1), new(WideNumber.Of(Cells(zero), 0, 1), 1)];
        Gadgets.Add(new SumGadget(value, divisor, sum));
        return AddZeroSum(value, $"{name}, divisor", positions, 1, [.. sum, new(divisor.Number, -1)]);
    }

    /// <summary>Quotients that are at most 1.</summary>
    private Error? AddDivided(
        NormaliseNode node, int value, string name, GridShape grid, ImmutableArray<WideSummand> numerator, WideCells norm, Storage zero, Int128 most)
    {
        var limit = 1L << node.OutputExponent;
        if (AddDivisor(value, name, samples * grid.Positions, norm, zero, most, out var divisor) is { } undivided)
            return undivided;
        var quotient = AddNumber($"{name}, result", samples * grid.Positions, grid.Channels, -limit, limit);
        return AddQuotient(value, name, numerator, divisor, Int128.Max(1, most), quotient) ?? Define(value, ValueOf(value, quotient));
    }
}
