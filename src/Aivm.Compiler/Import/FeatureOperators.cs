using Aivm.Compiler.Classical;
using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>What prepares features in ai.onnx.ml: scalers, imputers, binarisers, normalisers.</summary>
internal static class FeatureOperators
{
    public static FloatNode Scaler(OperatorCall call)
    {
        var source = call.Input(0);
        var features = ClassicalOperators.Features(call);
        var offsets = Parameters(call, "offset", features, 0);
        var factors = Parameters(call, "scale", features, 1);
        double[] shift = [.. factors.Select((factor, i) => -offsets[i] * factor)];
        return new FloatAffine(call.Name, call.Operation, source, source.Shape.Length - 1, factors, shift)
        {
            Step = i => new FeatureStep.Scale(offsets[i], factors[i]),
        };
    }

    /// <summary>Replaces missing values. Numbers cannot be replaced: that would not keep their order.</summary>
    public static FloatNode Imputer(OperatorCall call)
    {
        if (call.Node.Has("imputed_value_int64s"))
            throw call.Unsupported("it replaces integers, and only missing values can be replaced");
        if (call.Node.Float("replaced_value_float", 0) is var replaced && !double.IsNaN(replaced))
            throw call.Unsupported($"it replaces the number {replaced}, and only missing values (NaN) can be replaced");
        if (call.Node.Floats("imputed_value_floats") is not { Count: > 0 })
            throw Refusal.Invalid($"{call.Node} lacks the values that it puts in");
        return new FloatImputer(call.Name, call.Operation, call.Input(0), Parameters(call, "imputed_value_floats", ClassicalOperators.Features(call), 0));
    }

    public static FloatNode Binarizer(OperatorCall call)
    {
        var threshold = LinearOperators.Finite(call, [call.Node.Float("threshold", 0)])[0];
        var (source, features) = (call.Input(0), ClassicalOperators.Features(call));
        if (features > TreeSplit.MaxFeatures)
            throw call.Unsupported($"it has {features} features, at most {TreeSplit.MaxFeatures} are supported");
        FeaturePath[] paths = [.. Enumerable.Range(0, features).Select(i => FeaturePath.Trace(call, source, i))];
        if (paths.Any(path => path.Input != paths[0].Input))
            throw call.Unsupported("its features come from several inputs of the model");
        return new FloatBinary(call.Name, call.Operation, source.Shape, paths[0].Input, [.. paths.Select(path => path.Then(new FeatureStep.Binarise(threshold)))]);
    }

    public static FloatNode Normalizer(OperatorCall call)
    {
        ClassicalOperators.Features(call);
        return new FloatNormalise(call.Name, call.Operation, call.Input(0), call.Node.Text("norm", "MAX") switch
        {
            "MAX" => Norm.Max,
            "L1" => Norm.L1,
            "L2" => Norm.L2,
            var other => throw Refusal.Invalid($"the norm of {call.Node} is {other}"),
        });
    }

    /// <summary>A row of features in another precision, which a tree behind it has to know. Anywhere else the cast changes nothing.</summary>
    public static FloatNode Cast(OperatorCall call, OnnxType type)
    {
        var source = call.Input(0);
        var (rank, count) = (source.Shape.Length, source.Count);
        if (Kinds.Of(source) != ElementKind.Real || rank is 0 or > 2 || count != source.Shape[^1] || count == 0)
            return source;
        double[] ones = [.. Enumerable.Repeat(1.0, count)];
        return new FloatAffine(call.Name, FloatAffine.CastOperation, source, rank - 1, ones, new double[count])
        {
            Step = type is OnnxType.Float or OnnxType.Double ? _ => new FeatureStep.Cast(type == OnnxType.Double) : null,
        };
    }

    /// <summary>One number for each feature, or one for all.</summary>
    private static double[] Parameters(OperatorCall call, string attribute, int features, double absent)
    {
        var values = call.Node.Floats(attribute) ?? [];
        if (values.Count is not (0 or 1) && values.Count != features)
            throw Refusal.Invalid($"{attribute} of {call.Node} has {values.Count} numbers for {features} features");
        double[] all = [.. Enumerable.Range(0, features).Select(i => values.Count == 0 ? absent : (double)values[values.Count == 1 ? 0 : i])];
        return LinearOperators.Finite(call, all);
    }
}
