using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Frame;

/// <param name="Calls">Of each kind.</param>
internal sealed record FrameOptions(int Calls)
{
    public static FrameOptions Parse(IReadOnlyList<string> arguments) => arguments switch
    {
        [] => new FrameOptions(5_000),
        ["--calls", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var calls) && calls > 0 => new FrameOptions(calls),
        _ => throw new AivmException(Failure.Input, "usage", "frame: it takes --calls N, N at least 1, and nothing else"),
    };
}
