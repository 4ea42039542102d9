namespace Aivm.Proofs;

/// <summary>A function of what the addresses hold, with one value in each cell of a grid: linear (<see cref="Term"/>), or a sum of products (<see cref="ProductTerm"/>).</summary>
internal abstract class Expression
{
    /// <summary>The value in one cell, for provers' small gadgets and for tests.</summary>
    /// <param name="read">What an address holds.</param>
    internal abstract long ValueAt(Func<int, long> read, int position, int channel);

    /// <summary>What verifying it takes at most, under one assignment: nanoseconds of a reference core, as <see cref="VerificationWork"/> has them.</summary>
    internal abstract long EvaluationWork { get; }
}

/// <summary>
/// A linear function of what the addresses hold, with one value in each cell of a grid. Provers need its transpose: what a weighted sum of its
/// values takes from each address. Verifiers need that sum itself under an assignment. Neither sees a value of the other's.
/// </summary>
internal abstract class Term : Expression
{
    /// <summary>Whether it reads public numbers.</summary>
    internal abstract bool ReadsPublic { get; }

    /// <summary>Whether it reads committed weights: its evaluation then leaves a form of them open.</summary>
    internal virtual bool ReadsWeights => false;

    /// <summary>What it sums up in one cell, for tests: committed weights, by their place in the oracle, each times what an address holds, or 1.</summary>
    internal virtual IEnumerable<(int Weight, int? Address)> WeightsAt(int position, int channel) => [];

    /// <summary>Whether it reads committed cells.</summary>
    internal abstract bool ReadsCells { get; }

    /// <summary>The storage that it reads no cells but of; null where it may read any.</summary>
    internal virtual Storage? Target => null;

    /// <summary>Adds to the coefficient of each committed address what the weighted sum over the grid takes from it.</summary>
    internal abstract void AddTranspose(in GridWeights weights, ExtArray coefficients);

    /// <summary>The weighted sum over the grid.</summary>
    internal abstract Ext4 Evaluate(in GridWeights weights, Assignment assignment);
}

/// <summary>Reads a view at other positions: value (p, c) = factor(p) * sum over taps of source(map(tap, p), c). Cells as they are, pools, shifts.</summary>
/// <param name="factors">One for each position of a sample, or null for 1.</param>
internal sealed class TapTerm(GridView source, TapMaps maps, Felt[]? factors = null) : Term
{
    /// <param name="maps">As <see cref="TapMaps"/> has them.</param>
    public TapTerm(GridView source, int positionsPerSample, int[][] maps, Felt[]? factors = null)
        : this(source, new TapMaps(source.Samples, source.PositionsPerSample, positionsPerSample, maps), factors)
    {
    }

    /// <summary>The view as it is.</summary>
    public TapTerm(GridView source)
        : this(source, source.PositionsPerSample, [])
    {
    }

    public GridView Source => source;

    /// <summary>Whether it is the view as it is.</summary>
    public bool IsPlain => maps.IsIdentity && factors is null;

    internal override bool ReadsPublic => source.HasPublic;

    internal override bool ReadsCells => source.HasCells;

    internal override Storage? Target => source.Whole;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
        using var image = Image(weights, out var rows, out var firstRow);
        if (source.Whole is { } storage)
        {
            using var columns = new ExtArray(OuterKernel.StrideOf(storage.Width));
            OuterKernel.Lay(weights.Columns, weights.FirstColumn, source.Channels, storage.Width, columns, tap: 0);
            OuterKernel.Add(coefficients, storage.Base, rows, firstRow, 0, columns, taps: 1, storage.Positions, storage.Width);
            return;
        }
        if (source.Runs is { } runs)
        {
            var ends = SumsFrom(weights, source.Channels);
            for (var p = 0; p < source.Positions; p++)
            {
                var (start, length, row) = (runs.StartOf(p), runs.LengthOf(p), rows[firstRow + p]);
                ExtKernels.AddScaled(coefficients, start, row, weights.Columns, weights.FirstColumn, length);
                if (runs.Repeats)
                    coefficients[start] += row * ends[length];
            }
            return;
        }
        for (var p = 0; p < source.Positions; p++)
            for (var c = 0; c < source.Channels; c++)
                if (source.AddressOf(p, c) is var address && !PublicAddress.Is(address))
                    coefficients[address] += rows[firstRow + p] * weights.Column(c);
    }

    /// <summary>By channel: the sum of the columns from there on.</summary>
    private static Ext4[] SumsFrom(in GridWeights weights, int channels)
    {
        var sums = new Ext4[channels + 1];
        for (var c = channels - 1; c >= 0; c--)
            sums[c] = sums[c + 1] + weights.Column(c);
        return sums;
    }

    /// <summary>What the rows' weights weigh the source's positions with: the rows themselves where nothing moves.</summary>
    private ExtArray? Image(in GridWeights weights, out ExtArray rows, out int firstRow)
    {
        if (maps.IsIdentity && factors is null)
        {
            (rows, firstRow) = (weights.Rows, weights.FirstRow);
            return null;
        }
        (rows, firstRow) = (new ExtArray(source.Positions), 0);
        for (var tap = 0; tap < maps.Count; tap++)
            maps.AddImage(tap, weights, factors, rows, 0);
        return rows;
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        using var image = Image(weights, out var rows, out var firstRow);
        if (source.Whole is { } storage && assignment.TryFactor(storage, out var cells))
            return ExtKernels.Dot(rows, firstRow, cells.Rows, cells.FirstRow, storage.Positions)
                * ExtKernels.Dot(weights.Columns, weights.FirstColumn, cells.Columns, cells.FirstColumn, source.Channels);
        if (assignment is PublicAssignment known)
            return EvaluateNumbers(weights, rows, firstRow, known);
        if (source.Blocks is { } blocks && assignment is PointAssignment { Point: var at })
            return EvaluateBlocks(blocks, weights, rows, firstRow, at);
        if (source.Runs is { } runs && assignment is PointAssignment { Point: var point })
            return EvaluateRuns(runs, weights, rows, firstRow, point);
        var sum = Ext4.Zero;
        for (var p = 0; p < source.Positions; p++)
        {
            var held = Ext4.Zero;
            for (var c = 0; c < source.Channels; c++)
                held += weights.Column(c) * assignment.At(source.AddressOf(p, c));
            sum += rows[firstRow + p] * held;
        }
        return sum;
    }

    private Ext4 EvaluateNumbers(in GridWeights weights, ExtArray rows, int firstRow, PublicAssignment known)
    {
        using var numbers = known.Numbers(source);
        if (source.Channels == 1)
            return weights.Column(0) * ExtKernels.Dot(rows, firstRow, numbers, 0, source.Positions);
        var sum = Ext4.Zero;
        for (var p = 0; p < source.Positions; p++)
            sum += rows[firstRow + p] * ExtKernels.Dot(weights.Columns, weights.FirstColumn, numbers, p * source.Channels, source.Channels);
        return sum;
    }

    /// <summary>eq of a run's cells is eq of its block times that of the place within, so that all rows share the sums over the places.</summary>
    private Ext4 EvaluateRuns(RowRuns runs, in GridWeights weights, ExtArray rows, int firstRow, EqPoint point)
    {
        var (ends, byBits) = (SumsFrom(weights, source.Channels), new Ext4[]?[int.Log2(source.Channels) + 2]);
        using var held = new ExtArray(source.Positions);
        for (var p = 0; p < source.Positions; p++)
        {
            var (bits, length) = (runs.BitsOf(p), runs.LengthOf(p));
            var starts = byBits[bits] ??= SumsOfPlaces(weights, point.Places(bits));
            held[p] = runs.Repeats ? starts[length] + (ends[length] * point.Places(bits)[0]) : starts[length];
        }
        using var blocks = runs.AtBlocks(point, source.Positions, perRow: 1);
        using var products = new ExtArray(source.Positions);
        ExtKernels.AddProducts(products, 0, blocks, 0, held, 0, source.Positions);
        return ExtKernels.Dot(rows, firstRow, products, 0, source.Positions);
    }

    /// <summary>Likewise where runs of one length make up the rows.</summary>
    private Ext4 EvaluateBlocks(RowRuns blocks, in GridWeights weights, ExtArray rows, int firstRow, EqPoint point)
    {
        var (length, places, sum) = (blocks.LengthOf(0), point.Places(blocks.BitsOf(0)), Ext4.Zero);
        using var held = blocks.AtBlocks(point, source.Positions, source.BlocksPerRow);
        for (var block = 0; block < source.BlocksPerRow; block++)
            sum += ExtKernels.Dot(rows, firstRow, held, block * source.Positions, source.Positions)
                * ExtKernels.Dot(weights.Columns, weights.FirstColumn + (block * length), places, 0, length);
        return sum;
    }

    /// <summary>By length: the sum of the first columns, each times its place.</summary>
    private Ext4[] SumsOfPlaces(in GridWeights weights, ExtArray places)
    {
        var sums = new Ext4[Math.Min(places.Length, source.Channels) + 1];
        for (var c = 0; c < sums.Length - 1; c++)
            sums[c + 1] = sums[c] + (weights.Column(c) * places[c]);
        return sums;
    }

    internal override long EvaluationWork => (IsPlain ? 0 : VerificationWork.Mapped(maps)) + VerificationWork.Of(source);

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = 0L;
        for (var tap = 0; tap < maps.Count; tap++)
            if (maps.SourceOf(tap, position) is var from && from >= 0)
                sum += read(source.AddressOf(from, channel));
        return factors is null ? sum : sum * factors[position % maps.Positions].ToUInt32();
    }
}

/// <summary>Any sum of addresses in each cell of a grid: views that are no storage, sums along rows, outputs.</summary>
/// <param name="addresses">[position * channels + channel]: what the cell of the whole batch sums up.</param>
internal sealed class SparseTerm(int channels, int[][] addresses) : Term
{
    internal override bool ReadsPublic { get; } = addresses.Any(list => list.Any(PublicAddress.Is));

    internal override bool ReadsCells { get; } = addresses.Any(list => list.Any(address => !PublicAddress.Is(address)));

    internal override long EvaluationWork { get; } = addresses.Sum(list => (1L + list.Length) * VerificationWork.Lookup);

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
