namespace Aivm.Provider;

/// <summary>
/// A model runs once for a job: what the run gave that told whether the job can be answered is kept until the answer is made. What is not there any more is
/// run again.
/// </summary>
/// <param name="capacity">Jobs whose outputs are kept; the oldest go first.</param>
internal sealed class RunMemory(int capacity)
{
    private readonly Dictionary<ulong, long[]> _outputs = [];
    private readonly Queue<ulong> _order = [];

    /// <summary>The model's outputs, which are the caller's: of a run now, or of the one before, which is then forgotten.</summary>
    /// <exception cref="JobRefusal">The model refuses the input, or its output is too long for the chain.</exception>
    public long[] Run(ulong job, IRunnable model, ReadOnlySpan<byte> input, CancellationToken cancellation)
    {
        lock (_order)
            if (_outputs.Remove(job, out var kept))
                return kept;
        var outputs = Runner.Run(model, input, cancellation);
        lock (_order)
        {
            _outputs[job] = [.. outputs];
            _order.Enqueue(job);
            while (_order.Count > capacity)
                if (_outputs.Remove(_order.Dequeue(), out var oldest))
                    Array.Clear(oldest);
        }
        return outputs;
    }
}
