using System.Globalization;

namespace Aivm.Tests.Attestation;

/// <summary>A verdict depends on bytes and on the time that is passed in, and on nothing that differs between machines.</summary>
public sealed class VerdictDeterminismTests
{
    /// <summary>A culture with another minus sign, other separators and other digits, made by hand: the build knows no cultures by name.</summary>
    [Fact]
    public void Verdicts_and_sentences_are_the_same_under_another_culture()
    {
        var expected = Codes();
        var before = CultureInfo.CurrentCulture;
        try
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (culture.NumberFormat.NegativeSign, culture.NumberFormat.NumberGroupSeparator) = ("~", "'");
            culture.NumberFormat.NativeDigits = ["٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩"];
            (culture.DateTimeFormat.TimeSeparator, culture.DateTimeFormat.DateSeparator) = (".", "/");
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(expected, Codes());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Verdicts_are_the_same_from_many_threads()
    {
        var expected = Codes();
        Assert.All(Enumerable.Range(0, 8).AsParallel().Select(_ => Codes()), codes => Assert.Equal(expected, codes));
    }

    private static string[] Codes() =>
        [.. TeeVectors.Cases().Select(given => TeeVectors.Verdict(given.Quote, given.At, given.Collateral)).Select(verdict => $"{verdict.Evidence?.TcbStatus} {verdict.Refusal}")];
}
