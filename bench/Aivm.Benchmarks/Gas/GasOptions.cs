using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Gas;

/// <param name="Runs">Of each case at most.</param>
/// <param name="Milliseconds">For each case, after the first runs.</param>
/// <param name="Only">Part of the names of what is wanted; empty for everything.</param>
/// <param name="All">Prints every case, not only the worst.</param>
internal sealed record GasOptions(int Runs, int Milliseconds, string Only, bool All)
{
    public static GasOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new GasOptions(Runs: 2_000, Milliseconds: 50, Only: "", All: false);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--all" => options with { All = true },
                "--only" => options with { Only = Value() },
                "--runs" => options with { Runs = ParseCount(Value()) },
                "--milliseconds" => options with { Milliseconds = ParseCount(Value()) },
                var other => throw Usage($"unknown option {other}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static int ParseCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1_000_000
            ? count
            : throw Usage($"expected a number of at least 1, not {text}");

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"gas: {problem}");
}
