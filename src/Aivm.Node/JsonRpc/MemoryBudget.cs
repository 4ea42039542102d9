namespace Aivm.Node.JsonRpc;

/// <summary>
/// Memory that the messages of all connections share. Each message alone may be within its limit, and a thousand of them, held by clients
/// that send or read slowly, more than the machine has.
/// </summary>
internal sealed class MemoryBudget(long capacity)
{
    private long _taken;

    /// <summary>Bytes that are not returned yet.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= capacity)
            return true;
        Return(bytes);
        return false;
    }

    /// <summary>Takes even what is not there: for small messages.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
