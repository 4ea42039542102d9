namespace Aivm.Proofs;

/// <summary>
/// Convolutions and dense layers: value (p, o) = sum over the channels i of o's group and the taps of w[o, i, tap] * source(map(tap, p), i).
/// A dense layer has one tap, which stays where it is. Weights are [Out, In / Groups, taps], as in the graph.
/// </summary>
internal sealed class LinearTerm(GridView source, TapMaps maps, LayerWeights weights, int outputs, int groups) : Term
{
    /// <param name="maps">As <see cref="TapMaps"/> has them.</param>
    public LinearTerm(GridView source, int positionsPerSample, int[][] maps, LayerWeights weights, int outputs, int groups)
        : this(source, new TapMaps(source.Samples, source.PositionsPerSample, positionsPerSample, maps), weights, outputs, groups)
    {
    }

    internal override bool ReadsPublic => source.HasPublic;

    internal override bool ReadsWeights => weights.Place is not null;

    internal override bool ReadsCells => source.HasCells;

    internal override Storage? Target => source.Whole;

    internal override long EvaluationWork =>
        (maps.IsIdentity ? 0 : SumsPerTap * VerificationWork.Mapped(maps))
        + (source.Whole is not null
            ? maps.Count * VerificationWork.OfInputs(source)
            : VerificationWork.OfInputs(source) + (maps.Count * ((long)source.Channels + (SumsPerTap * maps.BatchPositions)) * VerificationWork.Product))
        + (ReadsWeights ? maps.Count * ((((2L * outputs) + source.Channels) * VerificationWork.Product) + (groups * (long)VerificationWork.Group)) : weights.Count * VerificationWork.Weight);

    /// <summary>Sums over positions, each of which moves what it sums: one for all channels whose cells are products, one for each where they are not.</summary>
    private long SumsPerTap => source.Whole is not null ? 1 : source.Blocks is not null ? source.BlocksPerRow : source.Channels;

    private int Width => 1 << Storage.BitLength(source.Channels - 1);

    internal override void AddTranspose(in GridWeights grid, ExtArray coefficients)
    {
        using var columns = new ExtArray(maps.Count * OuterKernel.StrideOf(Width));
        using (var byTap = new ExtArray(maps.Count * source.Channels))
        {
            weights.WeighOutputs(grid, outputs, groups, maps.Count, source.Channels, byTap);
            for (var tap = 0; tap < maps.Count; tap++)
                OuterKernel.Lay(byTap, tap * source.Channels, source.Channels, Width, columns, tap);
        }
        using var images = Images(grid, out var rows, out var firstRow);
        if (source.Whole is { } storage)
        {
            OuterKernel.Add(coefficients, storage.Base, rows, firstRow, source.Positions, columns, maps.Count, storage.Positions, storage.Width);
            return;
        }
        for (var tap = 0; tap < maps.Count; tap++)
            for (var p = 0; p < source.Positions; p++)
                for (var i = 0; i < source.Channels; i++)
                    if (source.AddressOf(p, i) is var address && !PublicAddress.Is(address))
                        coefficients[address] += rows[firstRow + (tap * source.Positions) + p] * columns[(tap * OuterKernel.StrideOf(Width)) + i];
    }

    /// <summary>Tap after tap, what the rows' weights weigh the source's positions with: the rows themselves where nothing moves.</summary>
    private ExtArray? Images(in GridWeights grid, out ExtArray rows, out int firstRow)
    {
        if (maps.IsIdentity)
        {
            (rows, firstRow) = (grid.Rows, grid.FirstRow);
            return null;
        }
        (rows, firstRow) = (new ExtArray(maps.Count * source.Positions), 0);
        for (var tap = 0; tap < maps.Count; tap++)
            maps.AddImage(tap, grid, null, rows, tap * source.Positions);
        return rows;
    }

    internal override Ext4 Evaluate(in GridWeights grid, Assignment assignment)
    {
        var inputs = WeighInputs(grid, assignment);
        if (weights.Place is { } place)
        {
            assignment.Forms.Add(new LayerForm(place, grid.CopyColumns(outputs, assignment.Scale), inputs, groups));
            return Ext4.Zero;
        }
        using (inputs)
            return weights.Evaluate(grid, inputs, outputs, groups, maps.Count);
    }

    /// <summary>[tap * channels + channel]: the sum over the positions of row(p) * source(map(tap, p), channel).</summary>
    internal ExtArray WeighInputs(in GridWeights grid, Assignment assignment)
    {
        var sums = new ExtArray(maps.Count * source.Channels);
        if (source.Whole is { } storage && assignment.TryFactor(storage, out var cells))
            for (var tap = 0; tap < maps.Count; tap++)
                ExtKernels.AddScaled(
                    sums, tap * source.Channels, maps.Dot(tap, grid, cells.Rows, cells.FirstRow), cells.Columns, cells.FirstColumn, source.Channels);
        else if (assignment is PublicAssignment known)
            WeighNumbers(grid, known, sums);
        else if (source.Blocks is { } blocks && assignment is PointAssignment { Point: var point })
            WeighBlocks(grid, blocks, point, sums);
        else
            WeighCells(grid, assignment, sums);
        return sums;
    }

    private void WeighNumbers(in GridWeights grid, PublicAssignment known, ExtArray sums)
    {
        using var numbers = known.Numbers(source);
        if (maps.IsIdentity && source.Channels >= FeltArray.Granule)
        {
            ExtKernels.CombineRows(sums, 0, grid.Rows, grid.FirstRow, source.Positions, numbers, 0, source.Channels, source.Channels);
            return;
        }
        if (maps.BatchPositions < source.Channels)
        {
            WeighMoved(grid, numbers, sums);
            return;
        }
        for (var tap = 0; tap < maps.Count; tap++)
            for (var i = 0; i < source.Channels; i++)
                sums[(tap * source.Channels) + i] = maps.Dot(tap, grid, numbers, source.Channels, i);
    }

    /// <summary>Position by position, all channels together.</summary>
    private void WeighMoved(in GridWeights grid, FeltArray numbers, ExtArray sums)
    {
        for (var tap = 0; tap < maps.Count; tap++)
            for (var p = 0; p < maps.BatchPositions; p++)
                if (maps.SourceOf(tap, p) is var from && from >= 0)
                    ExtKernels.CombineRows(
                        sums, tap * source.Channels, grid.Rows, grid.FirstRow + p, 1, numbers, from * source.Channels, source.Channels, source.Channels);
    }

    /// <summary>Channels of a block have the block's factor in common.</summary>
    private void WeighBlocks(in GridWeights grid, RowRuns blocks, EqPoint point, ExtArray sums)
    {
        var (length, places) = (blocks.LengthOf(0), point.Places(blocks.BitsOf(0)));
        using var held = blocks.AtBlocks(point, source.Positions, source.BlocksPerRow);
        for (var tap = 0; tap < maps.Count; tap++)
            for (var block = 0; block < source.BlocksPerRow; block++)
                ExtKernels.AddScaled(
                    sums, (tap * source.Channels) + (block * length), maps.Dot(tap, grid, held, block * source.Positions), places, 0, length);
    }

    private void WeighCells(in GridWeights grid, Assignment assignment, ExtArray sums)
    {
        using var held = new ExtArray(source.Positions);
        for (var i = 0; i < source.Channels; i++)
        {
            for (var p = 0; p < source.Positions; p++)
                held[p] = assignment.At(source.AddressOf(p, i));
            for (var tap = 0; tap < maps.Count; tap++)
                sums[(tap * source.Channels) + i] = maps.Dot(tap, grid, held, 0);
        }
    }

    internal override IEnumerable<(int Weight, int? Address)> WeightsAt(int position, int channel)
    {
        if (weights.Place is not { } place)
            yield break;
        var firstInput = FirstInput(channel);
        for (var i = 0; i < source.Channels / groups; i++)
            for (var tap = 0; tap < maps.Count; tap++)
                if (maps.SourceOf(tap, position) is var from && from >= 0)
                    yield return (place.Base + (((tap * outputs) + channel) * place.Width) + i, source.AddressOf(from, firstInput + i));
    }

    /// <summary>Of an output's group.</summary>
    private int FirstInput(int output) => output / (outputs / groups) * (source.Channels / groups);

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var inputsPerGroup = source.Channels / groups;
        var (sum, firstInput) = (0L, FirstInput(channel));
        for (var i = 0; i < inputsPerGroup; i++)
            for (var tap = 0; tap < maps.Count; tap++)
                if (maps.SourceOf(tap, position) is var from && from >= 0)
                    sum += weights.At((((channel * inputsPerGroup) + i) * maps.Count) + tap) * read(source.AddressOf(from, firstInput + i));
        return sum;
    }
}
