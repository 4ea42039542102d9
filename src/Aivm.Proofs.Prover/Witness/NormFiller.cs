namespace Aivm.Proofs.Prover;

/// <summary>Fills what normalisations divide by.</summary>
internal static class NormFiller
{
    public static void Fill(SignGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.IsNegative, (p, c) =>
        {
            var number = gadget.Source.ValueAt(witness.Read, p, c);
            WideFiller.Write(gadget.IsNegative, p, c, number < 0 ? 1 : 0, witness);
            WideFiller.Write(gadget.Plus, p, c, Int128.Max(number, 0), witness);
            WideFiller.Write(gadget.Minus, p, c, Int128.Max(-number, 0), witness);
        });
        WideFiller.Look([.. gadget.Plus.Checks, .. gadget.Minus.Checks], witness);
    }

    public static void Fill(NormGadget gadget, Witness witness)
    {
        for (var p = 0; p < gadget.IsZero.Positions; p++)
        {
            var sum = WideFiller.Sum(gadget.Sum, p, 0, witness);
            var norm = gadget.Rest is null ? sum : CircuitBuilder.RootOf(sum);
            WideFiller.Write(gadget.IsZero, p, 0, norm == 0 ? 1 : 0, witness);
            WideFiller.Write(gadget.Norm, p, 0, norm, witness);
            if (gadget is not { Rest: { } rest, Slack: { } slack })
                continue;
            WideFiller.Write(rest, p, 0, sum - (norm * norm), witness);
            WideFiller.Write(slack, p, 0, (2 * norm) - sum + (norm * norm), witness);
        }
        WideFiller.Look([.. gadget.Norm.Checks, .. gadget.Rest?.Checks ?? [], .. gadget.Slack?.Checks ?? []], witness);
    }

    public static void Fill(NormSignGadget gadget, Witness witness)
    {
        WideFiller.ForEachCell(gadget.Sign, (p, c) =>
        {
            var isZero = witness.Cells[gadget.IsZero.Base + (p * gadget.IsZero.Width)] == 1;
            var isNegative = witness.Cells[gadget.IsNegative.Base + (p * gadget.IsNegative.Width)] == 1;
            WideFiller.Write(gadget.Sign, p, c, isZero ? 0 : isNegative ? -1 : 1, witness);
        });
        WideFiller.Look(gadget.Row, witness);
    }
}
