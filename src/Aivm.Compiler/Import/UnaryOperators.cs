using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Functions of one number that become tables.</summary>
internal static class UnaryOperators
{
    private const double SeluAlpha = 1.67326319217681884765625;
    private const double SeluGamma = 1.05070102214813232421875;

    public static FloatNode Curve(OperatorCall call, Func<double, double> function) =>
        ElementwiseOperators.Unary(call, new UnaryFunction.Elementary(function));

    public static FloatNode Celu(OperatorCall call)
    {
        var alpha = call.Float("alpha", 1);
        return Curve(call, x => Math.Max(0, x) + Math.Min(0, alpha * (ExactMath.Exp(x / alpha) - 1)));
    }

    public static FloatNode Selu(OperatorCall call)
    {
        var (alpha, gamma) = (call.Float("alpha", SeluAlpha), call.Float("gamma", SeluGamma));
        return Curve(call, x => x > 0 ? gamma * x : gamma * (alpha * ExactMath.Exp(x) - alpha));
    }

    public static FloatNode ThresholdedRelu(OperatorCall call)
    {
        var alpha = call.Float("alpha", 1);
        return Curve(call, x => x > alpha ? x : 0);
    }

    public static FloatNode Shrink(OperatorCall call)
    {
        var (threshold, bias) = (call.Float("lambd", 0.5f), call.Float("bias", 0));
        return Curve(call, x => x < -threshold ? x + bias : x > threshold ? x - bias : 0);
    }

    public static FloatNode Swish(OperatorCall call)
    {
        var alpha = call.Float("alpha", 1);
        return Curve(call, x => x * ExactMath.Sigmoid(alpha * x));
    }

    /// <summary>x^c for a constant c. Whole exponents take products, others a logarithm; a root of 1/2 is exact.</summary>
    public static FloatNode Power(OperatorCall call)
    {
        if (call.Constant(1, "exponent") is not { Count: 1, Values: [var exponent] } tensor)
            throw call.Unsupported("its exponents vary");
        var source = SelectionOperators.Expanded(call, call.Input(0), Shapes.Broadcast(call.Input(0).Shape, tensor.Shape)!);
        UnaryFunction function = exponent switch
        {
            >= 1 and <= 8 when exponent == Math.Floor(exponent) => new UnaryFunction.Power((int)exponent),
            0.5 => new UnaryFunction.Elementary(Math.Sqrt),
            -0.5 => new UnaryFunction.Elementary(x => 1 / Math.Sqrt(x)),
            -1 => new UnaryFunction.Reciprocal(),
            _ when double.IsFinite(exponent) => new UnaryFunction.Elementary(x => ExactMath.Power(x, exponent)),
            _ => throw call.Unsupported("its exponent is no number"),
        };
        return new FloatUnary(call.Name, call.Operation, source, function);
    }

    /// <summary>Slopes that vary: max(x, 0) + slope * min(x, 0).</summary>
    public static FloatNode ParametricRelu(OperatorCall call)
    {
        var slope = call.Constant(1, "slope");
        if (slope.Count == 1)
            return ElementwiseOperators.Unary(call, new UnaryFunction.LeakyRelu(slope.Values[0]));
        LinearOperators.Finite(call, slope.Values);
        var positive = ElementwiseOperators.Unary(call, UnaryFunction.Clamp.Relu);
        var negative = ElementwiseOperators.Unary(call, new UnaryFunction.Clamp(double.NegativeInfinity, 0));
        return ElementwiseOperators.Sum(call, positive, ElementwiseOperators.Affine(call, negative, slope, value => (value, 0)), 1);
    }

    /// <summary>Half goes to the even neighbour.</summary>
    public static double Round(double x) => Math.Round(x, MidpointRounding.ToEven);

    public static double Sign(double x) => x > 0 ? 1 : x < 0 ? -1 : 0;
}
