using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Normalisations over other axes than the last: rows are brought together, normalised, and brought back.</summary>
internal static class NormalisationOperators
{
    public static FloatNode Instance(OperatorCall call)
    {
        var source = RequireChannels(call);
        return Scaled(call, Normalised(call, source, [source.Shape[0], source.Shape[1], Shapes.Count(source.Shape.AsSpan(2))], AttentionOperators.Epsilon(call)), call.Input(0).Shape[1]);
    }

    /// <summary>Scale and bias are one number per channel, or before operator set 21 one per group.</summary>
    public static FloatNode Group(OperatorCall call)
    {
        var source = RequireChannels(call);
        var groups = call.Node.Int("num_groups", 0);
        if (groups < 1 || source.Shape[1] % groups != 0)
            throw Refusal.Invalid($"{call.Node} has {groups} groups of {source.Shape[1]} channels");
        var normalised = Normalised(call, source, [source.Shape[0], (int)groups, source.Count / source.Shape[0] / (int)groups], AttentionOperators.Epsilon(call));
        return Scaled(call, normalised, call.Opset < 21 ? (int)groups : source.Shape[1]);
    }

    public static FloatNode MeanVariance(OperatorCall call)
    {
        var source = call.Input(0);
        var rank = source.Shape.Length;
        int[] axes = [.. (call.Node.Ints("axes") ?? [0, 2, 3]).Select(axis => call.Axis(axis, rank)).Distinct().Order()];
        if (source.Count == 0 || axes.Length == 0)
            throw call.BadShape("nothing is normalised");
        int[] order = [.. Enumerable.Range(0, rank).Except(axes), .. axes];
        var moved = ShapeOperators.Moved(call, source, order);
        var extent = axes.Aggregate(1, (count, axis) => count * source.Shape[axis]);
        var normalised = Normalised(call, moved, [source.Count / extent, extent], epsilon: 1e-9);
        return ShapeOperators.Moved(call, normalised, [.. Enumerable.Range(0, rank).Select(axis => Array.IndexOf(order, axis))]);
    }

    /// <summary>x / (sum of |x|^p)^(1/p) along an axis, p = 1 or 2.</summary>
    public static FloatNode Lp(OperatorCall call)
    {
        var source = call.Input(0);
        var axis = call.Axis(call.Node.Int("axis", -1), source.Shape.Length);
        var p = call.Node.Int("p", 2);
        if (p is not (1 or 2) || source.Count == 0)
            throw call.Unsupported($"its norm is of order {p}; 1 and 2 are supported");
        int[] order = [.. Enumerable.Range(0, source.Shape.Length).Where(other => other != axis), axis];
        var rows = ShapeOperators.Moved(call, source, order);
        var powers = new FloatUnary(call.Name, "Norm", rows, p == 1 ? new UnaryFunction.Abs() : new UnaryFunction.Power(2));
        var sums = new FloatReduce(call.Name, "Sum", powers, Reduction.Sum);
        var inverse = new FloatUnary(call.Name, "Inverse", sums, new UnaryFunction.Elementary(p == 1 ? x => 1 / x : x => 1 / Math.Sqrt(x)));
        var result = ElementwiseOperators.Product(call, rows, ShapeOperators.Reshaped(inverse, [.. inverse.Shape, 1]));
        return ShapeOperators.Moved(call, result, [.. Enumerable.Range(0, order.Length).Select(place => Array.IndexOf(order, place))]);
    }

    private static FloatNode RequireChannels(OperatorCall call)
    {
        var source = call.Input(0);
        return source.Shape.Length >= 3 && source.Count > 0 ? source : throw call.BadShape($"its input {Shapes.Text(source.Shape)} has no channels of pictures");
    }

    /// <summary>Normalised along the last axis of another shape.</summary>
    private static FloatNode Normalised(OperatorCall call, FloatNode source, int[] rows, double epsilon) =>
        ShapeOperators.Reshaped(new FloatLayerNorm(call.Name, call.Operation, ShapeOperators.Reshaped(source, rows), centred: true, epsilon), source.Shape);

    /// <param name="count">How many scales and biases there are: of the channels, or of the groups that they fall into.</param>
    private static FloatNode Scaled(OperatorCall call, FloatNode normalised, int count)
    {
        var channels = normalised.Shape[1];
        double[] PerChannel(int input, string role)
        {
            var values = LinearOperators.Finite(call, call.Constant(input, role).Values);
            return values.Length == count
                ? [.. Enumerable.Range(0, channels).Select(channel => values[channel / (channels / count)])]
                : throw Refusal.Invalid($"the {role} of {call.Node} has {values.Length} numbers, {count} are wanted");
        }
        return new FloatAffine(call.Name, "Scale", normalised, 1, PerChannel(1, "scale"), PerChannel(2, "bias"));
    }
}
