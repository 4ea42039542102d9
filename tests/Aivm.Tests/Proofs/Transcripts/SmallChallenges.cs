using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

/// <summary>Draws challenges from a set so small that what a false statement gets away with can be counted: 0 to 2^10 - 1.</summary>
internal sealed class SmallChallenges : TranscriptProbe
{
    public const int Bits = 10;

    public override Ext4 Challenge(Ext4 drawn) => Ext4.From(drawn.C0.ToUInt32() & ((1u << Bits) - 1));

    /// <summary>The probability that a term proves, were all challenges from the set.</summary>
    public static double Bound(SoundnessTerm term) =>
        Math.Pow(2, (Log2.OfField / (double)(1 << Log2.FractionBits)) - (term.Units / (double)(1 << SoundnessTerm.UnitBits)) - Bits);

    /// <summary>So many of the trials, but for five standard deviations.</summary>
    public static void AssertShare(double expected, int trials, Func<int, bool> trial)
    {
        var passed = Enumerable.Range(0, trials).Count(trial);
        var deviation = Math.Sqrt(trials * expected * (1 - expected));
        TestContext.Current.TestOutputHelper?.WriteLine($"{passed} of {trials}; expected {trials * expected:F1} +- {deviation:F1}");
        Assert.InRange(passed, Math.Max(1, (trials * expected) - (5 * deviation)), (trials * expected) + (5 * deviation));
    }
}
