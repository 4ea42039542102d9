using System.Globalization;
using System.Text.Json;

namespace Aivm.Benchmarks;

/// <summary>One measured number beside a peer's, or a bound's, from the same run.</summary>
/// <param name="Ratio">How many times better than the reference: above 1 is ahead, whichever direction is better. Null without a reference.</param>
internal sealed record BenchmarkResult(
    string Name, double Value, string Unit, string? Reference, double? ReferenceValue, double? Ratio)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static BenchmarkResult HigherIsBetter(string name, double value, string unit, string reference, double? referenceValue) =>
        new(name, value, unit, reference, referenceValue, value / referenceValue);

    public static BenchmarkResult LowerIsBetter(string name, double value, string unit, string reference, double? referenceValue) =>
        new(name, value, unit, reference, referenceValue, referenceValue / value);

    /// <summary>JSON for programs on <paramref name="json"/>, a table for people on <paramref name="table"/>.</summary>
    public static void Print(IReadOnlyList<BenchmarkResult> results, TextWriter json, TextWriter table)
    {
        foreach (var result in results)
        {
            table.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{result.Name,-32} {result.Value,10:N2} {result.Unit,-12} {result.Reference,-24} {result.ReferenceValue,10:N2}  ratio {result.Ratio:0.00}"));
        }
        json.WriteLine(JsonSerializer.Serialize(results.Select(Rounded), Format));
    }

    private static BenchmarkResult Rounded(BenchmarkResult result) => result with
    {
        Value = Math.Round(result.Value, 2),
        ReferenceValue = result.ReferenceValue is { } value ? Math.Round(value, 2) : null,
        Ratio = result.Ratio is { } ratio ? Math.Round(ratio, 3) : null,
    };
}
