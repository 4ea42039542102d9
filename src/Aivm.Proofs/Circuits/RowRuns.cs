namespace Aivm.Proofs;

/// <summary>
/// Rows of a view each of which begins with neighbouring committed cells, in one block of as many addresses up to a power of two: heads of an attention,
/// what a mask leaves of a row. Behind them come public numbers, or the first cell again and again.
/// </summary>
/// <param name="Starts">By position of a sample: the first cell.</param>
/// <param name="Lengths">So many neighbours.</param>
/// <param name="Strides">From one sample to the next.</param>
/// <param name="Repeats">Whether the first cell follows, rather than public numbers.</param>
internal sealed record RowRuns(int[] Starts, int[] Lengths, int[] Strides, bool Repeats)
{
    public int StartOf(int position) => Starts[position % Starts.Length] + (position / Starts.Length * Strides[position % Starts.Length]);

    public int LengthOf(int position) => Lengths[position % Starts.Length];

    /// <summary>log2 of the addresses of a row's block.</summary>
    public int BitsOf(int position) => BitsFor(LengthOf(position));

    private static int BitsFor(int length) => length == 0 ? 0 : Storage.BitLength(length - 1);

    /// <summary>eq of all runs' blocks. Several rows may make one of a view: then those that are first in theirs come first.</summary>
    /// <param name="positions">Rows of the view, in the whole batch.</param>
    /// <param name="perRow">Runs of each.</param>
    /// <returns>[run of the row * positions + position].</returns>
    public ExtArray AtBlocks(EqPoint point, int positions, int perRow)
    {
        var count = positions * perRow;
        using var middles = ExtArray.Uninitialised(count);
        using var highs = ExtArray.Uninitialised(count);
        for (var i = 0; i < count; i++)
        {
            var bits = BitsOf(i);
            var (middle, inMiddle, high, inHigh) = point.FactorsAtBlock(StartOf(i) >> bits, bits);
            var to = (i % perRow * positions) + (i / perRow);
            middles.Copy(to, middle, inMiddle);
            highs.Copy(to, high, inHigh);
        }
        var products = new ExtArray(count);
        ExtKernels.AddProducts(products, 0, middles, 0, highs, 0, count);
        return products;
    }

    /// <summary>Whether all have this length: no row has anything else.</summary>
    public bool Fills(int channels) => channels > 1 && !Lengths.AsSpan().ContainsAnyExcept(channels);

    /// <summary>
    /// Runs of one length that make up all rows, as where values of several heads are put side by side, or a matrix in one row: as long as neighbours are
    /// neighbours, or else of a power of two. Null for anything else.
    /// </summary>
    /// <param name="addresses">position * channels + channel, none of them public; of each a stride.</param>
    public static RowRuns? Blocks(int positions, int channels, int[] addresses, int[] strides)
    {
        var length = 1;
        while (length < channels && addresses[length] == addresses[0] + length)
            length++;
        return BlocksOf(length) ?? BlocksOf(Math.Min(1 << int.Log2(length), channels & -channels));

        RowRuns? BlocksOf(int each) =>
            each > 1 && channels % each == 0 && Of(positions * (channels / each), each, addresses, strides) is { } runs && runs.Fills(each) ? runs : null;
    }

    /// <summary>The runs, or null where rows are made of anything else.</summary>
    /// <param name="addresses">position * channels + channel; of each a stride.</param>
    public static RowRuns? Of(int positions, int channels, int[] addresses, int[] strides)
    {
        var (repeats, isMixed) = (false, false);
        var (starts, lengths, perSample) = (new int[positions], new int[positions], new int[positions]);
        for (var p = 0; p < positions; p++)
        {
            var row = addresses.AsSpan(p * channels, channels);
            var steps = strides.AsSpan(p * channels, channels);
            var length = 0;
            while (length < channels && !PublicAddress.Is(row[0]) && row[length] == row[0] + length && steps[length] == steps[0])
                length++;
            (starts[p], lengths[p], perSample[p]) = length == 0 ? (0, 0, 0) : (row[0], length, steps[0]);
            if ((starts[p] | perSample[p]) % (1 << BitsFor(length)) != 0)
                return null;
            for (var c = length; c < channels; c++)
                if (length > 0 && row[c] == row[0] && steps[c] == steps[0])
                    repeats = true;
                else if (PublicAddress.Is(row[c]))
                    isMixed = true;
                else
                    return null;
        }
        return repeats && isMixed ? null : new RowRuns(starts, lengths, perSample, repeats);
    }
}
