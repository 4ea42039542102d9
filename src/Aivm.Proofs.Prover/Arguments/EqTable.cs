namespace Aivm.Proofs.Prover;

/// <summary>
/// eq(r, i) for all i, as products of a table over the low variables (a block) and one over the high ones (Dao and Thaler 2024, "More
/// optimizations to sum-check proving"). Sums over i weigh each element by the low table, and each block by the high one.
/// </summary>
internal sealed class EqTable<TLanes, TVector> : IDisposable
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    private readonly ExtArray _low = new(LogupWorkspace.Chunk);
    private readonly List<Ext4> _high = [];
    private int _lowVariables;

    /// <summary>Entries of the low table, at least as many as elements of a vector: behind a block's end is zero.</summary>
    public ExtView Low => ExtView.Of(_low);

    /// <summary>Elements of a block.</summary>
    public int Block => 1 << _lowVariables;

    /// <summary>One for each block.</summary>
    public IReadOnlyList<Ext4> High => _high;

    public void Build(ReadOnlySpan<Ext4> r)
    {
        _lowVariables = Math.Min(r.Length, LogupWorkspace.ChunkVariables);
        ExtKernels.EqTable(r[.._lowVariables], Ext4.One, _low);
        ClearBehind();

        _high.Clear();
        _high.Add(Ext4.One);
        foreach (var coordinate in r[_lowVariables..])
            for (int i = 0, count = _high.Count; i < count; i++)
            {
                _high.Add(_high[i] * coordinate);
                _high[i] -= _high[^1];
            }
    }

    /// <summary>Takes the highest variable away: sums over its two values.</summary>
    public void DropHighest()
    {
        if (_high.Count == 1)
        {
            _lowVariables--;
            LogupKernels<TLanes, TVector>.Add(Low.Pointer, Low.From(Block).Pointer, Block);
            ClearBehind();
            return;
        }
        var half = _high.Count / 2;
        for (var i = 0; i < half; i++)
            _high[i] += _high[i + half];
        _high.RemoveRange(half, half);
    }

    private void ClearBehind() => Low.From(Block).Fill(Ext4.Zero, Math.Max(0, FeltArray.Granule - Block));

    public void Dispose() => _low.Dispose();
}
