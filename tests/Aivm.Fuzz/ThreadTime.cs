using System.Runtime.InteropServices;

namespace Aivm.Fuzz;

/// <summary>What the processor works for one thread: waiting for it does not count, so that a busy machine is no slow input.</summary>
internal static partial class ThreadTime
{
    private const int ThreadCpu = 3;

    private static TimeSpan Now
    {
        get
        {
            if (ClockGetTime(ThreadCpu, out var time) != 0)
                throw new InvalidOperationException("The system keeps no time of threads.");
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        }
    }

    public static TimeSpan Of(Action work)
    {
        var before = Now;
        work();
        return Now - before;
    }

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);
}
