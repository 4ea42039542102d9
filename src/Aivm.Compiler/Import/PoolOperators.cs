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
        return Pool(call, (picture, window) => Average(call, picture, window, excludesPadding));
    }

    public static FloatNode GlobalMaxPool(OperatorCall call) => Global(call, (picture, window) => Max(call, picture, window));

    public static FloatNode GlobalAveragePool(OperatorCall call) => Global(call, (picture, window) => Average(call, picture, window, false));

    private static FloatNode Pool(OperatorCall call, Func<FloatNode, Window, FloatNode> pool)
    {
        var source = call.Input(0);
        Windows.RequirePicture(call, source.Shape);
        var kernel = call.Node.Ints("kernel_shape") ?? throw Refusal.Invalid($"{call.Node} has no kernel_shape");
        var window = Windows.Read(call, source.Shape, kernel);
        Windows.RequireTouch(call, Windows.Picture(source.Shape), window);
        var result = pool(ShapeOperators.Reshaped(source, Windows.Picture(source.Shape)), window);
        return source.Shape.Length == 4 ? result : ShapeOperators.Reshaped(result, [1, source.Shape[1], result.Shape[3]]);
    }

    private static FloatNode Global(OperatorCall call, Func<FloatNode, Window, FloatNode> pool)
    {
        var source = call.Input(0);
        Windows.RequirePicture(call, source.Shape);
        var picture = ShapeOperators.Reshaped(source, Windows.Picture(source.Shape));
        var window = new Window { Kernel = new Extent(picture.Shape[2], picture.Shape[3]) };
        var result = pool(picture, window);
        return source.Shape.Length == 4 ? result : ShapeOperators.Reshaped(result, [1, source.Shape[1], 1]);
    }

    private static FloatMaxPool Max(OperatorCall call, FloatNode picture, Window window) =>
        new(call.Name, call.Operation, Windows.Result(picture.Shape, window, picture.Shape[1]), picture, window);

    private static FloatAveragePool Average(OperatorCall call, FloatNode picture, Window window, bool excludesPadding) =>
        new(call.Name, call.Operation, Windows.Result(picture.Shape, window, picture.Shape[1]), picture, window, excludesPadding && window.Padding != Padding.None);
}
