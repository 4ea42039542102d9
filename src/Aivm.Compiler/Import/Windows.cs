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
        var geometry = new Geometry(call, shape, kernel);
        return geometry.Of(shape.Length == 3 ? null : 0, shape.Length - 3);
    }

    /// <summary>The windows of a volume [1, C, D, H, W]: along its planes, then across them.</summary>
    public static (Window Plane, Window Depth) ReadVolume(OperatorCall call, int[] shape, IReadOnlyList<long> kernel)
    {
        var geometry = new Geometry(call, shape, kernel);
        return (geometry.Of(1, 2), geometry.Of(0, null));
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

    private static long[] List(OperatorCall call, string attribute, int length, long absent)
    {
        var values = call.Node.Ints(attribute);
        if (values is null)
            return [.. Enumerable.Repeat(absent, length)];
        return values.Count == length
            ? [.. values]
            : throw Refusal.Invalid($"{attribute} of {call.Node} has {values.Count} numbers, {length} are wanted");
    }

    /// <summary>Kernel, strides, dilations and padding along each spatial axis.</summary>
    private sealed class Geometry
    {
        private readonly OperatorCall _call;
        private readonly int[] _shape;
        private readonly int[] _kernel;
        private readonly int[] _strides;
        private readonly int[] _dilations;
        private readonly int[] _before;
        private readonly int[] _after;

        public Geometry(OperatorCall call, int[] shape, IReadOnlyList<long> kernel)
        {
            (_call, _shape) = (call, shape);
            var axes = shape.Length - 2;
            if (kernel.Count != axes)
                throw Refusal.Invalid($"the kernel of {call.Node} has {kernel.Count} axes, its input {axes}");
            var strides = List(call, "strides", axes, 1);
            var dilations = List(call, "dilations", axes, 1);
            var pads = Pads(call, shape, kernel, strides, dilations);
            (_kernel, _strides, _dilations) = (Extents(kernel), Extents(strides), Extents(dilations));
            _before = [.. pads.Take(axes).Select(Pad)];
            _after = [.. pads.Skip(axes).Select(Pad)];
            if (call.Node.Int("ceil_mode", 0) != 0)
                _after = [.. _after.Select((after, axis) => after + Extra(axis))];
        }

        /// <summary>The window over two spatial axes; a missing one has the extent 1.</summary>
        public Window Of(int? row, int? column)
        {
            int At(int[] values, int? axis, int absent) => axis is { } known ? values[known] : absent;
            var window = new Window
            {
                Kernel = new Extent(At(_kernel, row, 1), At(_kernel, column, 1)),
                Strides = new Extent(At(_strides, row, 1), At(_strides, column, 1)),
                Dilations = new Extent(At(_dilations, row, 1), At(_dilations, column, 1)),
                Padding = new Padding(At(_before, row, 0), At(_before, column, 0), At(_after, row, 0), At(_after, column, 0)),
            };
            var (height, width) = (At(_shape[2..], row, 1), At(_shape[2..], column, 1));
            return window.OutputHeight(height) >= 1 && window.OutputWidth(width) >= 1
                ? window
                : throw _call.BadShape($"its window does not fit the input {Shapes.Text(_shape)}");
        }

        /// <summary>ceil_mode: more padding at the end, unless the last window would begin in it.</summary>
        private int Extra(int axis)
        {
            var (extent, stride) = (_shape[axis + 2], _strides[axis]);
            var room = extent + _before[axis] + _after[axis] - (_kernel[axis] - 1) * _dilations[axis] - 1;
            var slack = room % stride;
            if (slack <= 0)
                return 0;
            return (room / stride + 1) * stride < extent + _before[axis] ? stride - slack : 0;
        }

        private int[] Extents(IReadOnlyList<long> values)
        {
            foreach (var value in values)
            {
                if (value is < 1 or > MaxExtent)
                    throw Refusal.Invalid($"{_call.Node} has an impossible window");
            }
            return [.. values.Select(value => (int)value)];
        }

        private int Pad(long pad) => pad is >= 0 and <= MaxExtent ? (int)pad : throw _call.Unsupported($"the padding {pad} is out of range");
    }
}
