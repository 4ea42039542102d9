using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Arguments;

/// <summary>A sum of fractions that is zero: lookups of keys in a table, rows with their multiplicities.</summary>
internal sealed class LookupExample
{
    public LookupExample(int seed, int lookups, int rows)
    {
        var random = new Random(seed);
        var table = new HashSet<Ext4>();
        while (table.Count < rows)
            table.Add(Ext4.From(random.Next(1 << 20)));
        var keys = table.ToArray();
        Denominators = new Ext4[lookups + rows];
        Numerators = new long[lookups + rows];
        var alpha = ArgumentRun.Uniform(random);
        for (var i = 0; i < lookups; i++)
        {
            var row = random.Next(rows);
            (Denominators[i], Numerators[i]) = (alpha - keys[row], 1);
            Numerators[lookups + row]--;
        }
        for (var row = 0; row < rows; row++)
            Denominators[lookups + row] = alpha - keys[row];
        Ones = lookups;
    }

    private LookupExample(int count)
    {
        Denominators = new Ext4[count];
        Denominators.AsSpan().Fill(Ext4.One);
        Numerators = new long[count];
    }

    public static LookupExample Neutral(int count) => new(count);

    /// <summary>Leading leaves that are declared to have numerator one.</summary>
    public int Ones { get; set; }

    public Ext4[] Denominators { get; }

    public long[] Numerators { get; }

    /// <summary>The numerators' polynomial at a point.</summary>
    public Ext4 NumeratorAt(Ext4[] point) => ArgumentRun.Evaluate(Array.ConvertAll(Numerators, n => Ext4.From(n)), point);

    /// <summary>The denominators' polynomial at a point.</summary>
    public Ext4 DenominatorAt(Ext4[] point) => ArgumentRun.Evaluate(Denominators, point, Ext4.One);

    public int Count => Denominators.Length;

    public int Variables => LogupGkr.Variables(Count);

    public PadLayout Layout
    {
        get
        {
            var layout = new PadLayout();
            LogupGkr.Reserve(layout, Variables);
            return layout;
        }
    }

    private LogupLeaves Leaves()
    {
        var denominators = new ExtArray(1 << Variables);
        for (var i = 0; i < Count; i++)
            denominators[i] = Denominators[i];
        var numerators = new FeltArray(Count - Ones);
        for (var i = Ones; i < Count; i++)
            numerators[i - Ones] = Felt.From(Numerators[i]);
        return new LogupLeaves(denominators, Ones, numerators);
    }

    public byte[] Prove(Ext4[] pads, int threads = 1)
    {
        using var workspace = new LogupWorkspace();
        var leaves = Leaves();
        using (leaves.Denominators)
        using (leaves.Numerators)
            return ArgumentRun.Prove(pads, channel => LogupGkrProver.Prove(channel, leaves, workspace, threads));
    }
}
