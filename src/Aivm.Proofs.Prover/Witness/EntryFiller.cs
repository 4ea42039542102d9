using Aivm.Inference;

namespace Aivm.Proofs.Prover;

/// <summary>Fills the gadgets of entry maps.</summary>
internal static class EntryFiller
{
    public static void Fill(ClampGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Inside.Limbs[0], (p, c) =>
        {
            var sum = WideFiller.Sum(gadget.Sum, p, c, witness);
            var quotient = sum >> gadget.Shift;
            var inside = Int128.Clamp(quotient, gadget.Low, gadget.High) - gadget.Low;
            WideFiller.Write(gadget.Inside, p, c, inside, witness);
            Write(gadget.Below, p, c, gadget.Low - quotient, witness);
            Write(gadget.Above, p, c, quotient - gadget.High, witness);
            if (gadget.Slack is { } slack)
                WideFiller.Write(slack, p, c, gadget.High - gadget.Low - inside, witness);
            if (gadget.Remainder is { } remainder)
                WideFiller.Write(remainder, p, c, sum - (quotient << gadget.Shift), witness);
        });
        WideFiller.Look(
            [
                .. gadget.Below?.Number.Checks ?? [], .. gadget.Above?.Number.Checks ?? [], .. gadget.Inside.Checks, .. gadget.Slack?.Checks ?? [],
                .. gadget.Remainder?.Checks ?? [],
            ],
            witness);
    }

    /// <summary>By how much something is outside, and the flag that is set where it is not.</summary>
    private static void Write(GatedNumber? outside, int p, int c, Int128 by, Witness witness)
    {
        if (outside is null)
            return;
        WideFiller.Write(outside.Flag, p, c, by > 0 ? 0 : 1, witness);
        WideFiller.Write(outside.Number, p, c, Int128.Max(by, 0), witness);
    }

    public static void Fill(RankGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Rank, (sample, feature) =>
        {
            var x = (long)gadget.Source.ValueAt(witness.Read, sample, feature);
            var rank = gadget.Table.RankOf(feature, x);
            var (lower, upper) = gadget.Table.IntervalOf(feature, rank);
            WideFiller.Write(gadget.Rank, sample, feature, rank, witness);
            WideFiller.Write(gadget.Lower, sample, feature, lower, witness);
            WideFiller.Write(gadget.Upper, sample, feature, upper, witness);
            WideFiller.Write(gadget.FromLower, sample, feature, (Int128)x - lower, witness);
            WideFiller.Write(gadget.ToUpper, sample, feature, (Int128)upper - x, witness);
        });
        WideFiller.Look([gadget.Row, .. gadget.FromLower.Checks, .. gadget.ToUpper.Checks], witness);
    }

    public static void Fill(VariantGadget gadget, Witness witness)
    {
        var (ranks, numbers) = (new long[gadget.Ranks.Addresses.Length], new long[gadget.Paths.VariantCount]);
        for (var sample = 0; sample < gadget.Numbers.Positions; sample++)
        {
            for (var feature = 0; feature < ranks.Length; feature++)
            {
                ranks[feature] = witness.Read(gadget.Ranks.Addresses[feature] + (sample * gadget.Ranks.Strides[feature]));
                if (gadget.Missing is { } missing)
                    WideFiller.Write(missing, sample, feature, ranks[feature] == ElementTypes.MissingRank ? 1 : 0, witness);
            }
            gadget.Paths.WriteVariants(ranks, numbers);
            for (var variant = 0; variant < numbers.Length; variant++)
                WideFiller.Write(gadget.Numbers, sample, variant, numbers[variant], witness);
        }
        if (gadget.MissingRow is { } row)
            WideFiller.Look(row, witness);
    }
}
