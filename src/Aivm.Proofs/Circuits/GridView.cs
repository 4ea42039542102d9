namespace Aivm.Proofs;

/// <summary>A value read by position and channel, wherever its elements lie. All samples of a batch lie alike, a stride apart.</summary>
internal sealed class GridView
{
    private readonly int[] _addresses;
    private readonly int[] _strides;

    /// <param name="addresses">Of the first sample: position * Channels + channel.</param>
    /// <param name="strides">From one sample to the next, for each of them.</param>
    /// <param name="storages">Where the view is all of one, element by element, its transposes and evaluations factor.</param>
    public GridView(int samples, int positionsPerSample, int channels, int[] addresses, int[] strides, IEnumerable<Storage> storages)
    {
        (Samples, PositionsPerSample, Channels) = (samples, positionsPerSample, channels);
        (_addresses, _strides) = (addresses, strides);
        (HasPublic, HasCells) = (addresses.Any(PublicAddress.Is), addresses.Any(address => !PublicAddress.Is(address)));
        Whole = storages.FirstOrDefault(IsAllOf);
        Runs = Whole is null ? RowRuns.Of(positionsPerSample, channels, addresses, strides) : null;
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

    public int AddressOf(int position, int channel)
    {
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
        for (var sample = 0; sample < Samples && HasCells; sample++)
            for (var i = 0; i < _addresses.Length; i++)
                if (_addresses[i] + (sample * _strides[i]) is var address && !PublicAddress.Is(address))
                    result[(sample * _addresses.Length) + i] = committed[address];
        return numbers;
    }

    /// <summary>The same where cells count as 0.</summary>
    public FeltArray Numbers(Felt[] publicNumbers)
    {
        var numbers = new FeltArray(Positions * Channels);
        var result = numbers.AsSpan();
        for (var sample = 0; sample < Samples && HasPublic; sample++)
            for (var i = 0; i < _addresses.Length; i++)
                if (_addresses[i] + (sample * _strides[i]) is var address && PublicAddress.Is(address))
                    result[(sample * _addresses.Length) + i] = publicNumbers[address - PublicAddress.First].Montgomery;
        return numbers;
    }

    private bool IsAllOf(Storage storage)
    {
        if (storage.Channels != Channels || storage.Positions != Positions)
            return false;
        for (var p = 0; p < PositionsPerSample; p++)
            for (var c = 0; c < Channels; c++)
            {
                var index = (p * Channels) + c;
                if (_addresses[index] != storage.Base + (p * storage.Width) + c || _strides[index] != PositionsPerSample * storage.Width)
                    return false;
            }
        return true;
    }
}
