namespace Aivm.Proofs.Prover;

/// <summary>Fills the gadgets of trees and scores.</summary>
internal static class ClassicalFiller
{
    public static void Fill(InterpolateGadget gadget, Witness witness)
    {
        var (node, table) = (gadget.Node, gadget.Table);
        WideFiller.ForEachCell(gadget.Index, (p, c) =>
        {
            var t = gadget.Source.ValueAt(witness.Read, p, c) - node.Low;
            var (last, step) = (node.Entries.Count - 1, (Int128)1 << node.Shift);
            var index = t < 0 ? -1 : (int)Int128.Min(last, t >> node.Shift);
            // Outside of the table the offset may be anything that leaves the excess not negative: 0 will do above, all bits set below.
            var offset = index < 0 ? (long)step - 1 : index == last ? 0 : (long)(t - (index * step));
            var excess = t - (index * step) - offset;
            WideFiller.Write(gadget.Index, p, c, index, witness);
            for (var j = 0; j < gadget.Digits.Length; j++)
            {
                var digit = (offset >> (table.DigitBits * j)) & ((1L << table.DigitBits) - 1);
                WideFiller.Write(gadget.Digits[j], p, c, digit, witness);
                WideFiller.Write(gadget.Products[j], p, c, digit * table.StepAt(index), witness);
            }
            WideFiller.Write(gadget.Entry, p, c, table.EntryAt(index), witness);
            Write(gadget.Below, p, c, table.InsideBelow(index), -excess);
            Write(gadget.Above, p, c, table.InsideAbove(index), excess);
        });
        WideFiller.Look([.. gadget.Rows, .. gadget.Ranges, .. gadget.Below?.Number.Checks ?? [], .. gadget.Above?.Number.Checks ?? []], witness);

        void Write(GatedNumber? gated, int p, int c, int inside, Int128 excess)
        {
            if (gated is null)
                return;
            WideFiller.Write(gated.Flag, p, c, inside, witness);
            WideFiller.Write(gated.Number, p, c, inside == 1 ? 0 : excess, witness);
        }
    }

    public static void Fill(InterpolatedGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Result.Limbs[0], (p, c) =>
            WideFiller.Write(gadget.Result, p, c, EntryMaps.Interpolate(gadget.Node, (long)gadget.Source.ValueAt(witness.Read, p, c)), witness));
        WideFiller.Look(gadget.Result.Checks, witness);
    }

    public static void Fill(TreeGadget gadget, Witness witness)
    {
        var (paths, steps) = (gadget.Paths, gadget.Steps);
        WideFiller.ForEachCell(steps[0].Code, (sample, tree) =>
        {
            var node = paths.Trees[tree].Root;
            var path = new List<(int Child, int Code, int Gap)>();
            while (node >= 0)
            {
                path.Add(paths.Next(node, feature => witness.Read(gadget.Ranks.Addresses[feature] + (sample * gadget.Ranks.Strides[feature]))));
                node = path[^1].Child;
            }
            path.Reverse();
            for (var step = 0; step < paths.Trees[tree].Depth; step++)
            {
                var (child, code, gap) = step < path.Count ? path[step] : (paths.Trees[tree].Root, 0, 0);
                if (steps[step].Child is { } split)
                    WideFiller.Write(split, sample, tree, child, witness);
                WideFiller.Write(steps[step].Code, sample, tree, code, witness);
                WideFiller.Write(steps[step].Gap, sample, tree, gap, witness);
            }
            for (var target = 0; target < gadget.Leaves.Length; target++)
                WideFiller.Write(gadget.Leaves[target], sample, tree, paths.ValueOf(~node, target), witness);
        });
        foreach (var step in steps)
            WideFiller.Look([step.Edges, step.Ranks, .. step.Gap.Checks], witness);
    }

    public static void Fill(ArgMaxGadget gadget, Witness witness)
    {
        var length = gadget.Before.Channels + 1;
        for (var p = 0; p < gadget.Before.Positions; p++)
        {
            var row = new Int128[length];
            for (var i = 0; i < length; i++)
                row[i] = gadget.Source.ValueAt(witness.Read, p, i);
            var largest = row.Max();
            var label = Array.IndexOf(row, largest);
            WideFiller.Write(gadget.Largest, p, 0, largest, witness);
            for (var i = 0; i < length; i++)
            {
                var before = i < label ? 1 : 0;
                if (i < length - 1)
                    WideFiller.Write(gadget.Before, p, i, before, witness);
                WideFiller.Write(gadget.Gap, p, i, largest - row[i] - before, witness);
            }
        }
        WideFiller.Look([.. gadget.Largest.Checks, .. gadget.Gap.Checks], witness);
    }
}
