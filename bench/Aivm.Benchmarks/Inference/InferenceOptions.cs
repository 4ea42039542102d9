using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <param name="Rounds">How often each model is timed beside its peer.</param>
/// <param name="Only">Part of the names of what is wanted; empty for everything.</param>
internal sealed record InferenceOptions(int Rounds, string Only)
{
    public static InferenceOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new InferenceOptions(Rounds: 200, Only: "");
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--rounds" => options with { Rounds = ParseCount(Value()) },
                "--only" => options with { Only = Value() },
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

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"inference: {problem}");
}
