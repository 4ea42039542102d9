using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>
/// Operator codes of the container. Sixteen to a family, so that operators can be appended where they belong:
/// 0x0_ shape, 0x1_ entry from int64, 0x2_ linear, 0x3_ element by element, 0x4_ windows and reductions,
/// 0x5_ normalisation, 0x6_ classical models, 0x7_ selection.
/// </summary>
public enum Operator : byte
{
    Reshape = 0x01,
    Transpose = 0x02,
    Concat = 0x03,
    Gather = 0x04,
    Constant = 0x05,
    Embedding = 0x06,

    Quantise = 0x10,
    Clamp = 0x11,
    Rank = 0x12,

    Conv = 0x20,
    Dense = 0x21,
    MatMul = 0x22,

    Add = 0x30,
    Rescale = 0x31,
    Table = 0x32,
    Interpolate = 0x33,
    Multiply = 0x34,
    Compare = 0x35,
    Where = 0x36,

    MaxPool = 0x40,
    AveragePool = 0x41,
    Sum = 0x42,
    Max = 0x43,

    Softmax = 0x50,
    LayerNorm = 0x51,
    Normalise = 0x52,

    WideDense = 0x60,
    TreeEnsemble = 0x61,

    ArgMax = 0x70,
}

/// <summary>One operation. It reads values by number and yields exactly one.</summary>
public abstract class GraphNode
{
    public abstract Operator Operator { get; }

    /// <summary>The numbers of the values it reads, in order.</summary>
    public abstract ImmutableArray<int> Sources { get; }

    /// <summary>The constants it refers to, in the container's order.</summary>
    public abstract ImmutableArray<Constant> Constants { get; }

    /// <summary>How many sources, the first ones, are read in whatever layout they have.</summary>
    internal virtual int SourcesInAnyLayout => 0;

    /// <summary>Whether a source may hold <see cref="ElementTypes.MissingInput"/>.</summary>
    internal virtual bool ReadsMissing => false;

    /// <summary>Bytes of the node's constants in the form in which kernels use them: an upper bound, from shapes alone.</summary>
    internal virtual Int128 PreparedBytes
    {
        get
        {
            var bytes = Int128.Zero;
            foreach (var constant in Constants)
                bytes += constant.Bytes.Length;
            return bytes;
        }
    }

    /// <summary>Channels, rows or trees that are bounded and prepared one by one.</summary>
    internal virtual int PreparedChannels => 0;

    /// <summary>The result's type, shape and range, or the rule that this node breaks.</summary>
    internal abstract Inferred Infer(ReadOnlySpan<ValueInfo> sources);

    /// <summary>What a run of this node takes. Called after <see cref="Infer"/> accepted it.</summary>
    internal abstract Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result);

    /// <summary>Writes the fields in the order in which the operator's Read takes them.</summary>
    internal abstract void Write(GraphWriter writer);
}

/// <summary>Rows and columns: of a kernel, a stride, a dilation.</summary>
public readonly record struct Extent(int Height, int Width)
{
    public static Extent One => new(1, 1);
}

/// <summary>Rows and columns added at each side.</summary>
public readonly record struct Padding(int Top, int Left, int Bottom, int Right)
{
    public static Padding None => default;
}

/// <summary>A window sliding over [channels, height, width]: the geometry of convolutions and pools.</summary>
public sealed record Window
{
    public required Extent Kernel { get; init; }

    public Extent Strides { get; init; } = Extent.One;

    public Extent Dilations { get; init; } = Extent.One;

    /// <summary>Padding holds zeros for convolutions and average pools, and is never a maximum for max pools. ONNX's ceil_mode becomes more bottom and right padding.</summary>
    public Padding Padding { get; init; }

    /// <summary>Rows of the result: floor((height + top + bottom - (kernel - 1) * dilation - 1) / stride) + 1, 0 or less when the window does not fit.</summary>
    public long OutputHeight(long height) =>
        Slide(height + Padding.Top + Padding.Bottom, Kernel.Height, Dilations.Height, Strides.Height);

    public long OutputWidth(long width) =>
        Slide(width + Padding.Left + Padding.Right, Kernel.Width, Dilations.Width, Strides.Width);

    internal const int MaxExtent = 4096;

    internal long PaddedHeight(long height) => height + Padding.Top + Padding.Bottom;

    internal long PaddedWidth(long width) => width + Padding.Left + Padding.Right;

    internal Error? Check()
    {
        foreach (var extent in (ReadOnlySpan<Extent>)[Kernel, Strides, Dilations])
            if (extent.Height is < 1 or > MaxExtent || extent.Width is < 1 or > MaxExtent)
                return Inferred.Field($"a window's {extent.Height} x {extent.Width}; 1 to {MaxExtent} each");
        foreach (var side in (ReadOnlySpan<int>)[Padding.Top, Padding.Left, Padding.Bottom, Padding.Right])
            if (side is < 0 or > MaxExtent)
                return Inferred.Field($"a padding of {side}; 0 to {MaxExtent}");
        return null;
    }

    /// <summary>[channels, height', width'] of a source [channels, height, width], or why the window does not fit.</summary>
    internal Error? Apply(Shape source, int channels, out Shape result)
    {
        result = default;
        if (Check() is { } fault)
            return fault;
        if (source.Rank != 3)
            return Inferred.Shape($"a window over {source}; [channels, height, width] is needed");
        var (height, width) = (OutputHeight(source[1]), OutputWidth(source[2]));
        if (height < 1 || width < 1)
            return Inferred.Shape($"a window of {Kernel.Height} x {Kernel.Width} does not fit into {source}");
        result = [channels, (int)height, (int)width];
        return null;
    }

    /// <summary>Whether every position of the window has an element of the source in it.</summary>
    public bool AlwaysTouches(int height, int width) =>
        AlwaysTouches(height, OutputHeight(height), Kernel.Height, Dilations.Height, Strides.Height, Padding.Top)
        && AlwaysTouches(width, OutputWidth(width), Kernel.Width, Dilations.Width, Strides.Width, Padding.Left);

    private static bool AlwaysTouches(int size, long positions, int kernel, int dilation, int stride, int before)
    {
        // The last position begins farthest to the right, the first one has to leave most of the padding behind.
        if (((positions - 1) * stride) - before >= size || (before + dilation - 1) / dilation >= kernel)
            return false;
        // Steps longer than the source may pass over it: where each position's first tap behind the padding lands.
        var (landing, advance) = ((dilation - (before % dilation)) % dilation, stride % dilation);
        for (var position = 0L; dilation > size && position < positions && position * stride < before; position++)
        {
            if (landing >= size)
                return false;
            landing += advance;
            landing -= landing >= dilation ? dilation : 0;
        }
        return true;
    }

    private static long Slide(long padded, long kernel, long dilation, long stride)
    {
        var room = padded - ((kernel - 1) * dilation) - 1;
        return room < 0 ? 0 : (room / stride) + 1;
    }
}
