namespace Aivm.Proofs.Prover;

/// <summary>Fills the cells of a circuit of <see cref="ProvedModel.WeightRanges"/>.</summary>
internal static class WeightRangeWitness
{
    /// <param name="weights">The oracle's cells.</param>
    /// <param name="publicNumbers">Of the circuit.</param>
    public static Witness Fill(Circuit circuit, int[] weights, PublicNumbers.Room publicNumbers)
    {
        var witness = new Witness(circuit);
        witness.Begin(publicNumbers);
        foreach (var gadget in circuit.Gadgets)
            switch (gadget)
            {
                case WeightRangeGadget g:
                    Fill(g, weights, witness);
                    break;
                case SplitCodeGadget g:
                    Fill(g, weights, witness);
                    break;
                case MagnitudeGadget g:
                    Fill(g, weights, witness);
                    break;
                case MagnitudeSumGadget g:
                    Fill(g, witness);
                    break;
                case BiasRangeGadget g:
                    Fill(g, weights, witness);
                    break;
            }
        return witness;
    }

    private static void Fill(WeightRangeGadget g, int[] weights, Witness witness)
    {
        witness.SetEntry(g.Site, 1, new EntryColumn(weights, g.Place.Base));
        var table = g.Site.TableOf(0);
        for (var p = 0; p < g.Place.Positions; p++)
            for (var c = 0; c < g.Place.Channels; c++)
                // What is no row is counted nowhere, and has no proof.
                if (table.RowOf([weights[g.Place.Base + (p * g.Place.Width) + c]]) is var row && row >= 0)
                    witness.Count(table, row);
    }

    private static void Fill(SplitCodeGadget g, int[] weights, Witness witness)
    {
        var (ofTrue, ofFalse, table) = (witness.NewEntry(g.Site, 1), witness.NewEntry(g.Site, 2), g.Site.TableOf(0));
        for (var split = 0; split < ofTrue.Length; split++)
        {
            (ofTrue[split], ofFalse[split]) = (weights[g.Codes.Base + (2 * split)], weights[g.Codes.Base + (2 * split) + 1]);
            // What is no row is counted nowhere, and has no proof.
            if (table.RowOf([ofTrue[split], ofFalse[split]]) is var row && row >= 0)
                witness.Count(table, row);
        }
    }

    private static void Fill(MagnitudeGadget g, int[] weights, Witness witness)
    {
        var table = (MagnitudeTable)g.Site.TableOf(0);
        int[][] entries = [.. Enumerable.Range(1, table.Weights).Select(entry => witness.NewEntry(g.Site, entry))];
        witness.SetEntry(g.Site, 1 + table.Weights, g.Magnitudes);
        var tuple = new int[1 + table.Weights];
        for (var p = 0; p < g.Magnitudes.Positions; p++)
            for (var c = 0; c < g.Magnitudes.Channels; c++)
            {
                var cell = (p * g.Magnitudes.Width) + c;
                tuple[^1] = 0;
                for (var k = 0; k < table.Weights; k++)
                {
                    tuple[k] = entries[k][cell] = weights[g.Place.Base + (p * g.Place.Width) + (c * table.Weights) + k];
                    tuple[^1] += Math.Abs(tuple[k]);
                }
                witness.Cells[g.Magnitudes.Base + cell] = tuple[^1];
                // What is no row is counted nowhere, and has no proof.
                if (table.RowOf(tuple) is var row && row >= 0)
                    witness.Count(table, row);
            }
    }

    private static void Fill(MagnitudeSumGadget g, Witness witness)
    {
        for (var o = 0; o < g.Bounds.Length; o++)
        {
            var rest = g.Bounds[o];
            for (var p = o; p < g.Magnitudes.Positions; p += g.Bounds.Length)
                for (var c = 0; c < g.Magnitudes.Channels; c++)
                    rest -= witness.Cells[g.Magnitudes.Base + (p * g.Magnitudes.Width) + c];
            Fill(g.Slack, o, rest, witness);
        }
        Look(g.Slack, witness);
    }

    private static void Fill(BiasRangeGadget g, int[] weights, Witness witness)
    {
        for (var c = 0; c < g.Bounds.Length; c++)
            Fill(g.Slack, c, g.Bounds[c] + (g.Sign * (long)weights[g.Place.Base + c]), witness);
        Look(g.Slack, witness);
    }

    /// <summary>The limbs of one number, which lie in the position or the channel of its index.</summary>
    private static void Fill(SlackCells slack, int index, long rest, Witness witness)
    {
        for (var limb = 0; limb < slack.Limbs.Length; limb++, rest >>= CircuitBuilder.PartBits)
        {
            var low = (int)(rest & ((1 << CircuitBuilder.PartBits) - 1));
            witness.Cells[slack.Limbs[limb].Base + index] = low;
            var table = slack.Sites[limb].TableOf(slack.Limbs[limb].Channels == 1 ? 0 : index);
            if (low < table.Rows)
                witness.Count(table, low);
        }
    }

    private static void Look(SlackCells slack, Witness witness)
    {
        for (var limb = 0; limb < slack.Limbs.Length; limb++)
            witness.SetEntry(slack.Sites[limb], 1, slack.Limbs[limb]);
    }
}
