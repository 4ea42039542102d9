using System.Runtime.Intrinsics;

namespace Aivm.Proofs.Prover;

/// <summary>The prover of <see cref="LogupGkr"/>.</summary>
internal static class LogupGkrProver
{
    /// <summary>Proves the sum to be zero; of one that is not, the proof is refused. Consumes the leaves' denominators.</summary>
    /// <param name="threads">Changes nothing but the time.</param>
    public static LogupClaim Prove(ProverChannel channel, LogupLeaves leaves, LogupWorkspace workspace, int threads = 1) =>
        FieldSimd.Level switch
        {
            FieldLevel.Avx512 => Prove<Avx512Lanes, Vector512<uint>>(channel, leaves, workspace, threads),
            FieldLevel.Avx2 => Prove<Avx2Lanes, Vector256<uint>>(channel, leaves, workspace, threads),
            _ => Prove<ScalarLanes, ulong>(channel, leaves, workspace, threads),
        };

    private static LogupClaim Prove<TLanes, TVector>(ProverChannel channel, LogupLeaves leaves, LogupWorkspace workspace, int threads)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : unmanaged
    {
        var circuit = new LogupCircuit<TLanes, TVector>(leaves, workspace, threads);
        var variables = circuit.Variables;
        var root = circuit.Root.Denominator;
        var denominator = channel.Send(root);
        LogupGkr.RequireInvertible(channel, denominator, channel.Send(root.Inverse()));
        if (variables == 0)
            return new LogupClaim([], Hidden.Zero, denominator);

        var values = circuit.FirstHalves();
        var halves = Send(channel, values);
        LogupGkr.RequireRoot(channel, denominator, halves);
        Ext4[] point = [];
        using var rounds = new LogupRounds<TLanes, TVector>(threads);
        for (var layer = 1; layer < variables; layer++)
        {
            var lambda = channel.Transcript.NextChallenge();
            var next = new Ext4[layer];
            var isLeaves = layer == variables - 1;
            var coefficient = rounds.Begin(isLeaves ? circuit.TakeLeaves() : circuit[layer + 1], lambda, point, isLeaves ? circuit : null);
            var leading = channel.Send(coefficient);
            var s = next[^1] = channel.Transcript.NextChallenge();
            var sum = LogupGkr.BindTop(halves, lambda, leading, s);

            var (atZero, atOne) = (values.N0 + (lambda * values.D0), values.N1 + (lambda * values.D1));
            var claim = atZero + (s * (atOne - atZero)) + (((s * s) - s) * coefficient);
            for (var variable = layer - 2; variable >= 0; variable--)
            {
                (atZero, coefficient) = rounds.Next(s);
                // (1 - r) q(0) + r q(1) = claim.
                var slopeValue = (claim - atZero) * point[variable].Inverse();
                var slope = channel.Send(slopeValue);
                leading = channel.Send(coefficient);
                s = next[variable] = channel.Transcript.NextChallenge();
                sum = LogupGkr.Bind(sum, slope, leading, point[variable], s);
                claim += (slopeValue * (s - point[variable])) + (((s * s) - s) * coefficient);
            }
            values = rounds.Finish(s);
            (point, halves) = (next, Send(channel, values));
            LogupGkr.RequireLayer(channel, layer, lambda, sum, halves);
        }
        return LogupGkr.Join(channel, point, halves);
    }

    private static LogupHalves Send(ProverChannel channel, in (Ext4 N0, Ext4 N1, Ext4 D0, Ext4 D1) values) =>
        new(channel.Send(values.N0), channel.Send(values.N1), channel.Send(values.D0), channel.Send(values.D1));
}
