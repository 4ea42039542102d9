using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>Where the elements of a graph's value are: addresses of committed cells or of public numbers.</summary>
/// <param name="Addresses">Of the first sample, elements in row-major order.</param>
/// <param name="Strides">From one sample to the next, for each of them.</param>
internal sealed record CircuitValue(ValueInfo Info, int[] Addresses, int[] Strides)
{
    public bool IsPublic { get; } = Array.TrueForAll(Addresses, PublicAddress.Is);

    /// <summary>Positions of one sample: pixels of [C, H, W], rows of anything else.</summary>
    public static int PositionsOf(Shape shape) => (int)(shape.Elements / ChannelsOf(shape));

    /// <summary>C of [C, H, W], the last dimension of anything else.</summary>
    public static int ChannelsOf(Shape shape) => shape.Rank == 3 ? shape[0] : shape.Last;

    /// <summary>The row-major number of the element at a position and channel.</summary>
    public static int ElementOf(Shape shape, int position, int channel) =>
        shape.Rank == 3 ? (channel * shape[1] * shape[2]) + position : (position * shape.Last) + channel;

    public GridView ToGrid(int samples, IEnumerable<Storage> storages)
    {
        var (shape, positions, channels) = (Info.Shape, PositionsOf(Info.Shape), ChannelsOf(Info.Shape));
        var (addresses, strides) = (new int[Addresses.Length], new int[Addresses.Length]);
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < channels; c++)
            {
                var element = ElementOf(shape, p, c);
                (addresses[(p * channels) + c], strides[(p * channels) + c]) = (Addresses[element], Strides[element]);
            }
        return new GridView(samples, positions, channels, addresses, strides, storages);
    }

    /// <summary>A value whose elements fill a storage.</summary>
    public static CircuitValue Of(ValueInfo info, Storage storage)
    {
        var (shape, positions, channels) = (info.Shape, PositionsOf(info.Shape), ChannelsOf(info.Shape));
        var addresses = new int[positions * channels];
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < channels; c++)
                addresses[ElementOf(shape, p, c)] = storage.Base + (p * storage.Width) + c;
        var strides = new int[addresses.Length];
        Array.Fill(strides, positions * storage.Width);
        return new CircuitValue(info, addresses, strides);
    }
}
