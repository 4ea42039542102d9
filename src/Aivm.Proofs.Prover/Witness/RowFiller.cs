namespace Aivm.Proofs.Prover;

/// <summary>Fills the gadgets of operators that work along rows.</summary>
internal static class RowFiller
{
    public static void Fill(SoftmaxGadget gadget, Witness witness)
    {
        var (source, table, shift) = (gadget.Source, gadget.Table, gadget.Table.Shift);
        var (positions, channels) = (source.Positions, source.Channels);
        var scores = Evaluator.Values(new TapTerm(source), positions, channels, witness);
        FillLargest(scores, gadget.Largest, gadget.Chosen, witness);
        var entries = Enumerable.Range(1, 3).Select(entry => witness.NewEntry(gadget.Row, entry)).ToArray();
        for (var part = 0; part < gadget.Steps.Length; part++)
            witness.SetEntry(gadget.Row, 4 + part, gadget.Steps[part]);
        if (gadget.Above is { } beyond)
            witness.SetEntry(gadget.Row, 4 + gadget.Steps.Length, beyond.Flag);
        var rest = gadget.Rest is null ? null : witness.NewEntry(gadget.Rest, 1);
        for (var p = 0; p < positions; p++)
        {
            var largest = witness.Cells[gadget.Largest.Base + (p * gadget.Largest.Width)];
            for (var c = 0; c < channels; c++)
            {
                var distance = largest - scores[(p * channels) + c];
                var (offset, cell) = (distance & ((1L << shift) - 1), (p * gadget.Low.Width) + c);
                var index = (int)Math.Min(distance >> shift, table.Rows - 1);
                var (low, high) = (table.PartOf(index, 0), table.PartOf(index, 1));
                (entries[0][cell], entries[1][cell], entries[2][cell]) = (index, low, high);
                witness.Count(table, index);
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
                    witness.Count(gadget.Rest!.TableOf(c), remainder);
                    WideFiller.Write(gadget.Steps[0], p, c, steps.Item1, witness);
                    WideFiller.Write(gadget.Steps[1], p, c, steps.Item2, witness);
                    WideFiller.Write(gadget.Steps[2], p, c, steps.Item3, witness);
                    (low, high) = ((int)(low + (scaled >> shift) + (steps.Item2 * offset)), (int)(high + (steps.Item3 * offset)));
                }
                WideFiller.Write(gadget.Low, p, c, low, witness);
                WideFiller.Write(gadget.High, p, c, high, witness);
            }
        }
        WideFiller.Look([.. gadget.Offset?.Checks ?? [], .. gadget.Above?.Number.Checks ?? [], .. gadget.Rounded?.Checks ?? []], witness);
    }

    public static void Fill(MaxGadget gadget, Witness witness)
    {
        var channels = gadget.Source.Channels;
        var elements = Evaluator.Values(new TapTerm(gadget.Source), gadget.Source.Positions, channels, witness);
        FillLargest(elements, gadget.Largest, gadget.Chosen, witness);
        for (var i = 0; i < elements.Length; i++)
            WideFiller.Write(
                gadget.Gap, i / channels, i % channels, witness.Cells[gadget.Largest.Base + (i / channels * gadget.Largest.Width)] - elements[i], witness);
        WideFiller.Look(gadget.Gap.Checks, witness);
    }

    private static void FillLargest(long[] elements, Storage largest, Storage chosen, Witness witness)
    {
        for (var p = 0; p < chosen.Positions; p++)
        {
            var row = elements.AsSpan(p * chosen.Channels, chosen.Channels);
            var first = 0;
            for (var c = 1; c < row.Length; c++)
                first = row[c] > row[first] ? c : first;
            WideFiller.Write(largest, p, 0, row[first], witness);
            WideFiller.Write(chosen, p, first, 1, witness);
        }
    }

    public static void Fill(QuotientGadget gadget, Witness witness)
    {
        var (positions, channels) = (gadget.Quotient.Limbs[0].Positions, gadget.Quotient.Limbs[0].Channels);
        var numerators = Evaluator.Values(gadget.Numerator, positions, channels, witness);
        for (var p = 0; p < positions; p++)
        {
            var divisor = (long)gadget.Divisor.Number.ValueAt(witness.Read, p, 0);
            WideFiller.Write(gadget.Half, p, 0, divisor / 2, witness);
            WideFiller.Write(gadget.Odd, p, 0, divisor % 2, witness);
            for (var c = 0; c < channels; c++)
            {
                var numerator = numerators[(p * channels) + c] + (divisor / 2);
                var quotient = numerator / divisor;
                var remainder = numerator - (quotient * divisor);
                if (remainder < 0)
                    (quotient, remainder) = (quotient - 1, remainder + divisor);
                WideFiller.Write(gadget.Quotient, p, c, quotient, witness);
                WideFiller.Write(gadget.Remainder, p, c, remainder, witness);
                WideFiller.Write(gadget.Slack, p, c, divisor - 1 - remainder, witness);
                if (gadget.Clamped is { } clamped)
                    WideFiller.Write(clamped, p, c, Math.Clamp(quotient, -short.MaxValue, short.MaxValue), witness);
            }
        }
        WideFiller.Look([.. gadget.Half.Checks, .. gadget.Odd.Checks, .. gadget.Quotient.Checks, .. gadget.Remainder.Checks, .. gadget.Slack.Checks], witness);
    }

    public static void Fill(LayerNormGadget gadget, Witness witness)
    {
        var (node, source) = (gadget.Node, gadget.Source);
        var channels = source.Channels;
        var elements = Evaluator.Values(new TapTerm(source), source.Positions, channels, witness);
        for (var half = 0; half < gadget.Halves.Length; half++)
        {
            for (var i = 0; i < elements.Length; i++)
                WideFiller.Write(
                    gadget.Halves[half].Cells, i / channels, i % channels,
                    half == 0 ? elements[i] & ((1 << CircuitBuilder.HalfBits) - 1) : elements[i] >> CircuitBuilder.HalfBits, witness);
            WideFiller.Look(gadget.Halves[half].Check, witness);
        }
        for (var p = 0; p < source.Positions; p++)
            FillRow(gadget, p, elements.AsSpan(p * channels, channels), witness);
        WideCells?[] numbers =
            [gadget.Squares, gadget.Mean, gadget.Rest, gadget.MeanSquare, gadget.Variance, gadget.VarianceRest, gadget.Root, gadget.RootRest, gadget.RootSlack];
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
            var flag = witness.Read(gadget.Condition.AddressOf(p, c)) == 0 ? 0 : 1;
            WideFiller.Write(gadget.Flag, p, c, flag, witness);
            WideFiller.Write(gadget.Result, p, c, witness.Read((flag == 1 ? gadget.Left : gadget.Right).AddressOf(p, c)), witness);
        });
        WideFiller.Look(gadget.Site, witness);
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
