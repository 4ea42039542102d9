namespace Aivm.Proofs;

/// <summary>A value read by position and channel, wherever its elements lie. All samples of a batch lie alike, a stride apart.</summary>
internal sealed class GridView
{
    // None where the view is all of a storage: its addresses follow.
    private readonly int[] _addresses = [];
    private readonly int[] _strides = [];

    /// <summary>All of a storage, cell by cell.</summary>
    public GridView(int samples, Storage storage)
    {
        (Samples, PositionsPerSample, Channels) = (samples, storage.Positions / samples, storage.Channels);
        (Whole, HasCells) = (storage, true);
    }

    /// <param name="addresses">Of the first sample: position * Channels + channel.</param>
    /// <param name="strides">From one sample to the next, for each of them.</param>
    /// <param name="map">Where the view is all of a storage, element by element, its transposes and evaluations factor.</param>
    public GridView(int samples, int positionsPerSample, int channels, int[] addresses, int[] strides, AddressMap map)
    {
        (Samples, PositionsPerSample, Channels) = (samples, positionsPerSample, channels);
        foreach (var address in addresses)
        {
            HasPublic |= PublicAddress.Is(address);
            HasCells |= !PublicAddress.Is(address);
        }
        Whole = !HasPublic && map.Find(addresses[0]) is { } storage && IsAllOf(storage, addresses, strides) ? storage : null;
        if (Whole is not null)
            return;
        (_addresses, _strides) = (addresses, strides);
        Runs = RowRuns.Of(positionsPerSample, channels, addresses, strides);
        Blocks = HasPublic ? null : Runs?.Fills(channels) == true ? Runs : RowRuns.Blocks(positionsPerSample, channels, addresses, strides);
        map.Hold(addresses);
        if (Runs is not null)
            map.Hold(Runs.Starts);
        if (Blocks is not null)
            map.Hold(Blocks.Starts);
    }

    public int Samples { get; }

    public int PositionsPerSample { get; }

    public int Positions => Samples * PositionsPerSample;

    public int Channels { get; }

    public bool HasPublic { get; }

    public bool HasCells { get; }

    /// <summary>The storage whose cell (p, c) is this view's (p, c).</summary>
    public Storage? Whole { get; }

    /// <summary>Null where the view is all of a storage, or neither that nor made of runs.</summary>
    public RowRuns? Runs { get; }

    /// <summary>Of a view that is no storage: runs of one length that make up its rows, one of each or several, where it is made of these.</summary>
    public RowRuns? Blocks { get; }

    /// <summary>Of <see cref="Blocks"/>, in each row.</summary>
    public int BlocksPerRow => Blocks is null ? 0 : Channels / Blocks.LengthOf(0);

    public int AddressOf(int position, int channel)
    {
        if (Whole is { } storage)
            return storage.Base + (position * storage.Width) + channel;
        var (sample, local) = (position / PositionsPerSample, position % PositionsPerSample);
        var index = (local * Channels) + channel;
        return _addresses[index] + (sample * _strides[index]);
    }

    /// <summary>All numbers, position * Channels + channel.</summary>
    public FeltArray Numbers(FeltArray cells, Felt[] publicNumbers)
    {
        var numbers = Numbers(publicNumbers);
        var result = numbers.AsSpan();
        var committed = cells.AsSpan();
        if (Whole is { } storage)
            for (var p = 0; p < Positions; p++)
                committed.Slice(storage.Base + (p * storage.Width), Channels).CopyTo(result[(p * Channels)..]);
        else
            for (var (sample, to) = (0, 0); sample < Samples; sample++)
                for (var i = 0; i < _addresses.Length; i++, to++)
                    if (_addresses[i] + (sample * _strides[i]) is var address && !PublicAddress.Is(address))
                        result[to] = committed[address];
        return numbers;
    }

    /// <summary>The same where cells count as 0.</summary>
    public FeltArray Numbers(Felt[] publicNumbers)
    {
        var numbers = new FeltArray(Positions * Channels);
        var result = numbers.AsSpan();
        for (var (sample, to) = (0, 0); sample < Samples && HasPublic; sample++)
            for (var i = 0; i < _addresses.Length; i++, to++)
                if (_addresses[i] + (sample * _strides[i]) is var address && PublicAddress.Is(address))
                    result[to] = publicNumbers[address - PublicAddress.First].Montgomery;
        return numbers;
    }

    private bool IsAllOf(Storage storage, int[] addresses, int[] strides)
    {
        if (storage.Channels != Channels || storage.Positions != Positions)
            return false;
        for (var p = 0; p < PositionsPerSample; p++)
            for (var c = 0; c < Channels; c++)
            {
                var index = (p * Channels) + c;
                if (addresses[index] != storage.Base + (p * storage.Width) + c || strides[index] != PositionsPerSample * storage.Width)
                    return false;
            }
        return true;
    }
}
