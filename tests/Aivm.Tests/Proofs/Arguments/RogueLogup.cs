using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Arguments;

/// <summary>
/// A prover of fractions whose sum is not zero. It claims halves that add up to zero, and carries the difference along: each round's polynomial is wrong by a multiple of
/// (x - 2)(x - 3), as much as the claim demands, and the last halves by what vanishes at 2. So the lie is gone as soon as 2 or 3 is drawn, and from there on it is honest.
/// </summary>
internal sealed class RogueLogup(Ext4[] numerators, Ext4[] denominators)
{
    private readonly List<(Ext4[] N, Ext4[] D)> _layers = Layers(numerators, denominators);

    /// <summary>A draw of one of two roots in each round of each layer, and at last of one.</summary>
    public static int Rounds(int variables) => Enumerable.Range(1, variables - 1).Sum();

    public byte[] Prove(Transcript transcript)
    {
        var (writer, variables) = (new ProofWriter(), _layers.Count - 1);
        var root = _layers[0].D[0];
        Send(root, root.Inverse());
        var (n0, n1, d0, d1) = Halves(_layers[1]);
        var excess = SendHalves(n0, n1, d0, d1, excess: -((n0 * d1) + (n1 * d0)), isLast: variables == 1);
        Ext4[] point = [];
        for (var layer = 1; layer < variables; layer++)
        {
            var lambda = transcript.NextChallenge();
            var (n, d) = _layers[layer + 1];
            var half = n.Length / 2;
            var (low, high) = ((N: n[..half], D: d[..half]), (N: n[half..], D: d[half..]));
            var next = new Ext4[layer];
            for (var variable = layer - 1; variable >= 0; variable--)
            {
                half /= 2;
                var equality = Commitments.NaiveVectors.Equality(point[..variable]);
                var (atZero, atOne, leading) = (Ext4.Zero, Ext4.Zero, Ext4.Zero);
                for (var i = 0; i < half; i++)
                {
                    var (a, b, c, e) = (low.N[i], high.D[i], high.N[i], low.D[i]);
                    var (a1, b1, c1, e1) = (low.N[i + half], high.D[i + half], high.N[i + half], low.D[i + half]);
                    atZero += equality[i] * Sum(a, b, c, e, lambda);
                    atOne += equality[i] * Sum(a1, b1, c1, e1, lambda);
                    leading += equality[i] * Sum(a1 - a, b1 - b, c1 - c, e1 - e, lambda);
                }
                // (x - 2)(x - 3) is 6 at 0 and 2 at 1. The top round's halves were chosen so that it fits them.
                var isTop = variable == layer - 1;
                var factor = isTop ? excess : excess * (Ext4.From(6) - (Ext4.From(4) * point[variable])).Inverse();
                if (!isTop)
                    Send(atOne - atZero - (Ext4.From(4) * factor));
                Send(leading + factor);
                var s = next[variable] = transcript.NextChallenge();
                excess = factor * (s - Ext4.From(2)) * (s - Ext4.From(3));
                (low, high) = ((Fold(low.N, half, s), Fold(low.D, half, s)), (Fold(high.N, half, s), Fold(high.D, half, s)));
            }
            point = next;
            excess = SendHalves(low.N[0], high.N[0], low.D[0], high.D[0], excess, isLast: layer == variables - 1);
        }
        return writer.ToArray();

        void Send(params Ext4[] values)
        {
            foreach (var value in values)
                transcript.Send([value], writer);
        }

        // Numerators that are wrong by 3 to 1, or in the end by 2 to 1, so that n0 d1 + n1 d0 is wrong by the excess. Returns the factor of the next round's polynomial.
        Ext4 SendHalves(Ext4 n0, Ext4 n1, Ext4 d0, Ext4 d1, Ext4 excess, bool isLast)
        {
            var ratio = Ext4.From(isLast ? 2 : 3);
            var difference = excess * ((ratio * d1) + d0).Inverse();
            Send(n0 + (ratio * difference), n1 + difference, d0, d1);
            return difference * Ext4.From(2).Inverse();
        }
    }

    private static Ext4 Sum(Ext4 n0, Ext4 d1, Ext4 n1, Ext4 d0, Ext4 lambda) => (n0 * d1) + (n1 * d0) + (lambda * d0 * d1);

    private static Ext4[] Fold(Ext4[] vector, int half, Ext4 s) => [.. Enumerable.Range(0, half).Select(i => vector[i] + (s * (vector[i + half] - vector[i])))];

    private static (Ext4 N0, Ext4 N1, Ext4 D0, Ext4 D1) Halves((Ext4[] N, Ext4[] D) layer) => (layer.N[0], layer.N[1], layer.D[0], layer.D[1]);

    /// <summary>From the root to the leaves.</summary>
    private static List<(Ext4[] N, Ext4[] D)> Layers(Ext4[] n, Ext4[] d)
    {
        var layers = new List<(Ext4[], Ext4[])> { (n, d) };
        while (n.Length > 1)
        {
            var half = n.Length / 2;
            var (leaves, below) = (n, d);
            n = [.. Enumerable.Range(0, half).Select(i => (leaves[i] * below[i + half]) + (leaves[i + half] * below[i]))];
            d = [.. Enumerable.Range(0, half).Select(i => below[i] * below[i + half])];
            layers.Insert(0, (n, d));
        }
        return layers;
    }
}
