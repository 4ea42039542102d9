using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What a prover who changed a cell fills anew, so that one check alone is left to notice.</summary>
internal static class WitnessRepair
{
    /// <summary>Fills again what follows from a gadget's cells: sums and carries of the gadgets behind it.</summary>
    public static void Follow(Gadget gadget, Witness witness)
    {
        foreach (var next in From(gadget, witness))
            if (next is CarryGadget carry)
                WideFiller.Fill(carry, witness);
            else if (next is SumGadget sum && sum.Result.Checks.IsEmpty)
                WideFiller.Fill(sum, witness);
    }

    /// <summary>A gadget and those behind it.</summary>
    public static IEnumerable<Gadget> From(Gadget gadget, Witness witness) => witness.Circuit.Gadgets.SkipWhile(other => other != gadget);

    /// <summary>Carries as the sums demand, whatever range that takes them to.</summary>
    public static void Carry(IEnumerable<Gadget> gadgets, Witness witness)
    {
        foreach (var gadget in gadgets.OfType<CarryGadget>())
        {
            var (grid, divisor) = (gadget.Carry.Limbs[0], Felt.From(1L << gadget.Bits).Inverse());
            using var sums = new CellSums(witness, grid.Positions, grid.Channels);
            sums.Evaluate(gadget.Sum, 0, grid.Positions, divisor, (first, _, carries) =>
            {
                for (var i = 0; i < carries.Length; i++)
                    witness.Set(gadget.Carry, first + (i / grid.Channels), i % grid.Channels, carries[i]);
            });
        }
    }
}
