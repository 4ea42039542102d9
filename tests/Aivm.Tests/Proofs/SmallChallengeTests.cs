using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Arguments;
using Aivm.Tests.Proofs.Commitments;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs;

/// <summary>
/// With challenges from 2^10 values, or with few queries, false statements are accepted now and then: as often as the best attack known here must be, and no more often than
/// the term of the soundness says. Seeds are fixed.
/// </summary>
public sealed class SmallChallengeTests
{
    private const double Set = 1 << SmallChallenges.Bits;

    /// <summary>
    /// Each round's polynomial is wrong by a multiple of (x - 2)(x - 3), as much as the claim demands: the lie is gone when 2 or 3 is drawn.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(9)]
    public void A_false_sum_passes_a_sumcheck_as_often_as_a_challenge_is_a_root(int variables)
    {
        var random = new Random(variables);
        var (x, y) = (ArgumentRun.Uniform(random, 1 << variables), ArgumentRun.Uniform(random, 1 << variables));
        var expected = 1 - Math.Pow(1 - (2 / Set), variables);
        Assert.InRange(expected, 0, SmallChallenges.Bound(ArgumentSoundness.ProductSumcheck("sum", variables)));
        SmallChallenges.AssertShare(expected, trials: 6000, trial => IsFalseSumBelieved(x, y, variables, $"trial {trial}"));
    }

    /// <summary>
    /// Rows that nothing looks up, with multiplicities for which the fractions add up to prod (alpha - r) / prod (alpha - key) over one root r fewer than there are keys.
    /// </summary>
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void Wrong_multiplicities_pass_as_often_as_alpha_is_a_root_of_the_sum(int rows)
    {
        Felt[] keys = [.. Enumerable.Range(0, rows).Select(i => Felt.From((1 << 20) + (i * 77)))];
        Felt[] roots = [.. Enumerable.Range(0, rows - 1).Select(i => Felt.From(i * 5))];
        long[] multiplicities = [.. keys.Select(key =>
            (long)(Product(roots.Select(root => key - root)) * Product(keys.Where(other => other != key).Select(other => key - other)).Inverse()).ToUInt32())];
        Assert.All(multiplicities, multiplicity => Assert.NotEqual(0, multiplicity));
        var expected = (rows - 1) / Set;
        Assert.InRange(expected, 0, SmallChallenges.Bound(ArgumentSoundness.Logup(rows, rows, keyWidth: 1)[0]));
        SmallChallenges.AssertShare(expected, trials: 6000, trial =>
        {
            var alpha = new Transcript($"trial {trial}", new SmallChallenges()).NextChallenge();
            var example = LookupExample.Neutral(rows);
            for (var i = 0; i < rows; i++)
                (example.Denominators[i], example.Numerators[i]) = (alpha - keys[i], multiplicities[i]);
            var (pads, isLeaves) = (ArgumentRun.PadsOf(example.Layout, null), false);
            var error = ArgumentRun.Verify(example.Prove(pads), pads, channel =>
            {
                var claim = LogupGkr.Verify(channel, example.Variables);
                isLeaves = claim.Numerator.Value(pads) == example.NumeratorAt(claim.Point) && claim.Denominator.Value(pads) == example.DenominatorAt(claim.Point);
            });
            return error is null && isLeaves;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Fractions_that_are_not_zero_in_sum_pass_the_layers_as_often_as_a_challenge_is_a_root(int variables)
    {
        var random = new Random(variables);
        var (numerators, denominators) = (ArgumentRun.Uniform(random, 1 << variables), ArgumentRun.Uniform(random, 1 << variables));
        var rogue = new RogueLogup(numerators, denominators);
        var expected = 1 - (Math.Pow(1 - (2 / Set), RogueLogup.Rounds(variables)) * (1 - (1 / Set)));
        Assert.InRange(expected, 0, SmallChallenges.Bound(ArgumentSoundness.Logup(1 << variables, 0, keyWidth: 1)[1]));
        SmallChallenges.AssertShare(expected, trials: 10_000, trial =>
        {
            var reader = new ProofReader(rogue.Prove(new Transcript($"trial {trial}", new SmallChallenges())));
            var channel = new VerifierChannel(new Transcript($"trial {trial}", new SmallChallenges()), reader);
            var claim = LogupGkr.Verify(channel, variables);
            Assert.True(reader.TryFinish());
            var pads = new Ext4[channel.Layout.Count];
            Assert.Null(channel.CheckOpenly(pads));
            return claim.Numerator.Value(pads) == ArgumentRun.Evaluate(numerators, claim.Point) && claim.Denominator.Value(pads) == ArgumentRun.Evaluate(denominators, claim.Point);
        });
    }

    /// <summary>
    /// Numbers that break all constraints, by the coefficients of a polynomial with one root fewer than there are constraints: the lie is gone when one of these roots joins the
    /// constraints, or when the test is multiplied by 0.
    /// </summary>
    [Theory]
    [InlineData(10)]
    [InlineData(40)]
    public void Broken_constraints_pass_the_closing_as_often_as_their_challenge_is_a_root(int pairs)
    {
        Ext4[] errors = [Ext4.One];
        for (var root = 2; errors.Length < 2 * pairs; root++)
            errors = [.. Enumerable.Range(0, errors.Length + 1).Select(i =>
                (i > 0 ? errors[i - 1] : Ext4.Zero) - (Ext4.From(root) * (i < errors.Length ? errors[i] : Ext4.Zero)))];
        var closing = new Closing(pairs) { Probe = new SmallChallenges(), ProversProbe = new SmallChallenges(), Lie = i => (errors[2 * i], errors[(2 * i) + 1]) };
        var expected = 1 - ((1 - (((2 * pairs) - 1) / Set)) * (1 - (1 / Set)));
        Assert.InRange(expected, 0, SmallChallenges.Bound(closing.Shape.Soundness(2 * pairs).Single(term => term.Name == "closing: constraints")));
        SmallChallenges.AssertShare(expected, trials: 1500, trial =>
        {
            using var known = new KnownRandomness(trial);
            return closing.Verify(closing.Prove()) is null;
        });
    }

    [Fact]
    public void Another_value_of_an_opening_passes_as_often_as_rho_is_guessed()
    {
        var shape = OracleShape.Choose(ProofParameters.Toy, cells: 30, openings: 1);
        using var opening = new ForkedOpening(shape);
        var claim = shape.Soundness("oracle").Single(term => term.Name == "oracle: claim");
        Assert.InRange(1 / Set, 0, SmallChallenges.Bound(claim));
        SmallChallenges.AssertShare(1 / Set, trials: 1 << 14, trial => opening.Error(Fork.GuessesRho, $"trial {trial}", () => new SmallChallenges()) is null);
    }

    /// <summary>A wrong combination of rows agrees with the right one in one position fewer than it has coefficients.</summary>
    [Fact]
    public void Another_value_of_an_opening_passes_as_often_as_few_queries_miss()
    {
        var shape = OracleShape.Choose(ProofParameters.Toy with { QueryBits = 1, SmallCodeBits = 0 }, cells: 500, openings: 1);
        using var opening = new ForkedOpening(shape);
        var expected = 1.0;
        for (var i = 0; i < shape.Queries; i++)
            expected *= (shape.MessageLength - 1 - i) / (double)(shape.CodeLength - i);
        Assert.InRange(expected, 0, Math.Pow(2, -shape.Soundness("oracle").First().Units / (double)(1 << SoundnessTerm.UnitBits)));
        SmallChallenges.AssertShare(expected, trials: 1000, trial => opening.Error(Fork.SomeColumns, $"trial {trial}", () => null) is null);
    }

    private static bool IsFalseSumBelieved(Ext4[] x, Ext4[] y, int variables, string trial)
    {
        var (transcript, writer) = (new Transcript(trial, new SmallChallenges()), new ProofWriter());
        var claim = Dot(x, y) + Ext4.One;
        // What the verifier's claim exceeds the true sum by.
        var excess = Ext4.One;
        for (var half = x.Length / 2; half > 0; half /= 2)
        {
            // (x - 2)(x - 3) is 6 at 0 and 2 at 1.
            var factor = excess * Ext4.From(8).Inverse();
            var (atZero, leading) = (factor * Ext4.From(6), factor);
            for (var i = 0; i < half; i++)
            {
                atZero += x[i] * y[i];
                leading += (x[i + half] - x[i]) * (y[i + half] - y[i]);
            }
            transcript.Send([atZero], writer);
            transcript.Send([leading], writer);
            var s = transcript.NextChallenge();
            excess = factor * (s - Ext4.From(2)) * (s - Ext4.From(3));
            (x, y) = (Fold(x, half, s), Fold(y, half, s));
        }
        transcript.Send([x[0]], writer);
        transcript.Send([y[0]], writer);

        var reader = new ProofReader(writer.ToArray());
        var channel = new VerifierChannel(new Transcript(trial, new SmallChallenges()), reader);
        ProductSumcheck.VerifyBoth(channel, Hidden.Of(claim), variables, "sum");
        Assert.True(reader.TryFinish());
        return channel.CheckOpenly(new Ext4[channel.Layout.Count]) is null;
    }

    private static Ext4[] Fold(Ext4[] vector, int half, Ext4 s)
    {
        var folded = new Ext4[half];
        for (var i = 0; i < half; i++)
            folded[i] = vector[i] + (s * (vector[i + half] - vector[i]));
        return folded;
    }

    private static Ext4 Dot(Ext4[] x, Ext4[] y) => x.Zip(y, (a, b) => a * b).Aggregate(Ext4.Zero, (a, b) => a + b);

    private static Felt Product(IEnumerable<Felt> factors) => factors.Aggregate(Felt.One, (a, b) => a * b);
}
