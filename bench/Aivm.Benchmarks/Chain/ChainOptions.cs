using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <param name="MemoryTransfers">Transfers before the node's memory is read; 0 leaves that part out.</param>
/// <param name="Alone">Measures this project's node without its peer.</param>
internal sealed record ChainOptions(IReadOnlyList<Mining> Minings, int Transfers, int Rounds, int MemoryTransfers, bool Alone)
{
    public static ChainOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ChainOptions([Mining.Interval, Mining.Instant], 20_000, 3, 200_000, Alone: false);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--alone" => options with { Alone = true },
                "--mining" => options with { Minings = ParseMining(Value()) },
                "--transfers" => options with { Transfers = ParseCount(Value(), least: 1) },
                "--rounds" => options with { Rounds = ParseCount(Value(), least: 1) },
                "--memory-transfers" => options with { MemoryTransfers = ParseCount(Value(), least: 0) },
                var other => throw Usage($"unknown option {other}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static IReadOnlyList<Mining> ParseMining(string text) => text switch
    {
        "interval" => [Mining.Interval],
        "instant" => [Mining.Instant],
        "both" => [Mining.Interval, Mining.Instant],
        _ => throw Usage($"--mining is interval, instant or both, not {text}"),
    };

    private static int ParseCount(string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= least && count <= 10_000_000
            ? count
            : throw Usage($"expected a number of at least {least}, not {text}");

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"chain: {problem}");
}

internal enum Mining
{
    /// <summary>A block every second.</summary>
    Interval,
    /// <summary>A block as soon as there is a transaction.</summary>
    Instant,
}
