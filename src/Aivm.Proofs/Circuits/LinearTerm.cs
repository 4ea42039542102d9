namespace Aivm.Proofs;

/// <summary>
/// Convolutions and dense layers: value (p, o) = sum over the channels i of o's group and the taps of w[o, i, tap] * source(map(tap, p), i).
/// A dense layer has one tap, which stays where it is. Weights are [Out, In / Groups, taps], as in the graph.
/// </summary>
/// <param name="maps">By tap: the source's position for each position of one sample, -1 outside. No taps: the position itself.</param>
internal sealed class LinearTerm(GridView source, int positionsPerSample, int[][] maps, LayerWeights weights, int outputs, int groups) : Term
{
    private int InputsPerGroup => source.Channels / groups;

    private int OutputsPerGroup => outputs / groups;

    public GridView Source => source;

    public LayerWeights Weights => weights;

    public int Taps => Math.Max(1, maps.Length);

    internal override bool ReadsPublic => source.HasPublic;

    internal override bool ReadsWeights => weights.Place is not null;

    internal override bool ReadsCells => source.HasCells;

    /// <summary>The source's position, -1 outside.</summary>
    private int PositionOf(int tap, int position)
    {
        var (sample, local) = (position / positionsPerSample, position % positionsPerSample);
        var from = maps.Length == 0 ? local : maps[tap][local];
        return from < 0 ? -1 : (sample * source.PositionsPerSample) + from;
    }

    internal override void AddTranspose(in GridWeights grid, ExtArray coefficients)
    {
        using var byTap = new ExtArray(Taps * Stride);
        weights.WeighOutputs(grid, outputs, groups, Taps, Stride, byTap);
        for (var tap = 0; tap < Taps; tap++)
            for (var p = 0; p < source.Samples * positionsPerSample; p++)
                if (PositionOf(tap, p) is var from && from >= 0)
                    AddRow(from, grid.Row(p), byTap, tap * Stride, coefficients);
    }

    /// <summary>Channels of a tap, padded so that each tap begins where vectors do.</summary>
    private int Stride => (source.Channels + 15) & ~15;

    private void AddRow(int from, Ext4 row, ExtArray channels, int first, ExtArray coefficients)
    {
        if (source.Whole is { } storage)
        {
            ExtKernels.AddScaled(coefficients, storage.Base + (from * storage.Width), row, channels, first, source.Channels);
            return;
        }
        for (var i = 0; i < source.Channels; i++)
            if (source.AddressOf(from, i) is var address && !PublicAddress.Is(address))
                coefficients[address] += row * channels[first + i];
    }

    internal override Ext4 Evaluate(in GridWeights grid, Assignment assignment)
    {
        var inputs = WeighInputs(grid, assignment);
        if (weights.Place is { } place)
        {
            assignment.Forms.Add(new LayerForm(place, grid.CopyColumns(outputs), inputs, groups));
            return Ext4.Zero;
        }
        using (inputs)
            return weights.Evaluate(grid, inputs, outputs, groups);
    }

    /// <summary>[channel * taps + tap]: the sum over the positions of row(p) * source(map(tap, p), channel).</summary>
    internal ExtArray WeighInputs(in GridWeights grid, Assignment assignment)
    {
        var sums = new ExtArray(source.Channels * Taps);
        if (source.Whole is { } storage && assignment.TryFactor(storage, out var factors))
        {
            for (var tap = 0; tap < Taps; tap++)
            {
                var sum = SumOfTap(tap, grid, factors);
                for (var i = 0; i < source.Channels; i++)
                    sums[(i * Taps) + tap] = sum * factors.Column(i);
            }
            return sums;
        }
        for (var tap = 0; tap < Taps; tap++)
            for (var p = 0; p < source.Samples * positionsPerSample; p++)
                if (PositionOf(tap, p) is var from && from >= 0)
                    for (var i = 0; i < source.Channels; i++)
                        sums[(i * Taps) + tap] += grid.Row(p) * assignment.At(source.AddressOf(from, i));
        return sums;
    }

    private Ext4 SumOfTap(int tap, in GridWeights grid, in GridWeights factors)
    {
        if (maps.Length == 0)
            return ExtKernels.Dot(grid.Rows, grid.FirstRow, factors.Rows, factors.FirstRow, source.Positions);
        var sum = Ext4.Zero;
        for (var p = 0; p < source.Samples * positionsPerSample; p++)
            if (PositionOf(tap, p) is var from && from >= 0)
                sum += grid.Row(p) * factors.Row(from);
        return sum;
    }

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var (sum, firstInput) = (0L, channel / OutputsPerGroup * InputsPerGroup);
        for (var i = 0; i < InputsPerGroup; i++)
            for (var tap = 0; tap < Taps; tap++)
                if (PositionOf(tap, position) is var from && from >= 0)
                    sum += weights.At((((channel * InputsPerGroup) + i) * Taps) + tap) * read(source.AddressOf(from, firstInput + i));
        return sum;
    }
}
