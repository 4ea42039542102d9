using Aivm.Compiler.Classical;
using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Classical models of ai.onnx.ml. Scores and labels follow ONNX Runtime where the standard leaves them open.</summary>
internal static class ClassicalOperators
{
    public static FloatNode Scaler(OperatorCall call)
    {
        var source = call.Input(0);
        var features = Features(call, source);
        var offsets = Parameters(call, "offset", features, 0);
        var factors = Parameters(call, "scale", features, 1);
        double[] shift = [.. factors.Select((factor, i) => -offsets[i] * factor)];
        return new FloatAffine(call.Name, call.Operation, source, source.Shape.Length - 1, factors, shift);
    }

    public static FloatNode LinearRegressor(OperatorCall call)
    {
        if (Transform(call) != "NONE")
            throw call.Unsupported($"its post_transform is {Transform(call)}");
        return LinearScores(call, (int)Math.Clamp(call.Node.Int("targets", 1), 1, int.MaxValue));
    }

    public static IReadOnlyList<FloatNode> LinearClassifier(OperatorCall call)
    {
        var classes = Classes(call, "classlabels_ints");
        var intercepts = call.Node.Floats("intercepts")?.Count ?? 0;
        var rows = intercepts > 0 ? intercepts : classes.Count;
        var scores = LinearScores(call, rows);
        // ONNX Runtime: the second class wins above 0, also where the scores are returned as shares that add up to 1.
        if (rows == 1 && classes.Count == 2)
            return [Label(call, Both(call, scores, 0)), Transform(call) == "NONE" ? Both(call, scores, 1) : Transformed(call, Both(call, scores, 0))];
        return rows == classes.Count && rows > 1
            ? [Label(call, scores), Transformed(call, scores)]
            : throw call.Unsupported($"it has {rows} scores for {classes.Count} classes");
    }

    public static FloatNode TreeEnsembleRegressor(OperatorCall call)
    {
        if (call.Node.Text("aggregate_function", "SUM") is var aggregate and not "SUM")
            throw call.Unsupported($"its aggregate_function is {aggregate}, only SUM is supported");
        var targets = call.Node.Int("n_targets", 1);
        if (targets is < 1 or > ushort.MaxValue)
            throw Refusal.Invalid($"{call.Node} has {targets} targets");
        var trees = Trees(call, "target", (int)targets, (int)targets);
        return Transform(call) switch
        {
            "NONE" => trees,
            "LOGISTIC" => new FloatUnary(call.Name, "Logistic", trees, new UnaryFunction.Sigmoid()),
            var other => throw call.Unsupported($"its post_transform is {other}"),
        };
    }

    public static IReadOnlyList<FloatNode> TreeEnsembleClassifier(OperatorCall call)
    {
        var classes = Classes(call, "classlabels_int64s");
        if (classes.Count < 2)
            throw call.Unsupported($"it has {classes.Count} classes");
        if (classes.Count > 2 || TreeEnsembleReader.DistinctTargets(call, "class") > 1)
        {
            // Two classes with a score each: the larger wins. ONNX Runtime looks at the second alone, and reads base values in a way of its own.
            if (classes.Count == 2 && call.Node.Floats("base_values") is { Count: > 0 })
                throw call.Unsupported("two classes with a score each have base values, which runtimes read differently");
            var scores = Trees(call, "class", classes.Count, classes.Count);
            return [Label(call, scores), Transformed(call, scores)];
        }
        return BinaryTrees(call);
    }

    /// <summary>What the indices of a label output stand for; null when the output is no label.</summary>
    public static IReadOnlyList<string>? ClassesOf(OperatorCall call, int output, IReadOnlyDictionary<string, IReadOnlyList<string>> known) =>
        (call.Operation, output) switch
        {
            ("LinearClassifier", 0) => Classes(call, "classlabels_ints"),
            ("TreeEnsembleClassifier", 0) => Classes(call, "classlabels_int64s"),
            ("Identity" or "Cast" or "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten", 0) => known.GetValueOrDefault(call.Node.Inputs[0]),
            _ => null,
        };

    /// <summary>
    /// Two classes and one score s. ONNX Runtime: when no leaf is negative s is the second class's share, and it wins above 1/2;
    /// otherwise it wins above 0.
    /// </summary>
    private static IReadOnlyList<FloatNode> BinaryTrees(OperatorCall call)
    {
        var weights = call.Node.Floats("class_weights") ?? [];
        var bases = call.Node.Floats("base_values") ?? [];
        var isShare = weights.All(weight => weight >= 0);
        if (bases.Count > 1)
            throw call.Unsupported("it has two base values for one score");
        var trees = Trees(call, "class", ids: 2, targets: 1);
        var shares = Both(call, trees, isShare ? 1 : 0);
        return [Label(call, shares), Transform(call) == "NONE" ? shares : Transformed(call, Both(call, trees, 0))];
    }

    /// <summary>[complement - s, s] from the score s.</summary>
    private static FloatScores Both(OperatorCall call, FloatNode score, double complement) =>
        new(call.Name, "Pair", score, [-1, 1], [complement, 0]);

    private static FloatNode Label(OperatorCall call, FloatNode scores) => new FloatArgMax(call.Name, "Label", scores, 1);

    private static FloatNode Transformed(OperatorCall call, FloatNode scores) => Transform(call) switch
    {
        "NONE" => scores,
        "LOGISTIC" => new FloatUnary(call.Name, "Logistic", scores, new UnaryFunction.Sigmoid()),
        "SOFTMAX" => new FloatSoftmax(call.Name, "Softmax", scores),
        var other => throw call.Unsupported($"its post_transform is {other}"),
    };

    private static FloatTrees Trees(OperatorCall call, string prefix, int ids, int targets) =>
        new(call.Name, call.Operation, Matrix(call), TreeEnsembleReader.Read(call, prefix, Features(call, call.Input(0)), ids, targets));

    private static FloatScores LinearScores(OperatorCall call, int rows)
    {
        var features = Features(call, call.Input(0));
        var coefficients = call.Node.Floats("coefficients") ?? [];
        var intercepts = call.Node.Floats("intercepts") ?? [];
        if (coefficients.Count != (long)rows * features || (intercepts.Count != 0 && intercepts.Count != rows))
            throw Refusal.Invalid($"{call.Node} has {coefficients.Count} coefficients and {intercepts.Count} intercepts for {features} features and {rows} scores");
        double[] weights = [.. coefficients.Select(value => (double)value)];
        double[] bias = intercepts.Count == 0 ? new double[rows] : [.. intercepts.Select(value => (double)value)];
        return new FloatScores(call.Name, call.Operation, Matrix(call), LinearOperators.Finite(call, weights), LinearOperators.Finite(call, bias));
    }

    /// <summary>The input as [1, features].</summary>
    private static FloatNode Matrix(OperatorCall call) => ShapeOperators.Reshaped(call.Input(0), [1, Features(call, call.Input(0))]);

    private static int Features(OperatorCall call, FloatNode source)
    {
        if (source.Shape.Length is 0 or > 2 || (source.Shape.Length == 2 && source.Shape[0] != 1) || source.Count == 0)
            throw call.BadShape($"its input {Shapes.Text(source.Shape)} is not one row of features");
        return source.Shape[^1];
    }

    private static string Transform(OperatorCall call) => call.Node.Text("post_transform", "NONE");

    private static IReadOnlyList<string> Classes(OperatorCall call, string integers) =>
        call.Node.Texts("classlabels_strings") is { Count: > 0 } texts
            ? texts
            : [.. (call.Node.Ints(integers) ?? []).Select(label => label.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    private static double[] Parameters(OperatorCall call, string attribute, int features, double absent)
    {
        var values = call.Node.Floats(attribute) ?? [];
        if (values.Count is not (0 or 1) && values.Count != features)
            throw Refusal.Invalid($"{attribute} of {call.Node} has {values.Count} numbers for {features} features");
        double[] all = [.. Enumerable.Range(0, features).Select(i => values.Count == 0 ? absent : (double)values[values.Count == 1 ? 0 : i])];
        return LinearOperators.Finite(call, all);
    }
}
