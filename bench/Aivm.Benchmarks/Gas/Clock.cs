using System.Diagnostics;

namespace Aivm.Benchmarks.Gas;

internal static class Clock
{
    /// <summary>Finer than a TimeSpan, which counts hundreds.</summary>
    public static double NanosecondsSince(long timestamp) => (Stopwatch.GetTimestamp() - timestamp) * (1e9 / Stopwatch.Frequency);
}
