namespace Aivm.Inference;

/// <summary>
/// Workspaces of all models: a run takes one that is large enough and gives it back, so that after the first runs none is allocated.
/// What is kept is bounded in bytes, however many models there are.
/// </summary>
internal sealed class WorkspacePool(long capacity)
{
    /// <summary>Twice what a run on the chain may need.</summary>
    public static WorkspacePool Shared { get; } = new(256L << 20);

    private readonly Lock _lock = new();

    // The one that was given back last is the last.
    private readonly List<PinnedArray> _kept = [];
    private long _bytes;

    /// <summary>Of the workspaces that wait for a run.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    public PinnedArray Take(long bytes)
    {
        lock (_lock)
        {
            if (FindSmallest(bytes) is { } index)
            {
                var workspace = _kept[index];
                RemoveAt(index);
                return workspace;
            }
        }
        return new PinnedArray(bytes);
    }

    public void Return(PinnedArray workspace)
    {
        lock (_lock)
        {
            _kept.Add(workspace);
            _bytes += workspace.Length;
            // A single one stays, whatever its size: a model that is run again and again allocates nothing.
            while (_bytes > capacity && _kept.Count > 1)
                RemoveAt(0);
        }
    }

    private int? FindSmallest(long bytes)
    {
        int? best = null;
        for (var i = 0; i < _kept.Count; i++)
            if (_kept[i].Length >= bytes && (best is null || _kept[i].Length < _kept[best.Value].Length))
                best = i;
        return best;
    }

    private void RemoveAt(int index)
    {
        _bytes -= _kept[index].Length;
        _kept.RemoveAt(index);
    }
}
