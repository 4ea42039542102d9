using System.Globalization;
using System.Text;

namespace Aivm.Benchmarks.Conformance;

/// <summary>The verdicts as a page for people, by operator, and as a table of all cases for programs.</summary>
internal static class ConformanceReport
{
    /// <summary>Models of several operators that are not one operator's expansion.</summary>
    private const string Networks = "(networks)";

    public static string Page(IReadOnlyList<ConformanceVerdict> verdicts)
    {
        var page = new StringBuilder();
        page.AppendLine("""
            # ONNX conformance

            Every case of ONNX's own test data (Debian's `libonnx-testdata` 1.12) that has a model: compiled, run, and held against the expected output.

            ```
            apt-get install libonnx-testdata
            dotnet run -c Release --project bench/Aivm.Benchmarks -- conformance --write docs/benchmarks
            ```

            - A model is compiled with the case's own input as its one calibration sample, for there is no other: the errors say that an operator
              is understood and computed as precisely as the compiler states, not how well a network generalises.
            - *exact*: every element is the expected number. *within*: every element lies within the error that the compile report states for this
              model (plus 1e-4 of the largest expected value for the 24 bits of the expected values); *worst error* is the largest such error over the largest expected value.
            - *refused*: not compiled, with a named code. *wrong*, *crashed* and *hung* must not occur.
            - *constants*: compiled with all inputs but one made constant, where the operator needs them when it is compiled (weights, shapes, axes), as real models have them.

            Every case: [conformance.csv](conformance.csv).

            """);
        page.AppendLine("| cases | exact | within | refused | wrong | crashed | hung |");
        page.AppendLine("|---|---|---|---|---|---|---|");
        page.AppendLine(CultureInfo.InvariantCulture, $"| {verdicts.Count} | {Counts(verdicts, " | ")} |");
        page.AppendLine();
        WriteFaults(page, verdicts);
        WriteOperators(page, verdicts);
        return page.ToString();
    }

    public static string Table(IReadOnlyList<ConformanceVerdict> verdicts)
    {
        var table = new StringBuilder("group,case,operator,outcome,relative_error,constants,detail\n");
        foreach (var verdict in verdicts)
        {
            table.Append(CultureInfo.InvariantCulture, $"{verdict.Group},{verdict.Name},{OperatorOf(verdict, verdicts)},{Word(verdict.Outcome)},");
            table.Append(verdict.Outcome is Outcome.Within ? Error(verdict.RelativeError) : "").Append(',').AppendJoin(' ', verdict.Bound);
            table.Append(",\"").Append(verdict.Detail.ReplaceLineEndings(" ").Replace("\"", "\"\"", StringComparison.Ordinal)).Append("\"\n");
        }
        return table.ToString();
    }

    private static void WriteFaults(StringBuilder page, IReadOnlyList<ConformanceVerdict> verdicts)
    {
        foreach (var verdict in verdicts.Where(verdict => verdict.Outcome is Outcome.Wrong or Outcome.Crashed or Outcome.Hung))
            page.AppendLine(CultureInfo.InvariantCulture, $"- **{Word(verdict.Outcome)}**: {verdict.Name}: {verdict.Detail}");
        page.AppendLine();
    }

    private static void WriteOperators(StringBuilder page, IReadOnlyList<ConformanceVerdict> verdicts)
    {
        page.AppendLine("| operator | cases | exact | within | refused | worst error | constants | reasons of refusal |");
        page.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var group in verdicts.GroupBy(verdict => OperatorOf(verdict, verdicts)).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var within = group.Where(verdict => verdict.Outcome == Outcome.Within).ToArray();
            var reasons = group.Where(verdict => verdict.Outcome == Outcome.Refused).Select(Reason).GroupBy(reason => reason)
                .OrderByDescending(same => same.Count()).Select(same => same.Key).ToArray();
            page.AppendLine(CultureInfo.InvariantCulture,
                $"| {group.Key} | {group.Count()} | {Count(group, Outcome.Exact)} | {within.Length} | {Count(group, Outcome.Refused)} | {(within.Length == 0 ? "" : Error(within.Max(verdict => verdict.RelativeError)))} | {group.Count(verdict => verdict.Bound.Count > 0)} | {string.Join("; ", reasons.Take(3))}{(reasons.Length > 3 ? "; ..." : "")} |");
        }
    }

    /// <summary>The refusal without the node's name.</summary>
    private static string Reason(ConformanceVerdict verdict)
    {
        var text = verdict.Detail[(verdict.Detail.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        var start = text.IndexOf("is not supported: ", StringComparison.Ordinal);
        return (start < 0 ? text : text[(start + "is not supported: ".Length)..]).TrimEnd('.').Replace("|", "\\|", StringComparison.Ordinal);
    }

    /// <summary>A model of several operators belongs to the one whose expansion its name says it is.</summary>
    private static string OperatorOf(ConformanceVerdict verdict, IReadOnlyList<ConformanceVerdict> verdicts)
    {
        if (verdict.Operator.Length > 0)
            return verdict.Operator;
        var name = verdict.Name.Replace("test_", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
        return verdicts.Select(other => other.Operator).Distinct()
            .Where(operation => operation.Length > 0 && name.StartsWith(operation, StringComparison.OrdinalIgnoreCase))
            .MaxBy(operation => operation.Length) ?? Networks;
    }

    private static string Counts(IEnumerable<ConformanceVerdict> verdicts, string separator) =>
        string.Join(separator, Enum.GetValues<Outcome>().Select(outcome => Count(verdicts, outcome)));

    private static int Count(IEnumerable<ConformanceVerdict> verdicts, Outcome outcome) => verdicts.Count(verdict => verdict.Outcome == outcome);

    private static string Word(Outcome outcome) => outcome.ToString().ToLowerInvariant();

    private static string Error(double relative) => relative.ToString("0.0e+0", CultureInfo.InvariantCulture);
}
