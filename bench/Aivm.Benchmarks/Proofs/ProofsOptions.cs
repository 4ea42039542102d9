using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Proofs;

/// <param name="Rounds">Proofs of each model, after three that warm up.</param>
/// <param name="Only">Part of the names of what is wanted; empty for everything.</param>
/// <param name="Threads">The prover's.</param>
/// <param name="Ezkl">A folder with a circuit of ezkl's and its network, to run beside ours; null for none.</param>
internal sealed record ProofsOptions(int Rounds, string Only, int Threads, string? Ezkl)
{
    /// <summary>A commitment to private weights serves 16 openings, and three proofs warm up.</summary>
    private const int MaxRounds = 13;

    public static ProofsOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ProofsOptions(Rounds: 12, Only: "", Threads: 2, Ezkl: null);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--rounds" => options with { Rounds = ParseCount(Value(), MaxRounds) },
                "--threads" => options with { Threads = ParseCount(Value(), 64) },
                "--only" => options with { Only = Value() },
                "--ezkl" => options with { Ezkl = Value() },
                var other => throw Usage($"unknown option {other}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static int ParseCount(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= most
            ? count
            : throw Usage($"expected a number from 1 to {most}, not {text}");

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"proofs: {problem}");
}
