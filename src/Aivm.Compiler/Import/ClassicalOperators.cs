using System.Globalization;
using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>What the models of ai.onnx.ml share: rows of features, names of classes, labels and transformed scores.</summary>
internal static class ClassicalOperators
{
    public static FloatNode LinearRegressor(OperatorCall call)
    {
        var targets = call.Node.Int("targets", 1);
        if (targets is < 1 or > ushort.MaxValue)
            throw Refusal.Invalid($"{call.Node} has {targets} targets");
        if (targets == 1 && Transform(call) != "NONE")
            throw call.Unsupported($"its post_transform {Transform(call)} of a single target, which ONNX Runtime leaves out, against the standard; put the function behind it");
        return Transformed(call, LinearScores(call, (int)targets));
    }

    public static IReadOnlyList<FloatNode> LinearClassifier(OperatorCall call)
    {
        var classes = Classes(call, "classlabels_ints");
        var intercepts = call.Node.Floats("intercepts")?.Count ?? 0;
        var rows = intercepts > 0 ? intercepts : classes.Count;
        var scores = LinearScores(call, rows);
        // ONNX Runtime: the second class wins above 0, also where the scores are returned as shares that add up to 1.
        if (rows == 1 && classes.Count == 2)
            return [Label(call, Both(call, scores, 0)), TransformedPair(call, scores, Both(call, scores, 1))];
        return rows == classes.Count && rows > 1
            ? [Label(call, scores), Transformed(call, scores)]
            : throw call.Unsupported($"it has {rows} scores for {classes.Count} classes");
    }

    /// <summary>[complement - s, s] from the score s.</summary>
    public static FloatScores Both(OperatorCall call, FloatNode score, double complement) =>
        new(call.Name, "Pair", score, [-1, 1], [complement, 0]);

    public static FloatNode Label(OperatorCall call, FloatNode scores) => new FloatArgMax(call.Name, "Label", scores, 1);

    public static FloatNode Transformed(OperatorCall call, FloatNode scores) => Transformed(call, scores, Transform(call));

    public static FloatNode Transformed(OperatorCall call, FloatNode scores, string transform) => transform switch
    {
        "NONE" => scores,
        "LOGISTIC" => new FloatUnary(call.Name, "Logistic", scores, new UnaryFunction.Sigmoid()),
        "SOFTMAX" => new FloatSoftmax(call.Name, "Softmax", scores),
        var other => throw call.Unsupported($"its post_transform is {other}"),
    };

    /// <summary>The two scores that ONNX Runtime makes of one: a softmax of one score is left out.</summary>
    public static FloatNode TransformedPair(OperatorCall call, FloatNode score, FloatNode pair) => Transform(call) switch
    {
        "NONE" or "SOFTMAX" => pair,
        _ => Transformed(call, Both(call, score, 0)),
    };

    public static string Transform(OperatorCall call) => call.Node.Text("post_transform", "NONE");

    /// <summary>The input as [1, features].</summary>
    public static FloatNode Matrix(OperatorCall call) => ShapeOperators.Reshaped(call.Input(0), [1, Features(call)]);

    /// <summary>How many features the one row has that the operator reads.</summary>
    public static int Features(OperatorCall call)
    {
        var shape = call.Input(0).Shape;
        if (shape.Length is 0 or > 2 || (shape.Length == 2 && shape[0] != 1) || shape[^1] == 0)
            throw call.BadShape($"its input {Shapes.Text(shape)} is not one row of features");
        return shape[^1];
    }

    /// <summary>Names of the classes; numbers are written as text.</summary>
    public static IReadOnlyList<string> Classes(OperatorCall call, string integers) =>
        call.Node.Texts("classlabels_strings") is { Count: > 0 } texts
            ? texts
            : [.. (call.Node.Ints(integers) ?? []).Select(label => label.ToString(CultureInfo.InvariantCulture))];

    /// <summary>What the indices of a label output stand for; null when the output is no label.</summary>
    public static IReadOnlyList<string>? ClassesOf(OperatorCall call, int output, IReadOnlyDictionary<string, IReadOnlyList<string>> known) =>
        (call.Operation, output) switch
        {
            ("LinearClassifier", 0) => Classes(call, "classlabels_ints"),
            ("TreeEnsembleClassifier", 0) => Classes(call, "classlabels_int64s"),
            ("Identity" or "Cast" or "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten", 0) => known.GetValueOrDefault(call.Node.Inputs[0]),
            _ => null,
        };

    private static FloatScores LinearScores(OperatorCall call, int rows)
    {
        var features = Features(call);
        var coefficients = call.Node.Floats("coefficients") ?? [];
        var intercepts = call.Node.Floats("intercepts") ?? [];
        if (coefficients.Count != (long)rows * features || (intercepts.Count != 0 && intercepts.Count != rows))
            throw Refusal.Invalid($"{call.Node} has {coefficients.Count} coefficients and {intercepts.Count} intercepts for {features} features and {rows} scores");
        double[] weights = [.. coefficients.Select(value => (double)value)];
        double[] bias = intercepts.Count == 0 ? new double[rows] : [.. intercepts.Select(value => (double)value)];
        return new FloatScores(call.Name, call.Operation, Matrix(call), LinearOperators.Finite(call, weights), LinearOperators.Finite(call, bias));
    }
}
