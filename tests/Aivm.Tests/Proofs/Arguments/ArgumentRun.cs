using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Arguments;

/// <summary>A prover and a verifier of one argument, with pads that the test knows.</summary>
internal static class ArgumentRun
{
    private const string Domain = "aivm test argument";

    public static Ext4 Uniform(Random random) => new(Base(random), Base(random), Base(random), Base(random));

    public static Felt Base(Random random) => Felt.From(random.Next((int)Felt.Modulus));

    public static Ext4[] Uniform(Random random, int count)
    {
        var elements = new Ext4[count];
        foreach (ref var element in elements.AsSpan())
            element = Uniform(random);
        return elements;
    }

    /// <summary>Pads of zero for null.</summary>
    public static Ext4[] PadsOf(PadLayout layout, Random? random) =>
        random is null ? Pads.None(layout) : Pads.Draw(layout, () => Uniform(random));

    public static byte[] Prove(Ext4[] pads, Action<ProverChannel> prove)
    {
        var writer = new ProofWriter();
        prove(new ProverChannel(new Transcript(Domain), writer, pads));
        return writer.ToArray();
    }

    /// <summary>Null if all checks hold.</summary>
    public static Error? Verify(byte[] proof, Ext4[] pads, Action<VerifierChannel> verify)
    {
        var reader = new ProofReader(proof);
        var channel = new VerifierChannel(new Transcript(Domain), reader);
        verify(channel);
        if (!reader.TryFinish())
            return reader.Error;
        Assert.Equal(pads.Length, channel.Layout.Count);
        return channel.CheckOpenly(pads);
    }

    /// <summary>The proof with one element changed.</summary>
    public static byte[] Tamper(byte[] proof, int element, Ext4 difference)
    {
        var reader = new ProofReader(proof.AsMemory(element * Ext4.Bytes, Ext4.Bytes));
        Assert.True(reader.TryRead(out Ext4 value));
        var writer = new ProofWriter();
        writer.Write(proof.AsSpan(0, element * Ext4.Bytes));
        writer.Write(value + difference);
        writer.Write(proof.AsSpan((element + 1) * Ext4.Bytes));
        return writer.ToArray();
    }

    /// <summary>The multilinear polynomial of values at a point, from the definition. Missing values are neutral.</summary>
    public static Ext4 Evaluate(ReadOnlySpan<Ext4> values, ReadOnlySpan<Ext4> point, Ext4 neutral = default)
    {
        var sum = Ext4.Zero;
        for (var i = 0; i < 1 << point.Length; i++)
        {
            var weight = Ext4.One;
            for (var k = 0; k < point.Length; k++)
                weight *= ((i >> k) & 1) != 0 ? point[k] : Ext4.One - point[k];
            sum += weight * (i < values.Length ? values[i] : neutral);
        }
        return sum;
    }
}
