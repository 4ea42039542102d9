namespace Aivm.Inference;

/// <summary>A <see cref="Requantise"/> made ready: turns accumulators into elements of the result.</summary>
internal sealed unsafe class Requantiser
{
    private readonly bool _vectors;
    private readonly ElementType _output;
    private readonly int _low;
    private readonly int _high;
    private readonly PinnedArray? _table;

    // By channel, padded to whole vectors.
    private readonly PinnedArray _shifts;
    private readonly PinnedArray _roundings;

    /// <param name="channels">1 where one shift serves all.</param>
    public Requantiser(Requantise requantise, int channels, SimdLevel level)
    {
        _vectors = level >= SimdLevel.Avx2;
        _output = requantise.Output;
        var padded = (channels + 7) / 8 * 8;
        var (shifts, roundings) = (new int[padded], new int[padded]);
        for (var c = 0; c < padded; c++)
        {
            var shift = requantise.ShiftOf(Math.Min(c, channels - 1));
            // Raw results are shifted left, to the scale of the largest shift.
            shifts[c] = _output == ElementType.S32 ? requantise.MaxShift - shift : shift;
            roundings[c] = _output == ElementType.S32 || shift == 0 ? 0 : 1 << (shift - 1);
        }
        (_shifts, _roundings) = (PinnedArray.Of(shifts), PinnedArray.Of(roundings));
        switch (requantise.Activation)
        {
            case Activation.Clamp clamp:
                (_low, _high) = (clamp.Low, clamp.High);
                break;
            case Activation.Table table:
                (_low, _high) = (table.Low, table.Low + table.Entries.Count - 1);
                _table = PinnedArray.Of(table.Entries);
                break;
        }
    }

    public int ElementSize => ElementTypes.SizeOf(_output);

    /// <summary>Accumulators of consecutive channels.</summary>
    public void StoreChannels(int* accumulators, int count, int channel, byte* destination)
    {
        var shifts = (int*)_shifts.Pointer + channel;
        var roundings = (int*)_roundings.Pointer + channel;
        var done = _vectors && _table is null ? RequantiserAvx2.Store(accumulators, count, shifts, roundings, step: 1, _output, _low, _high, destination) : 0;
        for (var i = done; i < count; i++)
            StoreOne(accumulators[i], shifts[i], roundings[i], i, destination);
    }

    /// <summary>A tile of positions by at most sixteen consecutive channels; accumulators are [positions][16].</summary>
    /// <param name="pixel">Bytes of the result from one position to the next.</param>
    public void StoreTile(int* accumulators, int positions, int count, int channel, byte* destination, long pixel)
    {
        if (_vectors && _table is null && count is (8 or 16) && _output != ElementType.S32)
        {
            RequantiserAvx2.StoreTile(accumulators, positions, count, (int*)_shifts.Pointer + channel, (int*)_roundings.Pointer + channel, _output, _low, _high, destination, pixel);
            return;
        }
        for (var p = 0; p < positions; p++, destination += pixel)
            StoreChannels(accumulators + (16 * p), count, channel, destination);
    }

    /// <summary>Accumulators of one channel.</summary>
    public void StoreUniform(int* accumulators, int count, int channel, byte* destination)
    {
        var shift = ((int*)_shifts.Pointer)[channel];
        var rounding = ((int*)_roundings.Pointer)[channel];
        var done = 0;
        if (_vectors && _table is null)
        {
            Span<int> shifts = stackalloc int[8];
            Span<int> roundings = stackalloc int[8];
            shifts.Fill(shift);
            roundings.Fill(rounding);
            fixed (int* s = shifts, r = roundings)
                done = RequantiserAvx2.Store(accumulators, count, s, r, step: 0, _output, _low, _high, destination);
        }
        for (var i = done; i < count; i++)
            StoreOne(accumulators[i], shift, rounding, i, destination);
    }

    /// <summary>The analysis bounds every accumulator and its rounding term below 2^29: nothing here overflows.</summary>
    private void StoreOne(int accumulator, int shift, int rounding, int index, byte* destination)
    {
        if (_output == ElementType.S32)
        {
            ((int*)destination)[index] = accumulator << shift;
            return;
        }
        var clamped = Math.Clamp(unchecked(accumulator + rounding) >> shift, _low, _high);
        if (_table is not null)
            clamped = (int)Elements.Load(_table.Pointer, _output, clamped - _low);
        if (_output == ElementType.S8)
            ((sbyte*)destination)[index] = unchecked((sbyte)clamped);
        else
            ((short*)destination)[index] = unchecked((short)clamped);
    }
}
