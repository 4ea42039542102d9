namespace Aivm.Proofs.Prover;

/// <summary>
/// eq(r, i) for all i, as products of a table over the low variables (a block) and one over the high ones: the square-root split of Gruen 2024, section 3.2,
/// and Dao and Thaler 2024, "More optimizations to sum-check proving". Sums over i weigh each element by the low table, and each block by the high one.
/// </summary>
internal sealed class EqTable : IDisposable
{
    private const int BlockVariables = 10;

    private readonly ExtArray _low = new(1 << BlockVariables);
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
        _lowVariables = Math.Min(r.Length, BlockVariables);
        if (Block < FeltArray.Granule)
            Low.Fill(Ext4.Zero, FeltArray.Granule);
        ExtKernels.EqTable(r[.._lowVariables], Ext4.One, _low);

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
            for (var i = 0; i < Block; i++)
                (_low[i], _low[i + Block]) = (_low[i] + _low[i + Block], Ext4.Zero);
            return;
        }
        var half = _high.Count / 2;
        for (var i = 0; i < half; i++)
            _high[i] += _high[i + half];
        _high.RemoveRange(half, half);
    }

    public void Dispose() => _low.Dispose();
}
