using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Where the elements of a graph's value are: addresses of committed cells or of public numbers. Committed elements that may reach 2^29 have limbs instead.
/// </summary>
/// <param name="Addresses">Of the first sample, elements in row-major order.</param>
/// <param name="Strides">From one sample to the next, for each of them.</param>
internal sealed record CircuitValue(ValueInfo Info, int[] Addresses, int[] Strides)
{
    /// <summary>Of a value without addresses of its own: each element is the sum over k of 2^(12 k) times that of limb k.</summary>
    public ImmutableArray<CircuitValue> Limbs { get; private init; } = [];

    public bool IsWide => !Limbs.IsEmpty;

    public bool IsPublic => IsWide ? Limbs.All(limb => limb.IsPublic) : Array.TrueForAll(Addresses, PublicAddress.Is);

    /// <summary>Whether one cell holds an element: the field tells such numbers, and sums of a few, apart.</summary>
    public static bool IsNarrow(ValueInfo info) => info.Magnitude < GraphAnalysis.AccumulatorBound;

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

    /// <param name="limbs">Narrow values of one shape, lowest first.</param>
    public static CircuitValue OfLimbs(ValueInfo info, ImmutableArray<CircuitValue> limbs) => new(info, [], []) { Limbs = limbs };

    /// <summary>A value whose elements' limbs fill storages.</summary>
    public static CircuitValue OfLimbs(ValueInfo info, WideCells cells) =>
        OfLimbs(info, [.. cells.Limbs.Select((storage, k) => OfRows(LimbInfo(info.Shape, cells.Cut, k), storage))]);

    public static ValueInfo LimbInfo(Shape shape, LimbCut cut, int limb) =>
        new(ElementType.S32, shape, cut.IntervalOf(limb).Low, cut.IntervalOf(limb).High);

    /// <summary>The same elements in another order.</summary>
    /// <param name="source">The element for each element of the result.</param>
    public CircuitValue Rearranged(ValueInfo info, Func<int, int> source)
    {
        if (IsWide)
            return OfLimbs(info, [.. Limbs.Select(limb => limb.Rearranged(limb.Info with { Shape = info.Shape }, source))]);
        var elements = (int)info.Shape.Elements;
        var (addresses, strides) = (new int[elements], new int[elements]);
        for (var i = 0; i < elements; i++)
            (addresses[i], strides[i]) = (Addresses[source(i)], Strides[source(i)]);
        return new CircuitValue(info, addresses, strides);
    }

    /// <summary>A value whose elements fill a storage, by pixel and channel, or by row and column.</summary>
    public static CircuitValue Of(ValueInfo info, Storage storage) =>
        Of(info, storage, (position, channel) => ElementOf(info.Shape, position, channel));

    /// <summary>A value whose elements fill a storage in row-major order.</summary>
    public static CircuitValue OfRows(ValueInfo info, Storage storage) =>
        Of(info, storage, (position, channel) => (position * storage.Channels) + channel);

    private static CircuitValue Of(ValueInfo info, Storage storage, Func<int, int, int> elementOf)
    {
        var (addresses, strides) = (new int[info.Shape.Elements], new int[info.Shape.Elements]);
        var positions = addresses.Length / storage.Channels;
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < storage.Channels; c++)
                addresses[elementOf(p, c)] = storage.Base + (p * storage.Width) + c;
        Array.Fill(strides, positions * storage.Width);
        return new CircuitValue(info, addresses, strides);
    }
}
