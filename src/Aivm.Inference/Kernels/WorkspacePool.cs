namespace Aivm.Inference;

/// <summary>Workspaces of one model: a run takes one and gives it back, so that after the first runs none is allocated.</summary>
internal sealed class WorkspacePool(long bytes)
{
    // As many as are kept; more runs at once allocate theirs and drop them.
    private readonly PinnedArray?[] _kept = new PinnedArray?[4];

    public PinnedArray Take()
    {
        for (var i = 0; i < _kept.Length; i++)
            if (Interlocked.Exchange(ref _kept[i], null) is { } workspace)
                return workspace;
        return new PinnedArray(bytes);
    }

    public void Return(PinnedArray workspace)
    {
        for (var i = 0; i < _kept.Length; i++)
            if (Interlocked.CompareExchange(ref _kept[i], workspace, null) is null)
                return;
    }
}
