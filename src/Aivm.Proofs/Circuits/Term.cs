namespace Aivm.Proofs;

/// <summary>A function of what the addresses hold, with one value in each cell of a grid: linear (<see cref="Term"/>), or a sum of products (<see cref="ProductTerm"/>).</summary>
internal abstract class Expression
{
    /// <summary>The value in one cell, for provers' small gadgets and for tests.</summary>
    /// <param name="read">What an address holds.</param>
    internal abstract long ValueAt(Func<int, long> read, int position, int channel);
}

/// <summary>
/// A linear function of what the addresses hold, with one value in each cell of a grid. Provers need its transpose: what a weighted sum of its
/// values takes from each address. Verifiers need that sum itself under an assignment. Neither sees a value of the other's.
/// </summary>
internal abstract class Term : Expression
{
    /// <summary>Whether it reads public numbers.</summary>
    internal abstract bool ReadsPublic { get; }

    /// <summary>Whether it reads private weights: its evaluation then leaves a form of them open.</summary>
    internal virtual bool ReadsWeights => false;

    /// <summary>Whether it reads committed cells.</summary>
    internal abstract bool ReadsCells { get; }

    /// <summary>Adds to the coefficient of each committed address what the weighted sum over the grid takes from it.</summary>
    internal abstract void AddTranspose(in GridWeights weights, ExtArray coefficients);

    /// <summary>The weighted sum over the grid.</summary>
    internal abstract Ext4 Evaluate(in GridWeights weights, Assignment assignment);
}

/// <summary>Reads a view at other positions: value (p, c) = factor(p) * sum over taps of source(map(tap, p), c). Cells as they are, pools, shifts.</summary>
/// <param name="maps">By tap: the source's position for each position of one sample, -1 for none. No taps: the position itself.</param>
/// <param name="factors">One for each position of a sample, or null for 1.</param>
internal sealed class TapTerm(GridView source, int positionsPerSample, int[][] maps, Felt[]? factors = null) : Term
{
    private static readonly int[][] None = [];

    /// <summary>The view as it is.</summary>
    public TapTerm(GridView source)
        : this(source, source.PositionsPerSample, None)
    {
    }

    internal override bool ReadsPublic => source.HasPublic;

    internal override bool ReadsCells => source.HasCells;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
        for (var p = 0; p < source.Samples * positionsPerSample; p++)
        {
            var row = Factored(weights.Row(p), p);
            foreach (var from in Sources(p))
                AddRow(from, row, weights, coefficients);
        }
    }

    private void AddRow(int from, Ext4 row, in GridWeights weights, ExtArray coefficients)
    {
        if (source.Whole is { } storage)
        {
            ExtKernels.AddScaled(coefficients, storage.Base + (from * storage.Width), row, weights.Columns, weights.FirstColumn, source.Channels);
            return;
        }
        for (var c = 0; c < source.Channels; c++)
            if (source.AddressOf(from, c) is var address && !PublicAddress.Is(address))
                coefficients[address] += row * weights.Column(c);
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        var sum = Ext4.Zero;
        if (source.Whole is { } storage && assignment.TryFactor(storage, out var factors))
        {
            for (var p = 0; p < source.Samples * positionsPerSample; p++)
            {
                var taps = Ext4.Zero;
                foreach (var from in Sources(p))
                    taps += factors.Row(from);
                sum += Factored(weights.Row(p), p) * taps;
            }
            return sum * ExtKernels.Dot(weights.Columns, weights.FirstColumn, factors.Columns, factors.FirstColumn, source.Channels);
        }
        for (var p = 0; p < source.Samples * positionsPerSample; p++)
        {
            var taps = Ext4.Zero;
            foreach (var from in Sources(p))
                for (var c = 0; c < source.Channels; c++)
                    taps += weights.Column(c) * assignment.At(source.AddressOf(from, c));
            sum += Factored(weights.Row(p), p) * taps;
        }
        return sum;
    }

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = 0L;
        foreach (var from in Sources(position))
            sum += read(source.AddressOf(from, channel));
        return factors is null ? sum : sum * factors[position % positionsPerSample].ToUInt32();
    }

    private Ext4 Factored(Ext4 row, int position) => factors is null ? row : row * factors[position % positionsPerSample];

    /// <summary>The positions of the source that a position reads.</summary>
    private TapEnumerator Sources(int position) => new(maps, position / positionsPerSample * source.PositionsPerSample, position % positionsPerSample);

    private struct TapEnumerator(int[][] maps, int first, int local)
    {
        private int _tap = -1;

        public readonly TapEnumerator GetEnumerator() => this;

        public int Current { get; private set; }

        public bool MoveNext()
        {
            if (maps.Length == 0)
            {
                Current = first + local;
                return ++_tap == 0;
            }
            while (++_tap < maps.Length)
                if (maps[_tap][local] is var position && position >= 0)
                {
                    Current = first + position;
                    return true;
                }
            return false;
        }
    }
}

/// <summary>Any sum of addresses in each cell of a grid: views that are no storage, sums along rows, outputs.</summary>
/// <param name="addresses">[position * channels + channel]: what the cell of the whole batch sums up.</param>
internal sealed class SparseTerm(int channels, int[][] addresses) : Term
{
    internal override bool ReadsPublic { get; } = addresses.Any(list => list.Any(PublicAddress.Is));

    internal override bool ReadsCells { get; } = addresses.Any(list => list.Any(address => !PublicAddress.Is(address)));

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
        for (var cell = 0; cell < addresses.Length; cell++)
        {
            var weight = weights.Row(cell / channels) * weights.Column(cell % channels);
            foreach (var address in addresses[cell])
                if (!PublicAddress.Is(address))
                    coefficients[address] += weight;
        }
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        var sum = Ext4.Zero;
        for (var cell = 0; cell < addresses.Length; cell++)
        {
            var held = Ext4.Zero;
            foreach (var address in addresses[cell])
                held += assignment.At(address);
            sum += held * (weights.Row(cell / channels) * weights.Column(cell % channels));
        }
        return sum;
    }

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = 0L;
        foreach (var address in addresses[(position * channels) + channel])
            sum += read(address);
        return sum;
    }
}
