using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>What their cells hold.</summary>
internal static partial class SmallCircuits
{
    public static Witness Fill(Model model, int samples, long[] inputs, ProofPrivacy privacy = ProofPrivacy.None)
    {
        var circuit = VectorCircuits.Build(model, samples, privacy);
        var witness = VectorCircuits.Fill(model, circuit, inputs);
        WitnessCheck.Satisfies(witness);
        Assert.Empty(WitnessFaults.Of(witness));
        return witness;
    }

    /// <summary>Every cell that matters, one more and one less, must be noticed.</summary>
    public static void AssertEveryCellCounts(Witness witness)
    {
        foreach (var address in WitnessFaults.CellsThatMatter(witness))
            foreach (var change in (int[])[1, -1])
            {
                ref var cell = ref witness.CellAt(address);
                cell += change;
                Assert.True(WitnessFaults.Of(witness).Count > 0, $"cell {address} {change:+0;-0}");
                cell -= change;
            }
        Assert.Empty(WitnessFaults.Of(witness));
    }

    /// <summary>A committed cell, of a private input or any other.</summary>
    public static ref int CellAt(this Witness witness, int address) =>
        ref address < witness.Cells.Length ? ref witness.Cells[address] : ref witness.InputCells[address - witness.Circuit.InputBase];

    /// <summary>The only gadget of a kind.</summary>
    public static T Gadget<T>(this Witness witness)
        where T : Gadget => Assert.Single(witness.Circuit.Gadgets.OfType<T>());

    public static void Set(this Witness witness, Storage storage, int position, int channel, long value) =>
        witness.CellAt(storage.Base + (position * storage.Width) + channel) = (int)value;

    public static int Get(this Witness witness, Storage storage, int position, int channel) =>
        witness.CellAt(storage.Base + (position * storage.Width) + channel);

    /// <summary>A number's limbs as an honest prover cuts them, the last one whatever it takes.</summary>
    public static void Set(this Witness witness, WideCells number, int position, int channel, Int128 value)
    {
        for (var k = 0; k < number.Limbs.Length; k++)
            witness.Set(number.Limbs[k], position, channel, number.Cut.LimbOf(value, k));
    }

    public static Int128 Get(this Witness witness, WideCells number, int position, int channel)
    {
        var sum = Int128.Zero;
        for (var k = 0; k < number.Limbs.Length; k++)
            sum += (Int128)witness.Get(number.Limbs[k], position, channel) << (number.Number.Step * k);
        return sum;
    }
}
