using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>
/// Operators whose values are known when everything that they read is: exporters compute shapes and prepare weights with them. What
/// depends on shapes or attributes alone is made here; any other operator is understood as always, and then evaluated.
/// </summary>
internal sealed class ConstantFolding
{
    /// <summary>The operators that exist among constants only, or as the choice of a branch.</summary>
    public static readonly string[] Operations = ["Constant", "ConstantOfShape", "EyeLike", "If", "Mod", "NonZero", "Range", "Shape", "Size"];

    private long _work;

    /// <summary>The node's value; null where it depends on the model's input, or the operator is understood as always.</summary>
    public static Tensor? TryMake(OperatorCall call)
    {
        if (call.Node.Domain.Length > 0)
            return null;
        switch (call.Operation)
        {
            case "Constant":
                return Constant(call);
            case "Shape":
                return Shape(call);
            case "Size":
                return new Tensor(ElementKind.Integer, [], [call.Input(0).Count]);
            case "EyeLike":
                return EyeLike(call);
        }
        if (!IsKnown(call))
            return null;
        return call.Operation switch
        {
            "Cast" => Cast(call.Constant(0, "input"), TensorReader.ElementType(call.Node.Int("to", 0))),
            "ConstantOfShape" => ConstantOfShape(call),
            "Range" => Range(call),
            "QuantizeLinear" => QuantisedOperators.QuantisedConstant(call, call.Constant(0, "input")),
            "DequantizeLinear" => QuantisedOperators.Dequantised(call, call.Constant(0, "input")),
            "NonZero" => NonZero(call.Constant(0, "input")),
            "Div" when call.Constant(0, "input").Type == ElementKind.Integer => Quotient(call, Math.Truncate, (a, b, quotient) => quotient),
            "Mod" => Quotient(call, Math.Floor, (a, b, quotient) => call.Node.Int("fmod", 0) != 0 ? a % b : a - b * quotient),
            _ => null,
        };
    }

    public static bool IsKnown(OperatorCall call) => call.Inputs.Count > 0 && call.Inputs.All(input => input is null or FloatConstant);

    /// <summary>The constant that a node is when everything below it is constant.</summary>
    public FloatConstant Evaluate(OperatorCall call, FloatNode node)
    {
        var values = new Dictionary<FloatNode, double[]>();
        foreach (var step in new FloatGraph([], [new FloatOutput(node.Name, node, false, [])]).Order())
        {
            _work += Quantisation.Work.OfSample(step);
            if (_work > Quantisation.Work.MaxPerRun)
                throw Refusal.TooLarge("its constants take more arithmetic than a model may");
            values.Add(step, FloatInterpreter.Run(step, [.. step.Inputs.Select(input => values[input])]));
        }
        return new FloatConstant(node.Name, new Tensor(Kind(call), node.Shape, values[node]));
    }

    private static ElementKind Kind(OperatorCall call) => call.Operation switch
    {
        "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "Equal" or "And" or "Or" or "Xor" or "Not" => ElementKind.Boolean,
        "ArgMax" or "ArgMin" => ElementKind.Integer,
        "Where" => call.Constant(1, "input").Type,
        "OneHot" => call.Constant(2, "values").Type,
        "CastLike" => call.Constant(1, "type").Type,
        _ => call.Constant(0, "input").Type,
    };

    private static Tensor Constant(OperatorCall call)
    {
        var node = call.Node;
        if (node.Tensor("value") is { } tensor)
            return tensor;
        if (node.Floats("value_floats") is { } floats)
            return Tensor.Real([floats.Count], [.. floats.Select(value => (double)value)]);
        if (node.Ints("value_ints") is { } ints)
            return new Tensor(ElementKind.Integer, [ints.Count], [.. ints.Select(value => (double)value)]);
        if (node.Has("value_float"))
            return Tensor.Real([], [node.Float("value_float", 0)]);
        if (node.Has("value_int"))
            return new Tensor(ElementKind.Integer, [], [node.Int("value_int", 0)]);
        throw call.Unsupported("it holds no tensor of numbers");
    }

    private static Tensor Shape(OperatorCall call)
    {
        var shape = call.Input(0).Shape;
        var start = Bound(call.Node.Int("start", 0), shape.Length);
        var end = Bound(call.Node.Int("end", shape.Length), shape.Length);
        return Tensor.Integers(start < end ? shape[start..end] : []);
    }

    private static int Bound(long position, int length) => (int)Math.Clamp(position < 0 ? position + length : position, 0, length);

    private static Tensor Cast(Tensor tensor, OnnxType target) => TensorReader.Meaning(target) switch
    {
        ElementKind.Real when target == OnnxType.Float => Tensor.Real(tensor.Shape, [.. tensor.Values.Select(value => (double)(float)value)]),
        ElementKind.Real when target == OnnxType.Float16 => Tensor.Real(tensor.Shape, [.. tensor.Values.Select(value => (double)(Half)value)]),
        ElementKind.Real => Tensor.Real(tensor.Shape, tensor.Values),
        ElementKind.Integer => new Tensor(ElementKind.Integer, tensor.Shape, [.. tensor.Values.Select(Math.Truncate)]),
        var boolean => new Tensor(boolean, tensor.Shape, [.. tensor.Values.Select(value => value != 0 ? 1.0 : 0.0)]),
    };

    private static Tensor ConstantOfShape(OperatorCall call)
    {
        var shape = Shapes.Checked(Integers(call.Constant(0, "shape")), $"the result of {call.Node}");
        var value = call.Node.Tensor("value");
        if (value is { Count: not 1 })
            throw Refusal.Invalid($"the value of {call.Node} is not one number");
        var values = new double[Shapes.Count(shape)];
        Array.Fill(values, value?.Values[0] ?? 0);
        return new Tensor(value?.Type ?? ElementKind.Real, shape, values);
    }

    private static Tensor Range(OperatorCall call)
    {
        double[] ends = [.. Enumerable.Range(0, 3).Select(i => call.Constant(i, "range") is { Count: 1 } one ? one.Values[0] : throw Refusal.Invalid($"{call.Node} has a range of several numbers"))];
        var count = Math.Max(Math.Ceiling((ends[1] - ends[0]) / ends[2]), 0);
        if (!(count <= Shapes.MaxElements))
            throw Refusal.TooLarge($"the result of {call.Node}");
        return new Tensor(call.Constant(0, "start").Type, [(int)count], [.. Enumerable.Range(0, (int)count).Select(i => ends[0] + i * ends[2])]);
    }

    private static Tensor EyeLike(OperatorCall call)
    {
        var shape = call.Input(0).Shape;
        if (shape.Length != 2)
            throw Refusal.Invalid($"{call.Node} wants a matrix");
        var diagonal = call.Node.Int("k", 0);
        var kind = call.Node.Has("dtype") ? TensorReader.Meaning(TensorReader.ElementType(call.Node.Int("dtype", 1))) : Kinds.Of(call.Input(0));
        return new Tensor(kind, shape, [.. Enumerable.Range(0, Shapes.Count(shape)).Select(i => i % shape[1] - i / shape[1] == diagonal ? 1.0 : 0.0)]);
    }

    private static Tensor NonZero(Tensor tensor)
    {
        int[] places = [.. Enumerable.Range(0, tensor.Count).Where(i => tensor.Values[i] != 0)];
        var shape = Shapes.Checked([tensor.Rank, places.Length], "the result of NonZero");
        var strides = Shapes.Strides(tensor.Shape);
        var values = new double[Shapes.Count(shape)];
        for (var i = 0; i < values.Length; i++)
        {
            var (axis, place) = (i / places.Length, places[i % places.Length]);
            values[i] = place / strides[axis] % tensor.Shape[axis];
        }
        return new Tensor(ElementKind.Integer, shape, values);
    }

    private static Tensor Quotient(OperatorCall call, Func<double, double> rounding, Func<double, double, double, double> result)
    {
        var (left, right) = (call.Constant(0, "input"), call.Constant(1, "input"));
        var shape = Shapes.Broadcast(left.Shape, right.Shape)
            ?? throw Refusal.Invalid($"{call.Node} joins {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}, which do not broadcast");
        Shapes.Checked([.. shape.Select(extent => (long)extent)], $"the result of {call.Node}");
        var values = new double[Shapes.Count(shape)];
        for (var at = 0; at < values.Length; at++)
        {
            var (a, b) = (left.Values[Shapes.Place(at, shape, left.Shape)], right.Values[Shapes.Place(at, shape, right.Shape)]);
            values[at] = b != 0 ? result(a, b, rounding(a / b)) : throw Refusal.Invalid("a constant is divided by zero");
        }
        return new Tensor(left.Type, shape, values);
    }

    private static long[] Integers(Tensor tensor) => [.. tensor.Values.Select(OperatorCall.ToInteger)];
}
