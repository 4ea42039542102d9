using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>The geometry that convolutions and pools share, from ONNX attributes. One spatial axis is treated as a row of a picture.</summary>
internal static class Windows
{
    private const int MaxExtent = 1 << 15;

    /// <param name="shape">[1, C, L] or [1, C, H, W].</param>
    /// <param name="kernel">Kernel extents, one per spatial axis.</param>
    public static Window Read(OperatorCall call, int[] shape, IReadOnlyList<long> kernel)
    {
        var axes = shape.Length - 2;
        if (kernel.Count != axes)
            throw Refusal.Invalid($"the kernel of {call.Node} has {kernel.Count} axes, its input {axes}");
        var strides = List(call, "strides", axes, 1);
        var dilations = List(call, "dilations", axes, 1);
        var pads = Pads(call, shape, kernel, strides, dilations);
        var window = new Window
        {
            Kernel = Extent(call, kernel, axes),
            Strides = Extent(call, strides, axes),
            Dilations = Extent(call, dilations, axes),
            Padding = axes == 1
                ? new Padding(0, Pad(call, pads[0]), 0, Pad(call, pads[1]))
                : new Padding(Pad(call, pads[0]), Pad(call, pads[1]), Pad(call, pads[2]), Pad(call, pads[3])),
        };
        var picture = Picture(shape);
        if (call.Node.Int("ceil_mode", 0) != 0)
            window = RoundedUp(window, picture[2], picture[3]);
        if (window.OutputHeight(picture[2]) < 1 || window.OutputWidth(picture[3]) < 1)
            throw call.BadShape($"its window does not fit the input {Shapes.Text(shape)}");
        return window;
    }

    /// <summary>A shape with its rows made explicit: [1, C, L] becomes [1, C, 1, L].</summary>
    public static int[] Picture(int[] shape) => shape.Length == 3 ? [shape[0], shape[1], 1, shape[2]] : shape;

    /// <summary>Refuses inputs that are no picture, or a batch of them.</summary>
    public static void RequirePicture(OperatorCall call, int[] shape)
    {
        if (shape.Length is not (3 or 4))
            throw call.BadShape($"its input {Shapes.Text(shape)} has {Math.Max(shape.Length - 2, 0)} spatial axes, 1 or 2 are supported");
        if (shape[0] != 1)
            throw call.BadShape($"its input {Shapes.Text(shape)} is a batch of {shape[0]}, only 1 is supported");
        if (Shapes.Count(shape) == 0)
            throw call.BadShape("its input is empty");
    }

    /// <summary>Refuses windows that see nothing but padding somewhere: they have no maximum and no average.</summary>
    public static void RequireTouch(OperatorCall call, int[] picture, Window window)
    {
        if (!window.AlwaysTouches(picture[2], picture[3]))
            throw call.BadShape("one of its windows lies wholly in the padding");
    }

    /// <summary>The shape after a window: [1, channels, H', W'].</summary>
    public static int[] Result(int[] picture, Window window, int channels) =>
        Shapes.Checked([1, channels, window.OutputHeight(picture[2]), window.OutputWidth(picture[3])], "a window's result");

    private static long[] Pads(OperatorCall call, int[] shape, IReadOnlyList<long> kernel, long[] strides, long[] dilations)
    {
        var axes = shape.Length - 2;
        var mode = call.Node.Text("auto_pad", "NOTSET");
        if (mode is "NOTSET" or "")
            return List(call, "pads", 2 * axes, 0);
        if (mode == "VALID")
            return new long[2 * axes];
        if (mode is not ("SAME_UPPER" or "SAME_LOWER"))
            throw Refusal.Invalid($"{call.Node} has the auto_pad '{mode}'");
        var pads = new long[2 * axes];
        for (var axis = 0; axis < axes; axis++)
        {
            var extent = shape[axis + 2];
            if (strides[axis] is < 1 or > MaxExtent || kernel[axis] is < 1 or > MaxExtent || dilations[axis] is < 1 or > MaxExtent)
                throw Refusal.Invalid($"{call.Node} has an impossible window");
            var reach = (kernel[axis] - 1) * dilations[axis] + 1;
            var result = (extent + strides[axis] - 1) / strides[axis];
            var total = Math.Max(0, (result - 1) * strides[axis] + reach - extent);
            pads[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
            pads[axes + axis] = total - pads[axis];
        }
        return pads;
    }

    /// <summary>ceil_mode: more padding at the end, unless the last window would begin in it.</summary>
    private static Window RoundedUp(Window window, int height, int width)
    {
        var bottom = Extra(height, window.Kernel.Height, window.Dilations.Height, window.Strides.Height, window.Padding.Top, window.Padding.Bottom);
        var right = Extra(width, window.Kernel.Width, window.Dilations.Width, window.Strides.Width, window.Padding.Left, window.Padding.Right);
        return window with
        {
            Padding = window.Padding with { Bottom = window.Padding.Bottom + bottom, Right = window.Padding.Right + right },
        };
    }

    private static int Extra(int extent, int kernel, int dilation, int stride, int before, int after)
    {
        var slack = (extent + before + after - (kernel - 1) * dilation - 1) % stride;
        if (slack <= 0)
            return 0;
        var begin = ((extent + before + after - (kernel - 1) * dilation - 1) / stride + 1) * stride;
        return begin < extent + before ? stride - slack : 0;
    }

    private static long[] List(OperatorCall call, string attribute, int length, long absent)
    {
        var values = call.Node.Ints(attribute);
        if (values is null)
            return [.. Enumerable.Repeat(absent, length)];
        return values.Count == length
            ? [.. values]
            : throw Refusal.Invalid($"{attribute} of {call.Node} has {values.Count} numbers, {length} are wanted");
    }

    private static Extent Extent(OperatorCall call, IReadOnlyList<long> values, int axes)
    {
        foreach (var value in values)
        {
            if (value is < 1 or > MaxExtent)
                throw Refusal.Invalid($"{call.Node} has an impossible window");
        }
        return axes == 1 ? new Extent(1, (int)values[0]) : new Extent((int)values[0], (int)values[1]);
    }

    private static int Pad(OperatorCall call, long pad) =>
        pad is >= 0 and <= MaxExtent ? (int)pad : throw call.Unsupported($"the padding {pad} is out of range");
}
