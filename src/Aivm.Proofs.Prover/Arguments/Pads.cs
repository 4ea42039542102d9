namespace Aivm.Proofs.Prover;

/// <summary>The pads of one proof. Never to be used twice: the difference of two proofs would be that of their secrets.</summary>
public static class Pads
{
    /// <param name="layout">Of all messages of the proof.</param>
    /// <param name="uniform">Uniform, secret elements.</param>
    public static Ext4[] Draw(PadLayout layout, Func<Ext4> uniform)
    {
        var pads = new Ext4[layout.Count];
        var products = layout.Products;
        for (var (pad, next) = (0, 0); pad < pads.Length; pad++)
            pads[pad] = next < products.Count && products[next].Product == pad
                ? pads[products[next].Left] * pads[products[next++].Right]
                : uniform();
        return pads;
    }

    /// <summary>All zero: the transparent mode, which hides nothing.</summary>
    public static Ext4[] None(PadLayout layout) => new Ext4[layout.Count];
}
