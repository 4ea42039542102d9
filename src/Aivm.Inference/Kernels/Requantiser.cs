using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>A <see cref="Requantise"/> made ready: turns accumulators into elements of the result.</summary>
/// <remarks>
/// A channel's shift s and the largest shift S make one form of all channels: (acc * 2^(S - s) + 2^(S - 1)) >> S, the same as
/// shifting by s. The analysis bounds what is shifted below 2^29. A result of S32 is the product alone.
/// </remarks>
internal sealed unsafe class Requantiser
{
    private readonly SimdLevel _level;
    private readonly PinnedArray? _table;

    // By channel, padded to whole vectors.
    private readonly PinnedArray _factors;

    /// <param name="channels">1 where one shift serves all.</param>
    public Requantiser(Requantise requantise, int channels, SimdLevel level)
    {
        (_level, Output, Shift) = (level, requantise.Output, requantise.MaxShift);
        Rounding = Shift == 0 ? 0 : 1 << (Shift - 1);
        var factors = new int[(channels + 7) / 8 * 8];
        for (var c = 0; c < factors.Length; c++)
            factors[c] = 1 << (Shift - requantise.ShiftOf(Math.Min(c, channels - 1)));
        _factors = PinnedArray.Of(factors);
        switch (requantise.Activation)
        {
            case Activation.Clamp clamp:
                (Low, High) = (clamp.Low, clamp.High);
                break;
            case Activation.Table table:
                (Low, High) = (table.Low, table.Low + table.Entries.Count - 1);
                _table = PinnedArray.Of(table.Entries);
                break;
        }
    }

    public ElementType Output { get; }

    public int ElementSize => ElementTypes.SizeOf(Output);

    public int Shift { get; }

    public int Rounding { get; }

    public int Low { get; }

    public int High { get; }

    /// <summary>A clamp to S8 or S16: what <see cref="Finish{TLanes}"/> does.</summary>
    public bool IsPlain => _table is null && Output != ElementType.S32;

    /// <summary>The factors from a channel on.</summary>
    public int* FactorsOf(int channel) => (int*)_factors.Pointer + channel;

    /// <summary>Accumulators of consecutive channels; eight at a time are read.</summary>
    public void StoreChannels(int* accumulators, int count, int channel, byte* destination) =>
        Store(accumulators, count, FactorsOf(channel), isUniform: false, destination);

    /// <summary>Accumulators of one channel; eight at a time are read.</summary>
    public void StoreUniform(int* accumulators, int count, int channel, byte* destination) =>
        Store(accumulators, count, FactorsOf(channel), isUniform: true, destination);

    private void Store(int* accumulators, int count, int* factors, bool isUniform, byte* destination)
    {
        switch (_level)
        {
            case SimdLevel.Scalar:
                for (var i = 0; i < count; i++)
                    StoreOne(accumulators[i], factors[isUniform ? 0 : i], i, destination);
                break;
            case SimdLevel.Vector128:
                StoreLanes<Lanes128>(accumulators, count, factors, isUniform, destination);
                break;
            default:
                StoreLanes<Lanes256>(accumulators, count, factors, isUniform, destination);
                break;
        }
    }

    private void StoreOne(int accumulator, int factor, int index, byte* destination)
    {
        var scaled = unchecked(accumulator * factor);
        if (Output == ElementType.S32)
        {
            ((int*)destination)[index] = scaled;
            return;
        }
        var clamped = Math.Clamp(unchecked(scaled + Rounding) >> Shift, Low, High);
        Elements.Store(destination, Output, index, _table is null ? clamped : Elements.Load(_table.Pointer, Output, clamped - Low));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreLanes<TLanes>(int* accumulators, int count, int* factors, bool isUniform, byte* destination)
        where TLanes : struct, ILanes<TLanes>
    {
        var finish = new Finish<TLanes>(this);
        var (low, high) = (TLanes.Create(Low), TLanes.Create(High));
        var factor = TLanes.Create(*factors);
        var part = stackalloc int[8];
        for (var i = 0; i < count; i += 8, accumulators += 8, destination += 8 * ElementSize)
        {
            var lanes = TLanes.Load(accumulators);
            if (!isUniform)
                factor = TLanes.Load(factors + i);
            var isWhole = count - i >= 8;
            var to = isWhole ? destination : (byte*)part;
            if (Output == ElementType.S32)
                TLanes.Store(TLanes.Multiply(lanes, factor), (int*)to);
            else if (_table is null)
                finish.Store8(lanes, factor, Output, to);
            else
                StoreEntries(TLanes.Clamp(finish.Rescale(lanes, factor), low, high), to);
            if (!isWhole)
                new ReadOnlySpan<byte>(part, (count - i) * ElementSize).CopyTo(new Span<byte>(destination, (count - i) * ElementSize));
        }
    }

    /// <summary>The table's entries at eight clamped numbers.</summary>
    private void StoreEntries<TLanes>(TLanes clamped, byte* destination)
        where TLanes : struct, ILanes<TLanes>
    {
        var indices = stackalloc int[8];
        TLanes.Store(clamped, indices);
        unchecked
        {
            if (Output == ElementType.S8)
            {
                var entries = (sbyte*)_table!.Pointer;
                for (var i = 0; i < 8; i++)
                    ((sbyte*)destination)[i] = entries[indices[i] - Low];
            }
            else
            {
                var entries = (short*)_table!.Pointer;
                for (var i = 0; i < 8; i++)
                    ((short*)destination)[i] = entries[indices[i] - Low];
            }
        }
    }
}
