namespace Aivm.Proofs.Prover;

/// <summary>
/// The rounds of one layer's sumcheck: sum_i eq(r, i) (n0 d1 + m1 d0)(i), m1 = n1 + lambda d1, over the layer's halves. A pass over the
/// arrays binds the variable of the last challenge, in place, and sums for the next message, chunk by chunk.
/// </summary>
internal sealed unsafe class LogupRounds<TLanes, TVector> : IDisposable
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    private const int BlocksPerThread = 2;

    private readonly int _threads;
    private readonly EqTable<TLanes, TVector> _eq = new();
    private readonly LogupSums<TLanes, TVector>[] _sums;

    private LogupCircuit<TLanes, TVector>? _leaves;
    private LogupLayer _layer;
    private LogupRegions _regions;
    private Ext4 _lambda;
    private Ext4 _shift;
    private int _pairs;

    public LogupRounds(int threads)
    {
        _threads = threads;
        _sums = new LogupSums<TLanes, TVector>[threads];
        for (var part = 0; part < threads; part++)
            _sums[part] = new LogupSums<TLanes, TVector>();
    }

    /// <summary>Starts a layer of at least two fractions a half, and sums the first round's leading coefficient.</summary>
    /// <param name="r">The point of the claims, one coordinate for each variable but the highest.</param>
    /// <param name="leaves">Null unless the layer is the leaves'; then its numerators are not written yet.</param>
    public Ext4 Begin(LogupLayer layer, Ext4 lambda, ReadOnlySpan<Ext4> r, LogupCircuit<TLanes, TVector>? leaves)
    {
        (_layer, _lambda, _leaves) = (layer, lambda, leaves);
        _shift = lambda.Inverse();
        _regions = leaves?.Regions ?? LogupRegions.General(layer.Half);
        _eq.Build(r);
        _pairs = layer.Half / 2;
        return Pass(null).Leading;
    }

    /// <summary>Binds a variable, and sums for the next: the value at zero and the leading coefficient.</summary>
    public (Ext4 AtZero, Ext4 Leading) Next(Ext4 challenge)
    {
        _eq.DropHighest();
        _pairs /= 2;
        return Pass(challenge);
    }

    /// <summary>Binds the last variable.</summary>
    public (Ext4 N0, Ext4 N1, Ext4 D0, Ext4 D1) Finish(Ext4 challenge)
    {
        Fold(0, 1, challenge, 1);
        var d1 = _layer.D1[0];
        return (_layer.N0[0], _layer.N1[0] - (_lambda * d1), _layer.D0[0], d1);
    }

    public void Dispose()
    {
        _eq.Dispose();
        foreach (var sums in _sums)
            sums.Dispose();
    }

    private (Ext4 AtZero, Ext4 Leading) Pass(Ext4? challenge)
    {
        var next = _regions.Pair(_pairs);
        Parts.Run(_threads, _eq.High.Count, BlocksPerThread, (part, begin, end) =>
        {
            var sums = _sums[part];
            for (var block = begin; block < end; block++)
            {
                Work(block * _eq.Block, _eq.Block, challenge, next, sums);
                sums.Weigh(_eq.High[block], _lambda);
            }
        });
        _regions = next;
        var (atZero, leading) = (Ext4.Zero, Ext4.Zero);
        foreach (var sums in _sums)
        {
            var (partAtZero, partLeading) = sums.Take();
            atZero += partAtZero;
            leading += partLeading;
        }
        return (atZero, leading);
    }

    /// <summary>Pairs from one on: brings them up to date, and adds them to the sums.</summary>
    private void Work(int from, int count, Ext4? challenge, LogupRegions next, LogupSums<TLanes, TVector> sums)
    {
        // Halves shorter than a vector are worked as one stretch: whole vectors of the one would reach into the other.
        var isShort = count < FeltArray.Granule;
        Update(from, isShort ? 2 * count : count, challenge);
        if (!isShort)
            Update(from + _pairs, count, challenge);
        var (ones, general, neutral) = next.Cut(from, count);
        Write(general.From, isShort ? 2 * count : general.Count);
        if (!isShort)
            Write(general.From + _pairs, general.Count);

        var sumAtZero = challenge is not null;
        if (ones.Count > 0)
            sums.AddOnes(_layer, ones, _pairs, _eq.Low.Pointer, _shift, sumAtZero);
        if (general.Count > 0)
            sums.AddGeneral(_layer, general, _pairs, _eq.Low.From(general.From - from).Pointer, sumAtZero);
        if (neutral.Count > 0 && sumAtZero)
            sums.AddNeutral(_layer, neutral, _eq.Low.From(neutral.From - from).Pointer);
    }

    private void Update(int from, int count, Ext4? challenge)
    {
        if (challenge is { } s)
            Fold(from, count, s, 2 * _pairs);
        else
            Prepare(from, count);
    }

    /// <summary>Binds a variable for a stretch; <paramref name="half"/> on is its other value.</summary>
    private void Fold(int from, int count, Ext4 s, int half)
    {
        var (ones, general, neutral) = _regions.Cut(from, count);
        Fold(_layer.D0, from, count, s, half);
        Fold(_layer.D1, from, ones.Count + general.Count, s, half);
        Fold(_layer.N0, general.From, general.Count + neutral.Count, s, half);
        Fold(_layer.N1, general.From, general.Count, s, half);
    }

    private static void Fold(ExtView array, int from, int count, Ext4 s, int half) =>
        LogupKernels<TLanes, TVector>.Fold(array.From(from).Pointer, array.From(from + half).Pointer, s, count);

    /// <summary>Writes m1 for a stretch, and the leaves' numerators where they are wanted.</summary>
    private void Prepare(int from, int count)
    {
        if (_leaves is null)
        {
            AddLambda(from, count);
            return;
        }
        var (_, general, neutral) = _regions.Cut(from, count);
        Span<uint> numerators = stackalloc uint[LogupWorkspace.Chunk];
        numerators = numerators[..(general.Count + neutral.Count)];
        _leaves.CopyNumerators(general.From, numerators);
        _layer.N0.From(general.From).Fill(numerators);
        numerators = numerators[..general.Count];
        _leaves.CopyNumerators(general.From + _layer.Half, numerators);
        _layer.N1.From(general.From).Fill(numerators);
        AddLambda(general.From, general.Count);
    }

    private void AddLambda(int from, int count) =>
        LogupKernels<TLanes, TVector>.AddMultiple(_layer.N1.From(from).Pointer, _layer.D1.From(from).Pointer, _lambda, count);

    /// <summary>Writes out, for pairs that become general, what their region told.</summary>
    private void Write(int from, int count)
    {
        var (ones, _, neutral) = _regions.Cut(from, count);
        if (ones.Count > 0)
        {
            _layer.N0.From(ones.From).Fill(Ext4.One, ones.Count);
            _layer.N1.From(ones.From).Fill(Ext4.One, ones.Count);
            AddLambda(ones.From, ones.Count);
        }
        if (neutral.Count > 0)
        {
            _layer.N1.From(neutral.From).Fill(_lambda, neutral.Count);
            _layer.D1.From(neutral.From).Fill(Ext4.One, neutral.Count);
        }
    }
}
