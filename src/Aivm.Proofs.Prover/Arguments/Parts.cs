namespace Aivm.Proofs.Prover;

/// <summary>Work cut into as many parts as there are threads. Sums in a field do not depend on the cut.</summary>
internal static class Parts
{
    /// <param name="body">Takes the part's number and its units, from the first to before the end.</param>
    /// <param name="least">Units that are worth a thread.</param>
    public static void Run(int threads, int units, int least, Action<int, int, int> body)
    {
        var parts = Math.Clamp(units / least, 1, threads);
        if (parts == 1)
            body(0, 0, units);
        else
            Parallel.For(0, parts, part => body(part, (int)((long)units * part / parts), (int)((long)units * (part + 1) / parts)));
    }

    /// <summary>Calls the body for all numbers below a count, each thread taking the next that is left: where some are more work than others.</summary>
    public static void Each(int threads, int count, Action<int> body) => Each(threads, count, (_, i) => body(i));

    /// <summary>The same with the number of the part: what two calls with one number do is done one after the other.</summary>
    public static void Each(int threads, int count, Action<int, int> body)
    {
        var (parts, next) = (Math.Min(threads, count), -1);
        if (parts <= 1)
            Take(0);
        else
            Parallel.For(0, parts, Take);

        void Take(int part)
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                body(part, i);
        }
    }
}
