namespace Aivm.Proofs.Prover;

/// <summary>The prover of <see cref="ProductSumcheck"/>.</summary>
internal static class ProductSumcheckProver
{
    /// <summary>Pairs that are worth a thread.</summary>
    private const int Least = 1 << 12;

    /// <summary>Pairs that are folded and then summed at once: both fit into the second cache.</summary>
    private const int Piece = 1 << 11;

    /// <summary>The prover of <see cref="ProductSumcheck.Verify"/> for base elements y. Consumes x.</summary>
    /// <param name="claim">sum_i x_i y_i, as the verifier has it.</param>
    /// <param name="variables">x and y have the same length, at most 2^variables.</param>
    /// <returns>The claim that is left, and its two factors.</returns>
    public static (SumcheckClaim Claim, Ext4 X, Ext4 Y) Prove(ProverChannel channel, Hidden claim, ExtArray x, FeltArray y, int variables, int threads = 1)
    {
        if (variables == 0)
            return (new SumcheckClaim([], claim), x[0], y[0]);

        var half = 1 << (variables - 1);
        var round = Sum(threads, half, (from, to) => ExtKernels.SumcheckRound(x, y, half, from, to));
        (claim, var s) = SendRound(channel, claim, round.AtZero, round.Leading);
        using var folded = ExtArray.Uninitialised(Math.Min(half, y.Length));
        round = FoldAndSum(threads, half, folded.Length, x, folded, (from, to) =>
        {
            ExtKernels.Fold(x, half, s, from, to);
            ExtKernels.Fold(y, half, s, folded, from, to);
        });
        return ProveRest(channel, claim, x, folded, variables - 1, round, [s], threads);
    }

    /// <summary>The same for y in the extension. Consumes both.</summary>
    public static (SumcheckClaim Claim, Ext4 X, Ext4 Y) Prove(ProverChannel channel, Hidden claim, ExtArray x, ExtArray y, int variables, int threads = 1)
    {
        var half = 1 << variables >> 1;
        var round = variables == 0 ? default : Sum(threads, half, (from, to) => ExtKernels.SumcheckRound(x, y, half, from, to));
        return ProveRest(channel, claim, x, y, variables, round, [], threads);
    }

    /// <summary>The rounds from one on, whose sums are known.</summary>
    /// <param name="bound">The challenges before, the first for the highest variable.</param>
    private static (SumcheckClaim Claim, Ext4 X, Ext4 Y) ProveRest(
        ProverChannel channel, Hidden claim, ExtArray x, ExtArray y, int variables, (Ext4 AtZero, Ext4 Leading) round, List<Ext4> bound, int threads)
    {
        for (var variable = variables - 1; variable >= 0; variable--)
        {
            var half = 1 << variable;
            (claim, var s) = SendRound(channel, claim, round.AtZero, round.Leading);
            bound.Add(s);
            round = FoldAndSum(threads, half, Math.Min(half, x.Length), x, y, (from, to) =>
            {
                ExtKernels.Fold(x, half, s, from, to);
                ExtKernels.Fold(y, half, s, from, to);
            });
        }
        bound.Reverse();
        return (new SumcheckClaim([.. bound], claim), x[0], y[0]);
    }

    /// <summary>Binds a variable, and sums for the next while what it left is at hand.</summary>
    /// <param name="half">Pairs of the variable.</param>
    /// <param name="length">What it leaves of both vectors.</param>
    /// <param name="fold">Takes elements of what is left, from the first to before the end.</param>
    private static (Ext4 AtZero, Ext4 Leading) FoldAndSum(int threads, int half, int length, ExtArray x, ExtArray y, Action<int, int> fold)
    {
        var (next, round) = (half / 2, default((Ext4 AtZero, Ext4 Leading)));
        if (next == 0)
            fold(0, half);
        else
            round = Sum(threads, next, (from, to) =>
            {
                var sum = (AtZero: Ext4.Zero, Leading: Ext4.Zero);
                for (var first = from; first < to; first += Piece)
                {
                    var end = Math.Min(to, first + Piece);
                    fold(first, end);
                    fold(next + first, next + end);
                    var (atZero, leading) = ExtKernels.SumcheckRound(x, y, length, next, first, end);
                    sum = (sum.AtZero + atZero, sum.Leading + leading);
                }
                return sum;
            });
        x.Truncate(length);
        y.Truncate(length);
        return round;
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
