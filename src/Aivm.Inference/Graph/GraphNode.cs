using System.Collections.Immutable;

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

    Quantise = 0x10,
    Clamp = 0x11,
    Rank = 0x12,

    Conv = 0x20,
    Dense = 0x21,

    Add = 0x30,
    Rescale = 0x31,
    Table = 0x32,
    Interpolate = 0x33,

    MaxPool = 0x40,
    AveragePool = 0x41,

    Softmax = 0x50,

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

    private static long Slide(long padded, long kernel, long dilation, long stride)
    {
        var room = padded - ((kernel - 1) * dilation) - 1;
        return room < 0 ? 0 : (room / stride) + 1;
    }
}

/// <summary>What happens to an accumulator: scaling by a shift with rounding, then the activation.</summary>
/// <remarks>
/// h = (acc + 2^(s-1)) >> s with the channel's shift s (h = acc for s = 0), then y = Activation(h).
/// To <see cref="ElementType.S32"/> there is no rounding and no activation: y = acc * 2^(S - s), S the largest shift, which brings
/// channels of different scales to one.
/// </remarks>
public sealed class Requantise
{
    /// <summary>S8, S16 or S32.</summary>
    public required ElementType Output { get; init; }

    /// <summary>Each 0 to 24: one per output channel, or a single one when they are all equal.</summary>
    public required ImmutableArray<byte> Shifts { get; init; }

    /// <summary>Null exactly when <see cref="Output"/> is S32.</summary>
    public required Activation? Activation { get; init; }

    /// <summary>A single shift, clamped to the whole range of the type.</summary>
    public static Requantise To(ElementType output, int shift) =>
        To(output, [checked((byte)shift)], new Activation.Clamp((int)ElementTypes.MinOf(output), (int)ElementTypes.MaxOf(output)));

    /// <param name="shifts">Equal shifts are folded into one.</param>
    public static Requantise To(ElementType output, ImmutableArray<byte> shifts, Activation activation) =>
        new() { Output = output, Shifts = Fold(shifts), Activation = activation };

    /// <summary>Accumulators as they are, at the scale of the largest shift.</summary>
    public static Requantise Raw(ImmutableArray<byte> shifts) =>
        new() { Output = ElementType.S32, Shifts = Fold(shifts), Activation = null };

    /// <summary>The largest shift: S of the specification.</summary>
    public int MaxShift => Shifts.Max();

    public int ShiftOf(int channel) => Shifts.Length == 1 ? Shifts[0] : Shifts[channel];

    private static ImmutableArray<byte> Fold(ImmutableArray<byte> shifts)
    {
        foreach (var shift in shifts)
            if (shift != shifts[0])
                return shifts;
        return [shifts[0]];
    }
}

/// <summary>What is applied to a rescaled accumulator.</summary>
public abstract record Activation
{
    private Activation()
    {
    }

    /// <summary>y = min(max(h, Low), High): identity, ReLU, ReLU6 and Clip.</summary>
    public sealed record Clamp(int Low, int High) : Activation;

    /// <summary>y = Entries[min(max(h, Low), Low + n - 1) - Low] with n entries of the output's type: any other function.</summary>
    public sealed record Table(int Low, Constant Entries) : Activation;
}
