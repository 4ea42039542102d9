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

    /// <summary>By position and channel, as whoever made the value saw it: its cells lie in this order where they fill a storage.</summary>
    public GridShape Grid { get; init; } = GridShape.Of(Info.Shape);

    /// <summary>The storage whose cells are this value's elements, in the order of its grid; null where no storage is known to be that.</summary>
    private Storage? Filled { get; init; }

    /// <summary>By position and channel as <paramref name="grid"/> numbers them, or as its own does.</summary>
    public GridView ToGrid(int samples, AddressMap map, GridShape? grid = null)
    {
        var shape = grid ?? Grid;
        if (Filled is { } storage && shape == Grid)
            return new GridView(samples, storage);
        return ToGrid(samples, map, shape.Positions, shape.Channels, shape.ElementOf);
    }

    /// <param name="element">The row-major number of the element at a position and channel.</param>
    public GridView ToGrid(int samples, AddressMap map, int positions, int channels, Func<int, int, int> element)
    {
        var (addresses, strides) = (new int[positions * channels], new int[positions * channels]);
        for (var (p, i) = (0, 0); p < positions; p++)
            for (var c = 0; c < channels; c++, i++)
            {
                var number = element(p, c);
                (addresses[i], strides[i]) = (Addresses[number], Strides[number]);
            }
        return new GridView(samples, positions, channels, addresses, strides, map);
    }

    /// <param name="limbs">Narrow values of one shape, lowest first.</param>
    public static CircuitValue OfLimbs(ValueInfo info, ImmutableArray<CircuitValue> limbs) => new(info, [], []) { Limbs = limbs };

    /// <summary>A value whose elements' limbs fill storages.</summary>
    public static CircuitValue OfLimbs(ValueInfo info, WideCells cells, GridShape grid) =>
        OfLimbs(info, [.. cells.Limbs.Select((storage, k) => Of(LimbInfo(info.Shape, cells.Cut, k), storage, grid))]) with { Grid = grid };

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
        return new CircuitValue(info, addresses, strides) { Grid = RearrangedGrid(info.Shape) };
    }

    /// <summary>Of these elements in another shape: what came in rows stays so.</summary>
    public GridShape RearrangedGrid(Shape shape) => IsPublic || Grid.ChannelsOutermost ? GridShape.Of(shape) : GridShape.OfRows(shape);

    /// <summary>A value whose elements fill a storage.</summary>
    public static CircuitValue Of(ValueInfo info, Storage storage, GridShape? grid = null)
    {
        var shape = grid ?? GridShape.Of(info.Shape);
        var addresses = new int[shape.Elements];
        for (var p = 0; p < shape.Positions; p++)
            for (var c = 0; c < shape.Channels; c++)
                addresses[shape.ElementOf(p, c)] = storage.Base + (p * storage.Width) + c;
        var strides = new int[addresses.Length];
        Array.Fill(strides, shape.Positions * storage.Width);
        return new CircuitValue(info, addresses, strides) { Grid = shape, Filled = storage };
    }

    /// <summary>A value whose elements fill a storage in row-major order.</summary>
    public static CircuitValue OfRows(ValueInfo info, Storage storage) =>
        Of(info, storage, new GridShape((int)info.Shape.Elements / storage.Channels, storage.Channels, ChannelsOutermost: false));
}
