namespace Aivm.Proofs.Prover;

/// <summary>All layers of a sum of fractions, from the leaves to the root. The layers' sumchecks consume it, the root's first.</summary>
internal sealed unsafe class LogupCircuit<TLanes, TVector>
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    private const int Chunk = LogupWorkspace.Chunk;
    private const int ChunksPerThread = 4;

    private readonly LogupLeaves _leaves;
    private readonly LogupWorkspace _workspace;
    private readonly int _threads;
    private readonly LogupLayer[] _layers;

    public LogupCircuit(LogupLeaves leaves, LogupWorkspace workspace, int threads)
    {
        (_leaves, _workspace, _threads) = (leaves, workspace, threads);
        Variables = leaves.Variables;
        _layers = new LogupLayer[Variables + 1];
        workspace.Reserve(4 * (Variables + 2), 2L << Variables);
        for (var layer = Variables - 1; layer >= 1; layer--)
            _layers[layer] = LogupLayer.Take(workspace, 1 << (layer - 1));
        var (rootNumerator, rootDenominator) = (workspace.Take(1), workspace.Take(1));
        // The root has no halves; what is written to its first is all of it.
        _layers[0] = new LogupLayer(rootNumerator, rootNumerator, rootDenominator, rootDenominator, 1);

        PadLeaves();
        if (Variables > 0)
            AddLeaves();
        for (var layer = Variables - 2; layer >= 0; layer--)
            AddLayer(layer);
    }

    public int Variables { get; }

    public (Ext4 Numerator, Ext4 Denominator) Root => Variables > 0
        ? (_layers[0].N0[0], _layers[0].D0[0])
        : (Numerator(0), _leaves.Denominators[0]);

    /// <summary>The two fractions whose sum is the root.</summary>
    public (Ext4 N0, Ext4 N1, Ext4 D0, Ext4 D1) FirstHalves() => Variables > 1
        ? (_layers[1].N0[0], _layers[1].N1[0], _layers[1].D0[0], _layers[1].D1[0])
        : (Numerator(0), Numerator(1), _leaves.Denominators[0], _leaves.Denominators[1]);

    /// <summary>Layer k, from 1 to below <see cref="Variables"/>.</summary>
    public LogupLayer this[int layer] => _layers[layer];

    /// <summary>The leaves in halves. Takes the memory of the other layers for numerators, which are not written yet.</summary>
    public LogupLayer TakeLeaves()
    {
        _workspace.Rewind();
        var half = 1 << (Variables - 1);
        var (n0, n1) = (_workspace.Take(half), _workspace.Take(half));
        var denominators = ExtView.Of(_leaves.Denominators);
        if (half >= FeltArray.Granule)
            return new LogupLayer(n0, n1, denominators, denominators.From(half), half);

        // Whole vectors of a shorter half would reach into the other.
        var (d0, d1) = (_workspace.Take(half), _workspace.Take(half));
        denominators.CopyTo(d0, half);
        denominators.From(half).CopyTo(d1, half);
        return new LogupLayer(n0, n1, d0, d1, half);
    }

    /// <summary>Writes the numerators of leaves from the first on.</summary>
    public void CopyNumerators(int first, Span<uint> numerators)
    {
        var ones = Math.Clamp(_leaves.Ones - first, 0, numerators.Length);
        var known = Math.Clamp(_leaves.Count - first, 0, numerators.Length);
        numerators[..ones].Fill(Felt.One.Montgomery);
        if (known > ones)
            _leaves.Numerators.AsSpan().Slice(first + ones - _leaves.Ones, known - ones).CopyTo(numerators[ones..]);
        numerators[known..].Clear();
    }

    /// <summary>Of pairs of leaves, half of all apart.</summary>
    public LogupRegions Regions
    {
        get
        {
            var half = 1 << (Variables - 1);
            return half < Chunk
                ? LogupRegions.General(half)
                : new(Math.Max(0, _leaves.Ones - half) & -FeltArray.Granule, Math.Min(half, FeltArray.Padded(_leaves.Count - half)));
        }
    }

    private Ext4 Numerator(int leaf) =>
        leaf < _leaves.Ones ? Ext4.One : leaf < _leaves.Count ? _leaves.Numerators[leaf - _leaves.Ones] : Ext4.Zero;

    /// <summary>Neutral leaves where vectors of a general region see them.</summary>
    private void PadLeaves()
    {
        var all = 1 << Variables;
        var end = all < 2 * Chunk ? all : Math.Min(all, FeltArray.Padded(_leaves.Count));
        ExtView.Of(_leaves.Denominators).From(_leaves.Count).Fill(Ext4.One, end - _leaves.Count);
    }

    private void AddLeaves()
    {
        var (half, into, regions) = (1 << (Variables - 1), _layers[Variables - 1], Regions);
        var chunk = Math.Min(Chunk, Math.Max(1, half / 2));
        Parts.Run(_threads, half / chunk, ChunksPerThread, (_, begin, end) =>
        {
            var numerators = stackalloc uint[2 * Chunk];
            for (var unit = begin; unit < end; unit++)
            {
                var (ones, general, neutral) = regions.Cut(unit * chunk, chunk);
                AddInverses(ones, into);
                AddFractions(general, into, numerators);
                CopyFractions(neutral, into, numerators);
            }
        });
    }

    private void AddInverses(Stretch pairs, LogupLayer into)
    {
        if (pairs.Count == 0)
            return;
        var ((n, d), (d0, d1)) = (into.From(pairs.From), Denominators(pairs));
        LogupKernels<TLanes, TVector>.AddInverses(d0.Pointer, d1.Pointer, n.Pointer, d.Pointer, pairs.Count);
    }

    private void AddFractions(Stretch pairs, LogupLayer into, uint* numerators)
    {
        if (pairs.Count == 0)
            return;
        var ((n, d), (d0, d1)) = (into.From(pairs.From), Denominators(pairs));
        CopyNumerators(pairs.From, new Span<uint>(numerators, pairs.Count));
        CopyNumerators(pairs.From + (1 << (Variables - 1)), new Span<uint>(numerators + Chunk, pairs.Count));
        LogupKernels<TLanes, TVector>.AddFractions(
            numerators, numerators + Chunk, d0.Pointer, d1.Pointer, n.Pointer, d.Pointer, pairs.Count);
    }

    private void CopyFractions(Stretch pairs, LogupLayer into, uint* numerators)
    {
        if (pairs.Count == 0)
            return;
        var ((n, d), (d0, _)) = (into.From(pairs.From), Denominators(pairs));
        CopyNumerators(pairs.From, new Span<uint>(numerators, pairs.Count));
        n.Fill(new Span<uint>(numerators, pairs.Count));
        d0.CopyTo(d, pairs.Count);
    }

    private (ExtView D0, ExtView D1) Denominators(Stretch pairs)
    {
        var denominators = ExtView.Of(_leaves.Denominators).From(pairs.From);
        return (denominators, denominators.From(1 << (Variables - 1)));
    }

    private void AddLayer(int layer)
    {
        var (from, into) = (_layers[layer + 1], _layers[layer]);
        var chunk = Math.Min(Chunk, Math.Max(1, from.Half / 2));
        Parts.Run(_threads, from.Half / chunk, ChunksPerThread, (_, begin, end) =>
        {
            for (var (i, last) = (begin * chunk, end * chunk); i < last; i += chunk)
            {
                var (n, d) = into.From(i);
                var (n0, n1, d0, d1) = (from.N0.From(i), from.N1.From(i), from.D0.From(i), from.D1.From(i));
                LogupKernels<TLanes, TVector>.AddFractions(
                    n0.Pointer, n1.Pointer, d0.Pointer, d1.Pointer, n.Pointer, d.Pointer, chunk);
            }
        });
    }
}
