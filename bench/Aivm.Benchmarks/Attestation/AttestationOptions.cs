using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Attestation;

/// <param name="Count">Verifications of each kind in a round, after a quarter as many that warm up.</param>
/// <param name="Rounds">Ours and the peer's in turn, so that a busy machine hurts both.</param>
/// <param name="Alone">Without the peer.</param>
internal sealed record AttestationOptions(int Count, int Rounds, bool Alone)
{
    public static AttestationOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new AttestationOptions(Count: 300, Rounds: 3, Alone: false);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--count" => options with { Count = ParseCount(Value()) },
                "--rounds" => options with { Rounds = ParseCount(Value()) },
                "--alone" => options with { Alone = true },
                var other => throw Usage($"unknown option {other}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static int ParseCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 100_000
            ? count
            : throw Usage($"expected a number from 1 to 100000, not {text}");

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"attestation: {problem}");
}
