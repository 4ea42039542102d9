namespace Aivm.Proofs;

/// <summary>One pad with its coefficient in an affine form.</summary>
public readonly record struct PadTerm(int Pad, Ext4 Coefficient);

/// <summary>
/// A number the prover means and the verifier sees only behind pads: an affine form over pads, constant + sum of coefficient * pad.
/// Both sides compute the same form, and neither needs the pads for it.
/// </summary>
public sealed class Hidden
{
    private readonly PadTerm[] _terms;

    private Hidden(Ext4 constant, PadTerm[] terms) => (Constant, _terms) = (constant, terms);

    public Ext4 Constant { get; }

    /// <summary>Ascending by pad, each pad once; a coefficient may be zero.</summary>
    public ReadOnlySpan<PadTerm> Terms => _terms;

    /// <summary>A number both sides know.</summary>
    public static Hidden Of(Ext4 known) => new(known, []);

    public static Hidden Zero { get; } = Of(Ext4.Zero);

    /// <summary>What was sent as <paramref name="message"/> = value + pad.</summary>
    internal static Hidden Padded(Ext4 message, int pad) => new(message, [new PadTerm(pad, -Ext4.One)]) { Pad = pad };

    /// <summary>left * right for two sent numbers, X - x and Y - y: XY - X y - Y x + (xy), the last being a pad itself.</summary>
    internal static Hidden Product(Hidden left, Hidden right, int product) =>
        new Hidden(left.Constant * right.Constant, [new PadTerm(product, Ext4.One)])
        + new Hidden(Ext4.Zero, [new PadTerm(right.Pad!.Value, -left.Constant)])
        + new Hidden(Ext4.Zero, [new PadTerm(left.Pad!.Value, -right.Constant)]);

    /// <summary>The pad of a number as it was sent; null for anything computed.</summary>
    internal int? Pad { get; private init; }

    public static Hidden operator +(Hidden a, Hidden b) => new(a.Constant + b.Constant, Merge(a._terms, b._terms));

    public static Hidden operator -(Hidden a, Hidden b) => a + b.Times(-Ext4.One);

    public Hidden Times(Ext4 factor) =>
        new(Constant * factor, Array.ConvertAll(_terms, term => term with { Coefficient = term.Coefficient * factor }));

    /// <summary>The number itself, for who knows the pads.</summary>
    public Ext4 Value(ReadOnlySpan<Ext4> pads)
    {
        var value = Constant;
        foreach (var (pad, coefficient) in _terms)
            value += coefficient * pads[pad];
        return value;
    }

    private static PadTerm[] Merge(PadTerm[] a, PadTerm[] b)
    {
        if (a.Length == 0 || b.Length == 0)
            return a.Length == 0 ? b : a;
        if (a[^1].Pad < b[0].Pad)
            return [.. a, .. b];
        var merged = new PadTerm[a.Length + b.Length];
        var (count, i, j) = (0, 0, 0);
        while (i < a.Length || j < b.Length)
        {
            if (j == b.Length || (i < a.Length && a[i].Pad < b[j].Pad))
                merged[count++] = a[i++];
            else if (i == a.Length || b[j].Pad < a[i].Pad)
                merged[count++] = b[j++];
            else
                merged[count++] = new PadTerm(a[i].Pad, a[i++].Coefficient + b[j++].Coefficient);
        }
        return merged[..count];
    }
}
