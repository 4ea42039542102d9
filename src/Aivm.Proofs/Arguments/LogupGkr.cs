namespace Aivm.Proofs;

/// <summary>What a sum of fractions leaves to show: the leaves' numerators and denominators at one random point.</summary>
/// <param name="Point">In the order of index bits.</param>
public sealed record LogupClaim(Ext4[] Point, Hidden Numerator, Hidden Denominator);

/// <summary>
/// sum_i n_i / d_i = 0 and no d_i is zero, over at most 2^variables leaves (what is missing is 0 / 1): a layered circuit of additions of
/// fractions (Papini and Haböck 2023, "Improving logarithmic derivative lookups using GKR"), each layer reduced to the next by a
/// sumcheck. Layer k has 2^k fractions; its i-th is the sum of the i-th and the (i + 2^k)-th of layer k + 1. With a leaf
/// 1 / (alpha - key) for every lookup and a leaf -multiplicity / (alpha - key) for every row of a table, the sum is zero only if each
/// key is in the table (Haböck 2022).
/// </summary>
/// <remarks>
/// <para><b>The root.</b> Its numerator is zero, which both know; its denominator goes over with its inverse. Then the two fractions of
/// layer 1 go over, held to the root by two constraints.</para>
/// <para><b>A layer.</b> Known are n0, n1, d0, d1, the halves of layer k at a point r, and wanted those of layer k + 1. For a challenge
/// lambda let g(x) = (n0 d1 + n1 d0 + lambda d0 d1)(x) on the halves of layer k + 1, which is N(x) + lambda D(x) on layer k. The sum
/// q(x) = sum_i eq(r, i) g(i, x) over all but the highest variable has degree 2, and is known at 0, n0 + lambda d0, and at 1,
/// n1 + lambda d1. So the first round sends its leading coefficient alone, and no challenge is spent on joining the halves.</para>
/// <para><b>Later rounds</b> are without the factors eq of variables that are bound or being bound (Gruen 2024, "Some improvements for
/// the PIOP for ZeroCheck", section 3): the sum over the lower variables has degree 2, and the claim about it is
/// c = (1 - r_j) q(0) + r_j q(1). Sent are the slope u = q(1) - q(0) and the leading coefficient l, so that
/// q(x) = c + u (x - r_j) + l (x^2 - x) satisfies the claim by construction, and nothing is divided. At the end a constraint holds the
/// four new values to what is left of the sum.</para>
/// </remarks>
public static class LogupGkr
{
    /// <summary>So few leaves that a count of equal ones stays below p and the quartic extension leaves 100 bits.</summary>
    public const int MaxVariables = 22;

    internal const string RootCheck = "lookups, a denominator is zero";
    internal const string SumCheck = "lookups, the fractions' sum";
    internal const string DenominatorCheck = "lookups, the root's denominator";

    /// <summary>Variables of so many leaves, at least one.</summary>
    public static int Variables(int leaves) => int.Log2(leaves) + (int.IsPow2(leaves) ? 0 : 1);

    /// <summary>Lays out the pads of <see cref="Verify"/>.</summary>
    public static void Reserve(PadLayout layout, int variables)
    {
        layout.NextProduct(layout.Next(), layout.Next());
        for (var layer = 0; layer < variables; layer++)
        {
            layout.Skip(Math.Max(0, (2 * layer) - 1));
            var (n0, n1, d0, d1) = (layout.Next(), layout.Next(), layout.Next(), layout.Next());
            layout.NextProduct(n0, d1);
            layout.NextProduct(n1, d0);
            layout.NextProduct(d0, d1);
        }
    }

    /// <param name="variables">0 to <see cref="MaxVariables"/>.</param>
    public static LogupClaim Verify(VerifierChannel channel, int variables)
    {
        var denominator = channel.Receive();
        RequireInvertible(channel, denominator, channel.Receive());
        if (variables == 0)
            return new LogupClaim([], Hidden.Zero, denominator);

        var halves = Receive(channel);
        RequireRoot(channel, denominator, halves);
        Ext4[] point = [];
        for (var layer = 1; layer < variables; layer++)
        {
            var lambda = channel.Transcript.NextChallenge();
            var next = new Ext4[layer];
            var leading = channel.Receive();
            next[^1] = channel.Transcript.NextChallenge();
            var sum = BindTop(halves, lambda, leading, next[^1]);
            for (var variable = layer - 2; variable >= 0; variable--)
            {
                var slope = channel.Receive();
                leading = channel.Receive();
                next[variable] = channel.Transcript.NextChallenge();
                sum = Bind(sum, slope, leading, point[variable], next[variable]);
            }
            (point, halves) = (next, Receive(channel));
            RequireLayer(channel, layer, lambda, sum, halves);
        }
        return Join(channel, point, halves);
    }

    internal static void RequireInvertible(HiddenChannel channel, Hidden denominator, Hidden inverse) =>
        channel.RequireZero(channel.Product(denominator, inverse) - Hidden.Of(Ext4.One), RootCheck);

    internal static void RequireRoot(HiddenChannel channel, Hidden denominator, in LogupHalves halves)
    {
        var (numerator, product) = Combine(channel, halves);
        channel.RequireZero(numerator, SumCheck);
        channel.RequireZero(denominator - product, DenominatorCheck);
    }

    internal static void RequireLayer(HiddenChannel channel, int layer, Ext4 lambda, Hidden sum, in LogupHalves halves)
    {
        var (numerator, denominator) = Combine(channel, halves);
        channel.RequireZero(sum - numerator - denominator.Times(lambda), LayerCheck(layer));
    }

    /// <summary>q(s) for the polynomial of degree 2 with q(0) = n0 + lambda d0, q(1) = n1 + lambda d1.</summary>
    internal static Hidden BindTop(in LogupHalves halves, Ext4 lambda, Hidden leading, Ext4 s)
    {
        var atZero = halves.N0 + halves.D0.Times(lambda);
        var atOne = halves.N1 + halves.D1.Times(lambda);
        return atZero.Times(Ext4.One - s) + atOne.Times(s) + leading.Times((s * s) - s);
    }

    /// <summary>q(s) for the polynomial of degree 2 with (1 - r) q(0) + r q(1) = claim.</summary>
    internal static Hidden Bind(Hidden claim, Hidden slope, Hidden leading, Ext4 r, Ext4 s) =>
        claim + slope.Times(s - r) + leading.Times((s * s) - s);

    internal static LogupClaim Join(HiddenChannel channel, Ext4[] point, in LogupHalves halves)
    {
        var top = channel.Transcript.NextChallenge();
        var numerator = halves.N0 + (halves.N1 - halves.N0).Times(top);
        var denominator = halves.D0 + (halves.D1 - halves.D0).Times(top);
        return new LogupClaim([.. point, top], numerator, denominator);
    }

    internal static string LayerCheck(int layer) => $"lookups, layer {layer}";

    private static LogupHalves Receive(VerifierChannel channel) =>
        new(channel.Receive(), channel.Receive(), channel.Receive(), channel.Receive());

    private static (Hidden Numerator, Hidden Denominator) Combine(HiddenChannel channel, in LogupHalves halves)
    {
        var crosswise = channel.Product(halves.N0, halves.D1) + channel.Product(halves.N1, halves.D0);
        return (crosswise, channel.Product(halves.D0, halves.D1));
    }
}

/// <summary>The two halves of a layer, numerators and denominators, at one point: as they were sent.</summary>
internal readonly record struct LogupHalves(Hidden N0, Hidden N1, Hidden D0, Hidden D1);
