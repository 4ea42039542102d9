using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Other extents by sampling: the nearest elements are a choice, anything smoother one constant matrix per axis.</summary>
internal static class ResizeOperators
{
    /// <summary>How an output's place becomes an input's, and what is taken there.</summary>
    private sealed record Sampling(string Coordinates, string Nearest, string Mode, double CubicCoefficient, bool ExcludesOutside);

    /// <summary>Before operator set 11 there was one way: from the corner, rounding down.</summary>
    private static readonly Sampling Old = new("asymmetric", "floor", "nearest", 0, false);

    public static FloatNode Upsample(OperatorCall call)
    {
        var scales = call.Opset < 9 ? call.Node.Floats("scales")?.Select(scale => (double)scale).ToArray() : call.Constant(1, "scales").Values;
        return Resized(call, Old with { Mode = call.Node.Text("mode", "nearest") }, All(call), scales, null);
    }

    public static FloatNode Resize(OperatorCall call)
    {
        if (call.Opset < 11)
            return Resized(call, Old with { Mode = call.Node.Text("mode", "nearest") }, All(call), call.Constant(1, "scales").Values, null);
        var node = call.Node;
        if (node.Int("antialias", 0) != 0)
            throw call.Unsupported("it smooths what it makes smaller (antialias)");
        var coordinates = node.Text("coordinate_transformation_mode", "half_pixel");
        if (coordinates == "tf_crop_and_resize")
            throw call.Unsupported("it crops as it resizes (tf_crop_and_resize)");
        var sampling = new Sampling(
            coordinates, node.Text("nearest_mode", "round_prefer_floor"), node.Text("mode", "nearest"), node.Float("cubic_coeff_a", -0.75f),
            node.Int("exclude_outside", 0) != 0);
        var axes = node.Ints("axes")?.Select(axis => call.Axis(axis, call.Input(0).Shape.Length)).ToArray() ?? All(call);
        var scales = call.OptionalConstant(2, "scales") is { Count: > 0 } factors ? factors.Values : null;
        var sizes = call.OptionalConstant(3, "sizes") is { Count: > 0 } extents ? extents.Values : null;
        return Resized(call, sampling, axes, scales, sizes is null ? null : Kept(call, axes, sizes));
    }

    private static int[] All(OperatorCall call) => [.. Enumerable.Range(0, call.Input(0).Shape.Length)];

    /// <summary>Sizes that keep the picture's proportions, where that is asked for.</summary>
    private static double[] Kept(OperatorCall call, int[] axes, double[] sizes)
    {
        var policy = call.Node.Text("keep_aspect_ratio_policy", "stretch");
        if (policy == "stretch" || sizes.Length != axes.Length)
            return sizes;
        var ratios = axes.Select((axis, i) => sizes[i] / call.Input(0).Shape[axis]);
        var ratio = policy == "not_larger" ? ratios.Min() : ratios.Max();
        return [.. axes.Select(axis => Math.Floor(ratio * call.Input(0).Shape[axis] + 0.5))];
    }

    private static FloatNode Resized(OperatorCall call, Sampling sampling, int[] axes, double[]? scales, double[]? sizes)
    {
        var result = call.Input(0);
        var factors = scales ?? sizes ?? throw Refusal.Invalid($"{call.Node} has neither scales nor sizes");
        if (factors.Length != axes.Length || result.Count == 0 || factors.Any(factor => !(factor > 0 && factor <= Shapes.MaxElements)))
            throw Refusal.Invalid($"the scales or sizes of {call.Node} do not fit {Shapes.Text(result.Shape)}");
        for (var i = 0; i < axes.Length; i++)
        {
            var extent = result.Shape[axes[i]];
            var scale = sizes is null ? factors[i] : factors[i] / extent;
            var length = sizes is null ? Math.Floor(extent * scale) : factors[i];
            Shapes.Checked([.. result.Shape.Select((size, axis) => axis == axes[i] ? (long)Math.Min(length, 1e9) : size)], $"the result of {call.Node}");
            if (length < 1)
                throw call.BadShape($"nothing is left of an axis of {extent} elements");
            if (length == extent && scale == 1)
                continue;
            if (sampling.Coordinates == "align_corners" && length != extent * scale)
                throw call.Unsupported($"it aligns corners of {extent} elements times {scale}, which runtimes do differently");
            var places = Enumerable.Range(0, (int)length).Select(x => Coordinate(call, sampling, x, extent, length, scale)).ToArray();
            result = sampling.Mode == "nearest"
                ? SelectionOperators.Chosen(call, result, axes[i], [.. places.Select(place => Nearest(call, sampling, place, extent))])
                : Interpolated(call, sampling, result, axes[i], places);
        }
        return result;
    }

    private static double Coordinate(OperatorCall call, Sampling sampling, int x, int extent, double length, double scale) => sampling.Coordinates switch
    {
        "half_pixel" => (x + 0.5) / scale - 0.5,
        "pytorch_half_pixel" => length > 1 ? (x + 0.5) / scale - 0.5 : 0,
        "align_corners" => length > 1 ? x * (extent - 1) / (length - 1) : 0,
        "asymmetric" => x / scale,
        "half_pixel_symmetric" => extent / 2.0 * (1 - length / (scale * extent)) + (x + 0.5) / scale - 0.5,
        var other => throw call.Unsupported($"its coordinates are {other}"),
    };

    private static int Nearest(OperatorCall call, Sampling sampling, double place, int extent) => (int)Math.Clamp(
        sampling.Nearest switch
        {
            "round_prefer_floor" => Math.Ceiling(place - 0.5),
            "round_prefer_ceil" => Math.Floor(place + 0.5),
            "floor" => Math.Floor(place),
            "ceil" => Math.Ceiling(place),
            var other => throw call.Unsupported($"its nearest mode is {other}"),
        },
        0, extent - 1);

    private static FloatNode Interpolated(OperatorCall call, Sampling sampling, FloatNode source, int axis, double[] places)
    {
        var extent = source.Shape[axis];
        if ((long)places.Length * extent > Shapes.MaxElements)
            throw Refusal.TooLarge($"the matrix that {call.Node} interpolates with");
        var matrix = new double[places.Length * extent];
        for (var row = 0; row < places.Length; row++)
            Fill(call, sampling, matrix.AsSpan(row * extent, extent), places[row]);
        int[] order = [.. Enumerable.Range(0, source.Shape.Length).Where(other => other != axis), axis];
        var rows = ShapeOperators.Moved(call, source, order);
        var dense = new FloatDense(call.Name, call.Operation, [.. rows.Shape[..^1], places.Length], rows, matrix, new double[places.Length]);
        return ShapeOperators.Moved(call, dense, [.. Enumerable.Range(0, order.Length).Select(place => Array.IndexOf(order, place))]);
    }

    /// <summary>What each input weighs at a place; places beyond the ends take the outermost.</summary>
    private static void Fill(OperatorCall call, Sampling sampling, Span<double> row, double place)
    {
        var first = Math.Floor(place);
        var t = place - first;
        var weights = sampling.Mode switch
        {
            "linear" or "bilinear" => [0, 1 - t, t, 0],
            "cubic" => Cubic(sampling.CubicCoefficient, t),
            var other => throw call.Unsupported($"its mode is {other}"),
        };
        var total = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            var at = first - 1 + i;
            if (sampling.ExcludesOutside && (at < 0 || at >= row.Length))
                continue;
            row[(int)Math.Clamp(at, 0, row.Length - 1)] += weights[i];
            total += weights[i];
        }
        foreach (ref var weight in row)
            weight /= total;
    }

    private static double[] Cubic(double a, double t) =>
    [
        ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
        ((a + 2) * t - (a + 3)) * t * t + 1,
        ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1,
        ((a * (2 - t) - 5 * a) * (2 - t) + 8 * a) * (2 - t) - 4 * a,
    ];
}
