using Aivm.Compiler.Classical;
using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>Tree ensembles of ai.onnx.ml. Scores and labels follow ONNX Runtime where the standard leaves them open.</summary>
internal static class TreeOperators
{
    private static readonly string[] Aggregates = ["AVERAGE", "SUM", "MIN", "MAX"];
    private static readonly string[] Transforms = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

    public static FloatNode Regressor(OperatorCall call)
    {
        var targets = Targets(call, call.Node.Int("n_targets", 1));
        var trees = TreeEnsembleReader.Read(call, "target", ClassicalOperators.Features(call), targets, targets);
        var bases = TreeEnsembleReader.BaseValues(call);
        return Regression(call, trees, targets, bases, call.Node.Text("aggregate_function", "SUM"), ClassicalOperators.Transform(call));
    }

    /// <summary>TreeEnsemble of operator set 5.</summary>
    public static FloatNode Ensemble(OperatorCall call)
    {
        var targets = Targets(call, call.Node.Int("n_targets", 1));
        var trees = TreeTensorReader.Read(call, ClassicalOperators.Features(call), targets);
        return Regression(
            call, trees, targets, [], Named(call, "aggregate_function", 1, Aggregates), Named(call, "post_transform", 0, Transforms));
    }

    public static IReadOnlyList<FloatNode> Classifier(OperatorCall call)
    {
        var classes = ClassicalOperators.Classes(call, "classlabels_int64s").Count;
        var named = TreeEnsembleReader.DistinctTargets(call, "class");
        if (classes < 2)
            throw call.Unsupported($"it has {classes} classes");
        if (named.Count == 0)
            throw Refusal.Invalid($"no leaf of {call.Node} has a value");
        if (classes > 2)
            return SeveralClasses(call, classes);
        if (named.Count > 1)
            return TwoScores(call);
        return named[0] == 0 ? OneScore(call) : SecondScore(call);
    }

    private static IReadOnlyList<FloatNode> SeveralClasses(OperatorCall call, int classes)
    {
        var trees = Read(call, ids: classes, targets: classes);
        var bases = TreeEnsembleReader.BaseValues(call);
        // ONNX Runtime compares only the classes that some leaf on the way has named, or that have a base value.
        if (bases.Length == 0 && TreeEnsembleReader.Weights(call, "class").Any(weight => weight < 0) && AlwaysNamed(trees).Count < classes)
            throw call.Unsupported("a class gets no value in some leaves while others get negative ones, and runtimes then compare differently");
        var scores = Sum(call, trees, classes, bases);
        return [ClassicalOperators.Label(call, scores), ClassicalOperators.Transformed(call, scores)];
    }

    /// <summary>Two classes with a score each. ONNX Runtime: the second wins when its score is above 0, whatever the first's.</summary>
    private static IReadOnlyList<FloatNode> TwoScores(OperatorCall call)
    {
        var trees = Read(call, ids: 2, targets: 2);
        if (TreeEnsembleReader.BaseValues(call).Length > 0)
            throw call.Unsupported("two classes with a score each have base values, which runtimes read differently");
        if (!AlwaysNamed(trees).Contains(1))
            throw call.Unsupported("its second class gets no value in some leaves, and runtimes then compare differently");
        var scores = Sum(call, trees, 2, []);
        var second = new FloatScores(call.Name, "Pair", scores, [0, -1, 0, 1], [0, 0]);
        return [ClassicalOperators.Label(call, second), ClassicalOperators.Transformed(call, scores)];
    }

    /// <summary>
    /// Two classes and one score s, named after the first. ONNX Runtime: when no leaf is negative s is the second class's share, and
    /// it wins above 1/2; otherwise it wins above 0.
    /// </summary>
    private static IReadOnlyList<FloatNode> OneScore(OperatorCall call)
    {
        var bases = TreeEnsembleReader.BaseValues(call);
        if (bases.Length > 1)
            throw call.Unsupported("it has two base values for one score");
        var score = Sum(call, Read(call, ids: 2, targets: 1), 1, bases);
        var shares = ClassicalOperators.Both(call, score, IsShare(call) ? 1 : 0);
        return [ClassicalOperators.Label(call, shares), ClassicalOperators.TransformedPair(call, score, shares)];
    }

    /// <summary>Two classes and one score s, named after the second. ONNX Runtime: the label as above, and the scores 0 and s.</summary>
    private static IReadOnlyList<FloatNode> SecondScore(OperatorCall call)
    {
        if (TreeEnsembleReader.BaseValues(call).Length > 0)
            throw call.Unsupported("it has base values, and leaves for the second class alone, which runtimes read differently");
        var score = Sum(call, Read(call, ids: 2, targets: 1), 1, []);
        var scores = new FloatScores(call.Name, "Pair", score, [0, 1], [0, 0]);
        return [ClassicalOperators.Label(call, ClassicalOperators.Both(call, score, IsShare(call) ? 1 : 0)), ClassicalOperators.Transformed(call, scores)];
    }

    private static FloatNode Regression(
        OperatorCall call, IReadOnlyList<Tree> trees, int targets, double[] bases, string aggregate, string transform)
    {
        if (targets == 1 && transform != "NONE")
            throw call.Unsupported($"its post_transform {transform} of a single target, which ONNX Runtime leaves out, against the standard; put the function behind it");
        var scores = aggregate switch
        {
            "SUM" => Sum(call, trees, targets, bases),
            "AVERAGE" => Average(call, trees, targets, bases),
            _ => throw call.Unsupported($"its aggregate_function is {aggregate}, only SUM and AVERAGE are supported"),
        };
        return ClassicalOperators.Transformed(call, scores, transform);
    }

    private static FloatNode Average(OperatorCall call, IReadOnlyList<Tree> trees, int targets, double[] bases)
    {
        double[] scale = [.. Enumerable.Repeat(1.0 / trees.Count, targets)];
        return new FloatAffine(call.Name, "Average", Sum(call, trees, targets, []), 1, scale, Bases(call, targets, bases));
    }

    private static FloatTrees Sum(OperatorCall call, IReadOnlyList<Tree> trees, int targets, double[] bases)
    {
        var source = call.Input(0);
        var paths = new FeaturePath?[ClassicalOperators.Features(call)];
        foreach (var split in trees.SelectMany(tree => tree.Splits))
            paths[split.Feature] ??= FeaturePath.Trace(call, source, split.Feature);
        var input = paths.FirstOrDefault(path => path is not null)?.Input ?? FeaturePath.Trace(call, source, 0).Input;
        if (paths.Any(path => path is not null && path.Input != input))
            throw call.Unsupported("its features come from several inputs of the model");
        return new FloatTrees(call.Name, call.Operation, input, new TreeEnsemble(paths, targets, Bases(call, targets, bases), trees));
    }

    private static IReadOnlyList<Tree> Read(OperatorCall call, int ids, int targets) =>
        TreeEnsembleReader.Read(call, "class", ClassicalOperators.Features(call), ids, targets);

    private static double[] Bases(OperatorCall call, int targets, double[] bases) =>
        bases.Length == 0 ? new double[targets]
        : bases.Length == targets ? bases
        : throw Refusal.Invalid($"{call.Node} has {bases.Length} base values for {targets} scores");

    private static bool IsShare(OperatorCall call) => TreeEnsembleReader.Weights(call, "class").All(weight => weight >= 0);

    /// <summary>The targets that get a value on every path: some tree names them in all of its leaves.</summary>
    private static HashSet<int> AlwaysNamed(IReadOnlyList<Tree> trees)
    {
        var named = new HashSet<int>();
        foreach (var tree in trees)
        {
            var leaves = tree.Leaves.Count();
            var counts = tree.Leaves.SelectMany(leaf => leaf.Values).GroupBy(value => value.Target);
            named.UnionWith(counts.Where(group => group.Count() == leaves).Select(group => group.Key));
        }
        return named;
    }

    private static int Targets(OperatorCall call, long targets) =>
        targets is >= 1 and <= ushort.MaxValue ? (int)targets : throw Refusal.Invalid($"{call.Node} has {targets} targets");

    private static string Named(OperatorCall call, string attribute, long absent, string[] names)
    {
        var value = call.Node.Int(attribute, absent);
        return value >= 0 && value < names.Length ? names[value] : throw Refusal.Invalid($"{attribute} of {call.Node} is {value}");
    }
}
