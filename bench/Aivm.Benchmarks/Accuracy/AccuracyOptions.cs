using System.Globalization;
using Aivm.Compiler;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Accuracy;

/// <param name="Images">How many of the 10,000 test images of Fashion-MNIST are classified.</param>
/// <param name="Precision">How the models are compiled.</param>
internal sealed record AccuracyOptions(int Images, PrecisionMode Precision)
{
    public static AccuracyOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new AccuracyOptions(10_000, PrecisionMode.Auto);
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--images" when int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var images) && images is >= 1 and <= 10_000 =>
                    options with { Images = images },
                "--precision" => options with { Precision = Precisions(Value()) },
                var other => throw Usage($"{other} is unknown, or its number is not 1 to 10000"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static PrecisionMode Precisions(string name) => name switch
    {
        "auto" => PrecisionMode.Auto,
        "s8" => PrecisionMode.S8,
        "s16" => PrecisionMode.S16,
        _ => throw Usage($"--precision takes auto, s8 or s16, not {name}"),
    };

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"accuracy: {problem}");
}
