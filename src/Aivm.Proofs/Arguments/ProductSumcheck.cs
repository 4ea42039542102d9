namespace Aivm.Proofs;

/// <summary>
/// sum_i X_i Y_i = claim, for two vectors of at most 2^variables entries (what is missing is zero): the sumcheck of Lund, Fortnow,
/// Karloff and Nisan 1992 on two multilinear polynomials, highest variable first. A round sends p(0) and the leading coefficient of
/// p(x), the sum with its highest variable at x; p(1) is the claim less p(0), so that this check needs no constraint.
/// </summary>
public static class ProductSumcheck
{
    internal const int MessagesPerRound = 2;

    /// <summary>Lays out the pads of <see cref="Verify"/>.</summary>
    public static void Reserve(PadLayout layout, int variables) => layout.Skip(MessagesPerRound * variables);

    /// <summary>Lays out the pads of <see cref="VerifyBoth"/>.</summary>
    public static void ReserveBoth(PadLayout layout, int variables)
    {
        Reserve(layout, variables);
        layout.NextProduct(layout.Next(), layout.Next());
    }

    /// <summary>Down to X(s) Y(s) at one random point.</summary>
    public static SumcheckClaim Verify(VerifierChannel channel, Hidden claim, int variables) => VerifyRounds(channel, claim, variables, fromLowest: false);

    /// <summary>The same with the lowest variable first.</summary>
    public static SumcheckClaim VerifyFromLowest(VerifierChannel channel, Hidden claim, int variables) => VerifyRounds(channel, claim, variables, fromLowest: true);

    private static SumcheckClaim VerifyRounds(VerifierChannel channel, Hidden claim, int variables, bool fromLowest)
    {
        var point = new Ext4[variables];
        for (var round = 0; round < variables; round++)
        {
            var variable = fromLowest ? round : variables - 1 - round;
            var atZero = channel.Receive();
            var leading = channel.Receive();
            point[variable] = channel.Transcript.NextChallenge();
            claim = Bind(claim, atZero, leading, point[variable]);
        }
        return new SumcheckClaim(point, claim);
    }

    /// <summary>Down to X(s) and Y(s), each a claim of its own.</summary>
    public static (Ext4[] Point, Hidden X, Hidden Y) VerifyBoth(VerifierChannel channel, Hidden claim, int variables, string check)
    {
        var product = Verify(channel, claim, variables);
        var x = channel.Receive();
        var y = channel.Receive();
        RequireProduct(channel, product.Value, x, y, check);
        return (product.Point, x, y);
    }

    /// <summary>p(s) for the polynomial of degree 2 with p(0) + p(1) = claim.</summary>
    internal static Hidden Bind(Hidden claim, Hidden atZero, Hidden leading, Ext4 s) =>
        claim.Times(s) + atZero.Times(Ext4.One - s - s) + leading.Times((s * s) - s);

    internal static void RequireProduct(HiddenChannel channel, Hidden claim, Hidden x, Hidden y, string check) =>
        channel.RequireZero(claim - channel.Product(x, y), check);
}
