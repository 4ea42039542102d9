using System.Numerics;

namespace Aivm.Proofs.Prover;

/// <summary>Fills the gadgets of operators that work along rows.</summary>
internal static class RowFiller
{
    public static void Fill(SoftmaxGadget gadget, Witness witness)
    {
        int[][] entries = [.. Enumerable.Range(1, 3).Select(entry => entry == 1 && gadget.Index is not null ? [] : witness.NewEntry(gadget.Row, entry))];
        if (gadget.Index is not null)
            witness.SetEntry(gadget.Row, 1, gadget.Index);
        for (var part = 0; part < gadget.Steps.Length; part++)
            witness.SetEntry(gadget.Row, 4 + part, gadget.Steps[part]);
        if (gadget.Above is { } beyond)
            witness.SetEntry(gadget.Row, 4 + gadget.Steps.Length, beyond.Flag);
        var rest = gadget.Rest is null ? null : witness.NewEntry(gadget.Rest, 1);
        witness.ForPositions(
            gadget.Source.Positions, gadget.Source.Channels, (thread, first, count) => Fill(gadget, first, count, entries, rest, witness, witness.CountsOf(thread)));
        WideFiller.Look([.. gadget.Offset?.Checks ?? [], .. gadget.Above?.Number.Checks ?? [], .. gadget.Rounded?.Checks ?? []], witness);
    }

    private static void Fill(SoftmaxGadget gadget, int first, int count, int[][] entries, int[]? rest, Witness witness, Span<int> counts)
    {
        var (channels, table, shift) = (gadget.Source.Channels, gadget.Table, gadget.Table.Shift);
        var scores = Evaluator.Values([new WideSummand(gadget.Scores, 1)], first, count, channels, witness);
        FillLargest(scores, gadget.Scores, gadget.Largest, gadget.Chosen, first, witness);
        for (var p = first; p < first + count; p++)
        {
            var largest = (long)gadget.Largest.Number.ValueAt(witness.Read, p, 0);
            for (var c = 0; c < channels; c++)
            {
                var distance = largest - scores[((p - first) * channels) + c];
                var (offset, cell) = (distance & ((1L << shift) - 1), (p * gadget.Low.Width) + c);
                var index = (int)Math.Min(distance >> shift, table.Rows - 1);
                var (low, high) = (table.PartOf(index, 0), table.PartOf(index, 1));
                (entries[1][cell], entries[2][cell]) = (low, high);
                if (gadget.Index is null)
                    entries[0][cell] = index;
                else
                    WideFiller.Write(gadget.Index, p, c, index, witness);
                counts[table.FirstRow + index]++;
                if (gadget.Offset is { } offsets)
                    WideFiller.Write(offsets, p, c, offset, witness);
                if (gadget.Above is { } above)
                {
                    WideFiller.Write(above.Flag, p, c, table.InsideAt(index), witness);
                    WideFiller.Write(above.Number, p, c, distance - offset - ((long)index << shift), witness);
                }
                if (gadget.Rounded is { } rounds)
                {
                    var steps = (table.PartOf(index, 2), table.PartOf(index, 3), table.PartOf(index, 4));
                    var scaled = (steps.Item1 * offset) + (1L << (shift - 1));
                    WideFiller.Write(rounds, p, c, scaled >> shift, witness);
                    var remainder = (int)(scaled & ((1L << shift) - 1));
                    rest![cell] = remainder;
                    counts[gadget.Rest!.TableOf(c).FirstRow + remainder]++;
                    WideFiller.Write(gadget.Steps[0], p, c, steps.Item1, witness);
                    WideFiller.Write(gadget.Steps[1], p, c, steps.Item2, witness);
                    WideFiller.Write(gadget.Steps[2], p, c, steps.Item3, witness);
                    (low, high) = ((int)(low + (scaled >> shift) + (steps.Item2 * offset)), (int)(high + (steps.Item3 * offset)));
                }
                WideFiller.Write(gadget.Low, p, c, low, witness);
                WideFiller.Write(gadget.High, p, c, high, witness);
            }
        }
    }

    public static void Fill(MaxGadget gadget, Witness witness)
    {
        var (positions, channels) = (gadget.Chosen.Positions, gadget.Chosen.Channels);
        var elements = Evaluator.Values([new WideSummand(gadget.Source, 1)], 0, positions, channels, witness);
        FillLargest(elements, gadget.Source, gadget.Largest, gadget.Chosen, 0, witness);
        for (var i = 0; i < elements.Length; i++)
            WideFiller.Write(gadget.Gap, i / channels, i % channels, gadget.Largest.Number.ValueAt(witness.Read, i / channels, 0) - elements[i], witness);
        WideFiller.Look(gadget.Gap.Checks, witness);
    }

    /// <summary>The first of the largest elements of a row is chosen, and its limbs are the largest's.</summary>
    /// <param name="elements">Of whole rows from one on.</param>
    private static void FillLargest(long[] elements, WideNumber source, WideCells largest, Storage chosen, int firstRow, Witness witness)
    {
        for (var p = firstRow; p < firstRow + (elements.Length / chosen.Channels); p++)
        {
            var row = elements.AsSpan((p - firstRow) * chosen.Channels, chosen.Channels);
            var first = 0;
            for (var c = 1; c < row.Length; c++)
                first = row[c] > row[first] ? c : first;
            for (var k = 0; k < largest.Limbs.Length; k++)
                WideFiller.Write(largest.Limbs[k], p, 0, source.Limbs[k].ValueAt(witness.Read, p, first), witness);
            WideFiller.Write(chosen, p, first, 1, witness);
        }
    }

    public static void Fill(QuotientGadget gadget, Witness witness)
    {
        var (positions, channels) = (gadget.Quotient.Limbs[0].Positions, gadget.Quotient.Limbs[0].Channels);
        witness.ForPositions(positions, channels, (first, count) =>
        {
            if (gadget.IsBeyond64Bits)
                Fill(gadget, first, Enumerable.Range(0, count * channels).Select(i => WideFiller.Sum(gadget.Numerator, first + (i / channels), i % channels, witness)).ToArray(), witness);
            else
                Fill(gadget, first, Evaluator.Values(gadget.Numerator, first, count, channels, witness), witness);
        });
        WideFiller.Look([.. gadget.Half.Checks, .. gadget.Odd.Checks, .. gadget.Quotient.Checks, .. gadget.Remainder.Checks, .. gadget.Slack.Checks], witness);
    }

    /// <param name="numerators">Of the positions from the first on.</param>
    private static void Fill<T>(QuotientGadget gadget, int first, T[] numerators, Witness witness)
        where T : IBinaryInteger<T>
    {
        var channels = gadget.Quotient.Limbs[0].Channels;
        var (quotients, remainders, slacks) = (new T[channels], new long[channels], new long[channels]);
        for (var (p, i) = (first, 0); i < numerators.Length; p++)
        {
            var number = (long)gadget.Divisor.Number.ValueAt(witness.Read, p, 0);
            var (divisor, half) = (T.CreateChecked(number), T.CreateChecked(number / 2));
            WideFiller.Write(gadget.Half, p, 0, number / 2, witness);
            WideFiller.Write(gadget.Odd, p, 0, number % 2, witness);
            for (var c = 0; c < channels; c++, i++)
            {
                var (quotient, remainder) = T.DivRem(numerators[i] + half, divisor);
                if (T.IsNegative(remainder))
                    (quotient, remainder) = (quotient - T.One, remainder + divisor);
                (quotients[c], remainders[c], slacks[c]) = (quotient, long.CreateChecked(remainder), long.CreateChecked(divisor - T.One - remainder));
                if (gadget.Clamped is { } clamped)
                    WideFiller.Write(clamped, p, c, Math.Clamp(long.CreateChecked(quotient), -short.MaxValue, short.MaxValue), witness);
            }
            if (quotients is long[] ofRow)
                WideFiller.WriteRow<long>(gadget.Quotient, p, ofRow, witness);
            else
                for (var c = 0; c < channels; c++)
                    WideFiller.Write(gadget.Quotient, p, c, Int128.CreateChecked(quotients[c]), witness);
            WideFiller.WriteRow<long>(gadget.Remainder, p, remainders, witness);
            WideFiller.WriteRow<long>(gadget.Slack, p, slacks, witness);
        }
    }

    public static void Fill(OutsideGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Below.Flag, (p, c) =>
        {
            var divisor = gadget.Divisor.Number.ValueAt(witness.Read, p, 0);
            var (sum, reach) = (WideFiller.Sum(gadget.Numerator, p, c, witness) + (divisor / 2), gadget.Limit * divisor);
            // At the ends themselves what is left is the remainder.
            var (isBelow, isAbove) = (sum < -reach, sum >= reach + divisor);
            var inside = isBelow ? 0 : isAbove ? 2 * gadget.Limit : (sum + reach) / divisor;
            WideFiller.Write(gadget.Below.Flag, p, c, isBelow ? 0 : 1, witness);
            WideFiller.Write(gadget.Above.Flag, p, c, isAbove ? 0 : 1, witness);
            WideFiller.Write(gadget.Below.Number, p, c, isBelow ? -reach - sum : 0, witness);
            WideFiller.Write(gadget.Above.Number, p, c, isAbove ? sum - reach : 0, witness);
            WideFiller.Write(gadget.Slack, p, c, (2 * gadget.Limit) - inside, witness);
        });
        WideFiller.Look([.. gadget.Below.Number.Checks, .. gadget.Above.Number.Checks, .. gadget.Slack.Checks], witness);
    }

    public static void Fill(LayerNormGadget gadget, Witness witness)
    {
        var channels = gadget.Channels;
        witness.ForPositions(gadget.Squares.Limbs[0].Positions, channels, (first, count) =>
        {
            var elements = Evaluator.Values([new WideSummand(gadget.Source, 1)], first, count, channels, witness);
            for (var i = 0; gadget.Halves is not null && i < elements.Length; i++)
                WideFiller.Write(gadget.Halves, first + (i / channels), i % channels, elements[i], witness);
            for (var p = 0; p < count; p++)
                FillRow(gadget, first + p, elements.AsSpan(p * channels, channels), witness);
        });
        WideCells?[] numbers =
            [gadget.Halves, gadget.Squares, gadget.Mean, gadget.Rest, gadget.MeanSquare, gadget.Variance, gadget.VarianceRest, gadget.Root, gadget.RootRest, gadget.RootSlack];
        foreach (var number in numbers)
            WideFiller.Look(number?.Checks ?? [], witness);
    }

    private static void FillRow(LayerNormGadget gadget, int row, ReadOnlySpan<long> elements, Witness witness)
    {
        var (node, count) = (gadget.Node, elements.Length);
        var (sum, squares, mean) = (0L, 0L, 0L);
        foreach (var x in elements)
            (sum, squares) = (sum + x, squares + (x * x));
        WideFiller.Write(gadget.Squares, row, 0, squares, witness);
        if (node.Centred)
        {
            var scaled = (sum << node.Fraction) + (count / 2);
            var rest = ((scaled % count) + count) % count;
            mean = (scaled - rest) / count;
            WideFiller.Write(gadget.Mean!, row, 0, mean, witness);
            WideFiller.Write(gadget.Rest!, row, 0, rest, witness);
            WideFiller.Write(gadget.MeanSquare!, row, 0, (Int128)mean * mean, witness);
        }
        var distances = (Int128)(count / 2);
        foreach (var x in elements)
            distances += (Int128)((x << node.Fraction) - mean) * ((x << node.Fraction) - mean);
        var variance = distances / count;
        var root = CircuitBuilder.RootOf(variance + node.Epsilon);
        var rootRest = variance + node.Epsilon - (root * root);
        WideFiller.Write(gadget.Variance, row, 0, variance, witness);
        WideFiller.Write(gadget.VarianceRest, row, 0, distances % count, witness);
        WideFiller.Write(gadget.Root, row, 0, root, witness);
        WideFiller.Write(gadget.RootRest, row, 0, rootRest, witness);
        WideFiller.Write(gadget.RootSlack, row, 0, (2 * root) - rootRest, witness);
    }

    public static void Fill(WhereGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Result, (p, c) =>
        {
            var isLeft = witness.Cells[gadget.Flag.Base + (p * gadget.Flag.Width) + c] == 1;
            WideFiller.Write(gadget.Result, p, c, witness.Read((isLeft ? gadget.Left : gadget.Right).AddressOf(p, c)), witness);
        });
    }

    public static void Fill(FarComparisonGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.IsEqual, (p, c) =>
        {
            var difference = gadget.Left.ValueAt(witness.Read, p, c) - gadget.Right.ValueAt(witness.Read, p, c);
            WideFiller.Write(gadget.IsBelow, p, c, difference < 0 ? 1 : 0, witness);
            WideFiller.Write(gadget.IsAbove, p, c, difference > 0 ? 1 : 0, witness);
            WideFiller.Write(gadget.IsEqual, p, c, difference == 0 ? 1 : 0, witness);
            WideFiller.Write(gadget.Below, p, c, Int128.Max(-difference - 1, 0), witness);
            WideFiller.Write(gadget.Above, p, c, Int128.Max(difference - 1, 0), witness);
            if (gadget.Result != gadget.IsBelow && gadget.Result != gadget.IsEqual)
                WideFiller.Write(gadget.Result, p, c, difference <= 0 ? 1 : 0, witness);
        });
        WideFiller.Look([.. gadget.Below.Checks, .. gadget.Above.Checks, gadget.Check], witness);
    }

    public static void Fill(CompareGadget gadget, Witness witness)
    {
        var table = (FunctionTable)gadget.Site.TableOf(0);
        WideFiller.ForEachCell(gadget.Result, (p, c) =>
        {
            var difference = witness.Read(gadget.Left.AddressOf(p, c)) - witness.Read(gadget.Right.AddressOf(p, c));
            WideFiller.Write(gadget.Result, p, c, table.Values[(int)difference - table.Low], witness);
        });
        WideFiller.Look(gadget.Site, witness);
    }
}
