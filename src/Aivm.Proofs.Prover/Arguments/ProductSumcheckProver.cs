namespace Aivm.Proofs.Prover;

/// <summary>The prover of <see cref="ProductSumcheck"/>.</summary>
internal static class ProductSumcheckProver
{
    /// <summary>Pairs that are worth a thread.</summary>
    private const int Least = 1 << 12;

    /// <summary>The prover of <see cref="ProductSumcheck.Verify"/> for base elements y. Consumes x.</summary>
    /// <param name="claim">sum_i x_i y_i, as the verifier has it.</param>
    /// <param name="variables">x and y have the same length, at most 2^variables.</param>
    /// <returns>The claim that is left, and its two factors.</returns>
    public static (SumcheckClaim Claim, Ext4 X, Ext4 Y) Prove(ProverChannel channel, Hidden claim, ExtArray x, FeltArray y, int variables, int threads = 1)
    {
        if (variables == 0)
            return (new SumcheckClaim([], claim), x[0], y[0]);

        var half = 1 << (variables - 1);
        var (atZero, leading) = Sum(threads, half, (from, to) => ExtKernels.SumcheckRound(x, y, half, from, to));
        (claim, var s) = SendRound(channel, claim, atZero, leading);
        using var folded = ExtArray.Uninitialised(Math.Min(half, y.Length));
        Parts.Run(threads, half, Least, (_, from, to) =>
        {
            ExtKernels.Fold(x, half, s, from, to);
            ExtKernels.Fold(y, half, s, folded, from, to);
        });
        x.Truncate(folded.Length);
        var (rest, xValue, yValue) = Prove(channel, claim, x, folded, variables - 1, threads);
        return (rest with { Point = [.. rest.Point, s] }, xValue, yValue);
    }

    /// <summary>The same for y in the extension. Consumes both.</summary>
    public static (SumcheckClaim Claim, Ext4 X, Ext4 Y) Prove(ProverChannel channel, Hidden claim, ExtArray x, ExtArray y, int variables, int threads = 1)
    {
        var point = new Ext4[variables];
        for (var variable = variables - 1; variable >= 0; variable--)
        {
            var half = 1 << variable;
            var (atZero, leading) = Sum(threads, half, (from, to) => ExtKernels.SumcheckRound(x, y, half, from, to));
            (claim, var s) = SendRound(channel, claim, atZero, leading);
            Parts.Run(threads, half, Least, (_, from, to) =>
            {
                ExtKernels.Fold(x, half, s, from, to);
                ExtKernels.Fold(y, half, s, from, to);
            });
            x.Truncate(Math.Min(half, x.Length));
            y.Truncate(x.Length);
            point[variable] = s;
        }
        return (new SumcheckClaim(point, claim), x[0], y[0]);
    }

    private static (Ext4 AtZero, Ext4 Leading) Sum(int threads, int half, Func<int, int, (Ext4 AtZero, Ext4 Leading)> sum)
    {
        var (atZero, leading) = (new Ext4[threads], new Ext4[threads]);
        Parts.Run(threads, half, Least, (part, from, to) => (atZero[part], leading[part]) = sum(from, to));
        return (atZero.Aggregate((a, b) => a + b), leading.Aggregate((a, b) => a + b));
    }

    /// <summary>The prover of <see cref="ProductSumcheck.VerifyBoth"/>. Consumes both vectors.</summary>
    public static (Ext4[] Point, Hidden X, Hidden Y) ProveBoth(
        ProverChannel channel, Hidden claim, ExtArray x, ExtArray y, int variables, string check, int threads = 1)
    {
        var (rest, xValue, yValue) = Prove(channel, claim, x, y, variables, threads);
        var (sentX, sentY) = (channel.Send(xValue), channel.Send(yValue));
        ProductSumcheck.RequireProduct(channel, rest.Value, sentX, sentY, check);
        return (rest.Point, sentX, sentY);
    }

    public static (Hidden Claim, Ext4 Challenge) SendRound(ProverChannel channel, Hidden claim, Ext4 atZero, Ext4 leading)
    {
        var (sentAtZero, sentLeading) = (channel.Send(atZero), channel.Send(leading));
        var challenge = channel.Transcript.NextChallenge();
        return (ProductSumcheck.Bind(claim, sentAtZero, sentLeading, challenge), challenge);
    }
}
