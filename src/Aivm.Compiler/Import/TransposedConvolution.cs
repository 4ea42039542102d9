using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>
/// ConvTranspose as a convolution: zeros between and around the elements, which one choice along each axis puts there, and the kernel
/// turned round.
/// </summary>
internal static class TransposedConvolution
{
    private const int MaxExtent = 1 << 15;

    public static FloatNode Import(OperatorCall call)
    {
        var source = call.Input(0);
        var weights = call.Constant(1, "weights");
        Windows.RequirePicture(call, source.Shape);
        var axes = source.Shape.Length - 2;
        var groups = call.Node.Int("group", 1);
        if (weights.Rank != axes + 2 || weights.Shape[0] != source.Shape[1] || weights.Count == 0 || groups < 1 || source.Shape[1] % groups != 0)
            throw Refusal.Invalid($"{call.Node} has {source.Shape[1]} input channels, weights {Shapes.Text(weights.Shape)} and {groups} groups");
        int[] kernel = [.. weights.Shape.Skip(2)];
        var geometry = Geometry.Read(call, source.Shape, kernel);
        for (var axis = 0; axis < axes; axis++)
            source = Spread(call, source, axis + 2, geometry, axis);
        var picture = ShapeOperators.Reshaped(source, Windows.Picture(source.Shape));
        var outputs = weights.Shape[1] * (int)groups;
        var window = new Window
        {
            Kernel = axes == 1 ? new Extent(1, kernel[0]) : new Extent(kernel[0], kernel[1]),
            Dilations = axes == 1 ? new Extent(1, geometry.Dilations[0]) : new Extent(geometry.Dilations[0], geometry.Dilations[1]),
        };
        var bias = call.OptionalConstant(2, "bias")?.Values ?? new double[outputs];
        if (bias.Length != outputs)
            throw Refusal.Invalid($"the bias of {call.Node} is not one number per channel");
        var conv = new FloatConv(
            call.Name, call.Operation, Windows.Result(picture.Shape, window, outputs), picture, LinearOperators.Finite(call, Turned(weights, (int)groups)),
            LinearOperators.Finite(call, bias), window, (int)groups);
        return axes == 2 ? conv : ShapeOperators.Reshaped(conv, [1, outputs, conv.Shape[3]]);
    }

    /// <summary>From [Cin, Cout / groups, kernel] to [Cout, Cin / groups, kernel], each kernel from its end.</summary>
    private static double[] Turned(Tensor weights, int groups)
    {
        var (inputs, outputs) = (weights.Shape[0] / groups, weights.Shape[1]);
        var area = Shapes.Count(weights.Shape.AsSpan(2));
        var turned = new double[weights.Count];
        for (var i = 0; i < turned.Length; i++)
        {
            var (input, output, tap) = (i / area / outputs, i / area % outputs, i % area);
            var group = input / inputs;
            turned[((group * outputs + output) * inputs + input % inputs) * area + area - 1 - tap] = weights.Values[i];
        }
        return turned;
    }

    /// <summary>Elements a stride apart, and as many zeros around them as the turned kernel reaches; cut where padding takes away more than that.</summary>
    private static FloatNode Spread(OperatorCall call, FloatNode source, int shapeAxis, Geometry geometry, int axis)
    {
        var extent = source.Shape[shapeAxis];
        var reach = (geometry.Kernel[axis] - 1) * geometry.Dilations[axis];
        var stride = geometry.Strides[axis];
        var before = reach - geometry.Before[axis];
        var length = geometry.Results[axis] + reach;
        var places = new int[length];
        for (var i = 0; i < length; i++)
        {
            var at = i - before;
            places[i] = at >= 0 && at % stride == 0 && at / stride < extent ? at / stride : extent;
        }
        if (places.Contains(extent))
        {
            int[] slab = [.. source.Shape.Select((size, i) => i == shapeAxis ? 1 : size)];
            source = RearrangementOperators.Joined(
                call, shapeAxis, source, SelectionOperators.Expanded(call, new FloatConstant(call.Name, Tensor.Real([], [0])), slab));
        }
        return SelectionOperators.Chosen(call, source, shapeAxis, places);
    }

    private sealed record Geometry(int[] Kernel, int[] Strides, int[] Dilations, int[] Before, int[] Results)
    {
        public static Geometry Read(OperatorCall call, int[] shape, int[] kernel)
        {
            var axes = kernel.Length;
            var strides = List(call, "strides", axes, 1, 1);
            var dilations = List(call, "dilations", axes, 1, 1);
            var extra = List(call, "output_padding", axes, 0, 0);
            var pads = List(call, "pads", 2 * axes, 0, 0);
            var wanted = call.Node.Ints("output_shape");
            var mode = call.Node.Text("auto_pad", "NOTSET");
            if (wanted is not null && (wanted.Count < axes || wanted.Any(extent => extent is < 1 or > MaxExtent)))
                throw Refusal.Invalid($"the output_shape of {call.Node} is none");
            if (kernel.Any(extent => extent is < 1 or > MaxExtent))
                throw Refusal.Invalid($"{call.Node} has an impossible window");
            var before = new int[axes];
            var results = new int[axes];
            for (var axis = 0; axis < axes; axis++)
            {
                var extent = shape[axis + 2];
                var whole = (long)strides[axis] * (extent - 1) + extra[axis] + ((kernel[axis] - 1L) * dilations[axis]) + 1;
                before[axis] = pads[axis];
                var result = whole - pads[axis] - pads[axes + axis];
                if (wanted is not null || mode is "SAME_UPPER" or "SAME_LOWER")
                {
                    result = wanted is null ? (long)extent * strides[axis] : wanted[axis + wanted.Count - axes];
                    var total = Math.Max(whole - result, 0);
                    before[axis] = (int)Math.Clamp(mode == "SAME_UPPER" ? total / 2 : total - total / 2, -MaxExtent, MaxExtent);
                }
                if (result < 1 || result > MaxExtent)
                    throw call.BadShape($"its result would have the extent {result}");
                results[axis] = (int)result;
            }
            return new Geometry(kernel, strides, dilations, before, results);
        }

        private static int[] List(OperatorCall call, string attribute, int length, int absent, int least)
        {
            var values = call.Node.Ints(attribute);
            if (values is null)
                return [.. Enumerable.Repeat(absent, length)];
            if (values.Count != length || values.Any(value => value < least || value > MaxExtent))
                throw Refusal.Invalid($"{attribute} of {call.Node} are not {length} sensible numbers");
            return [.. values.Select(value => (int)value)];
        }
    }
}
