namespace Aivm.Proofs.Prover;

/// <summary>Fills the cells of a circuit of <see cref="Circuit.TryBuildWeightRanges"/>.</summary>
internal static class WeightRangeWitness
{
    /// <param name="weights">The oracle's cells.</param>
    public static Witness Fill(Circuit circuit, int[] weights)
    {
        var witness = new Witness(circuit, []);
        foreach (var gadget in circuit.Gadgets)
            switch (gadget)
            {
                case WeightRangeGadget g:
                    Fill(g, weights, witness);
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

    private static void Fill(BiasRangeGadget g, int[] weights, Witness witness)
    {
        for (var c = 0; c < g.Bounds.Length; c++)
        {
            var rest = g.Bounds[c] + (g.Sign * (long)weights[g.Place.Base + c]);
            for (var limb = 0; limb < g.Limbs.Length; limb++, rest >>= CircuitBuilder.PartBits)
            {
                var low = (int)(rest & ((1 << CircuitBuilder.PartBits) - 1));
                witness.Cells[g.Limbs[limb].Base + c] = low;
                witness.Count(g.Sites[limb].TableOf(c), low);
            }
        }
        for (var limb = 0; limb < g.Limbs.Length; limb++)
            witness.SetEntry(g.Sites[limb], 1, g.Limbs[limb]);
    }
}
