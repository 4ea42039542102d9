using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

internal static class PoolOperators
{
    public static FloatNode MaxPool(OperatorCall call)
    {
        if (call.Node.Outputs.Skip(1).Any(output => output.Length > 0))
            throw call.Unsupported("it yields the indices of the maxima");
        return Pool(call, (picture, window) => Max(call, picture, window));
    }

    public static FloatNode AveragePool(OperatorCall call)
    {
        var excludesPadding = call.Node.Int("count_include_pad", 0) == 0;
        if (!excludesPadding && call.Node.Int("ceil_mode", 0) != 0)
            throw call.Unsupported("it rounds up (ceil_mode) and counts padding, which runtimes do differently");
        return Pool(call, (picture, window) => Average(call, picture, window, excludesPadding));
    }

    public static FloatNode GlobalMaxPool(OperatorCall call) => Global(call, (picture, window) => Max(call, picture, window));

    public static FloatNode GlobalAveragePool(OperatorCall call) => Global(call, (picture, window) => Average(call, picture, window, false));

    /// <summary>(sum of |x|^p)^(1/p) over each channel.</summary>
    public static FloatNode GlobalLpPool(OperatorCall call)
    {
        var p = call.Node.Int("p", 2);
        if (p is not (1 or 2))
            throw call.Unsupported($"its norm is of order {p}; 1 and 2 are supported");
        var source = RequireSpatial(call);
        var rows = ShapeOperators.Reshaped(source, [source.Shape[0], source.Shape[1], Shapes.Count(source.Shape.AsSpan(2))]);
        var powers = new FloatUnary(call.Name, call.Operation, rows, p == 1 ? new UnaryFunction.Abs() : new UnaryFunction.Power(2));
        FloatNode sums = new FloatReduce(call.Name, call.Operation, powers, Reduction.Sum);
        if (p == 2)
            sums = new FloatUnary(call.Name, call.Operation, sums, new UnaryFunction.Elementary(Math.Sqrt));
        return ShapeOperators.Reshaped(sums, [.. source.Shape[..2], .. Enumerable.Repeat(1, source.Shape.Length - 2)]);
    }

    /// <summary>Every channel of every picture of a batch is pooled alike; a volume along its planes, then across them.</summary>
    private static FloatNode Pool(OperatorCall call, Func<FloatNode, Window, FloatNode> pool)
    {
        var source = RequireSpatial(call);
        var kernel = call.Node.Ints("kernel_shape") ?? throw Refusal.Invalid($"{call.Node} has no kernel_shape");
        var channels = source.Shape[0] * source.Shape[1];
        int[] single = [1, channels, .. source.Shape[2..]];
        if (single.Length < 5)
        {
            var result = Pooled(call, source, Windows.Picture(single), Windows.Read(call, single, kernel), pool);
            return ShapeOperators.Reshaped(result, [.. source.Shape[..2], .. single.Length == 4 ? result.Shape[2..] : result.Shape[3..]]);
        }
        var (plane, depth) = Windows.ReadVolume(call, single, kernel);
        var planes = Pooled(call, source, [1, channels * single[2], single[3], single[4]], plane, pool);
        var across = Pooled(call, planes, [1, channels, single[2], planes.Shape[2] * planes.Shape[3]], depth, pool);
        return ShapeOperators.Reshaped(across, [.. source.Shape[..2], across.Shape[2], planes.Shape[2], planes.Shape[3]]);
    }

    private static FloatNode Pooled(OperatorCall call, FloatNode source, int[] picture, Window window, Func<FloatNode, Window, FloatNode> pool)
    {
        Windows.RequireTouch(call, picture, window);
        return pool(ShapeOperators.Reshaped(source, picture), window);
    }

    private static FloatNode Global(OperatorCall call, Func<FloatNode, Window, FloatNode> pool)
    {
        var source = RequireSpatial(call);
        var picture = ShapeOperators.Reshaped(source, [1, source.Shape[0] * source.Shape[1], Shapes.Count(source.Shape.AsSpan(2, source.Shape.Length - 3)), source.Shape[^1]]);
        var window = new Window { Kernel = new Extent(picture.Shape[2], picture.Shape[3]) };
        return ShapeOperators.Reshaped(pool(picture, window), [.. source.Shape[..2], .. Enumerable.Repeat(1, source.Shape.Length - 2)]);
    }

    private static FloatNode RequireSpatial(OperatorCall call)
    {
        var source = call.Input(0);
        if (source.Shape.Length is < 3 or > 5)
            throw call.BadShape($"its input {Shapes.Text(source.Shape)} has {Math.Max(source.Shape.Length - 2, 0)} spatial axes, 1 to 3 are supported");
        return source.Count > 0 ? source : throw call.BadShape("its input is empty");
    }

    private static FloatMaxPool Max(OperatorCall call, FloatNode picture, Window window) =>
        new(call.Name, call.Operation, Windows.Result(picture.Shape, window, picture.Shape[1]), picture, window);

    private static FloatAveragePool Average(OperatorCall call, FloatNode picture, Window window, bool excludesPadding) =>
        new(call.Name, call.Operation, Windows.Result(picture.Shape, window, picture.Shape[1]), picture, window, excludesPadding && window.Padding != Padding.None);
}
