using System.Globalization;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Random tree ensembles in the forms that exporters write.</summary>
internal sealed class TreeFile(Random random)
{
    public const int Features = 4;

    /// <summary>Values that features and thresholds share, so that many comparisons are ties or one unit apart.</summary>
    public static readonly string[] Grid = ["-3.5", "-0.1", "0", "0.1", "0.3", "0.300000012", "0.300000042", "0.299999982", "1", "1.00000012", "16777216", "1e-9", "-1e-9", "0.333333343"];

    private static readonly string[] TensorModes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"];

    /// <summary>The numbers of the ONNX values' type: float32, or float64 where values are tensors.</summary>
    public bool IsDouble { get; init; }

    public int Trees { get; init; } = 6;

    public int Depth { get; init; } = 3;

    /// <summary>One mode for all splits, or any for each.</summary>
    public string? Mode { get; init; } = "BRANCH_LEQ";

    /// <summary>Scores that leaves add to.</summary>
    public int[] Ids { get; init; } = [0];

    /// <summary>Whether each tree adds to one score only, in turns, as boosted trees of several classes do.</summary>
    public bool OneIdPerTree { get; init; }

    public bool HasPositiveLeaves { get; init; }

    public double[]? BaseValues { get; init; }

    public string Transform { get; init; } = "NONE";

    /// <summary>Thresholds that splits are drawn from.</summary>
    public double[] Thresholds { get; init; } = [.. Grid.Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

    private readonly record struct Node(int Tree, int Number, bool IsLeaf, int Feature, double Threshold, string Mode, long Missing, int True, int False);

    private readonly record struct Leaf(int Tree, int Node, int Id, double Weight);

    /// <summary>TreeEnsembleClassifier with outputs <c>label</c> and <c>scores</c>.</summary>
    /// <param name="labels">Names of the classes, as texts or as integers.</param>
    public OnnxFile Classifier(OnnxFile file, string input, string[] labels, bool areTexts = false) => file
        .Node("ai.onnx.ml", "TreeEnsembleClassifier", [input], ["label", "scores"], [.. Lists("class"), areTexts
            ? Attribute("classlabels_strings", labels)
            : Attribute("classlabels_int64s", [.. labels.Select(label => long.Parse(label, CultureInfo.InvariantCulture))])])
        .Output("label", type: areTexts ? 8 : 7).Output("scores");

    public OnnxFile Regressor(OnnxFile file, string input, string aggregate = "SUM") => file
        .Node("ai.onnx.ml", "TreeEnsembleRegressor", [input], ["scores"], [
            .. Lists("target"), Attribute("n_targets", Ids.Length), Attribute("aggregate_function", aggregate)])
        .Output("scores");

    /// <summary>TreeEnsemble of operator set 5, which has no base values, and one score per leaf.</summary>
    public OnnxFile Ensemble(OnnxFile file, string input, long aggregate = 1)
    {
        var (nodes, leaves) = Draw();
        var splits = nodes.Where(node => !node.IsLeaf).ToList();
        int Place(int tree, int number, out long isLeaf)
        {
            var leaf = leaves.FindIndex(item => item.Tree == tree && item.Node == number);
            isLeaf = leaf >= 0 ? 1 : 0;
            return leaf >= 0 ? leaf : splits.FindIndex(item => item.Tree == tree && item.Number == number);
        }
        (long Node, long IsLeaf)[] whenTrue = [.. splits.Select(node => ((long)Place(node.Tree, node.True, out var isLeaf), isLeaf))];
        (long Node, long IsLeaf)[] whenFalse = [.. splits.Select(node => ((long)Place(node.Tree, node.False, out var isLeaf), isLeaf))];
        return file.Node("ai.onnx.ml", "TreeEnsemble", [input], ["scores"],
            Attribute("tree_roots", [.. Enumerable.Range(0, Trees).Select(tree => (long)splits.FindIndex(node => node.Tree == tree))]),
            Attribute("n_targets", Ids.Length), Attribute("aggregate_function", aggregate), Attribute("post_transform", 0L),
            Attribute("nodes_featureids", [.. splits.Select(node => (long)node.Feature)]),
            TensorAttribute("nodes_modes", Bytes("modes", [.. splits.Select(node => (byte)Array.IndexOf(TensorModes, node.Mode))])),
            TensorAttribute("nodes_splits", Numbers("splits", [.. splits.Select(node => node.Threshold)])),
            Attribute("nodes_missing_value_tracks_true", [.. splits.Select(node => node.Missing)]),
            Attribute("nodes_truenodeids", [.. whenTrue.Select(child => child.Node)]), Attribute("nodes_trueleafs", [.. whenTrue.Select(child => child.IsLeaf)]),
            Attribute("nodes_falsenodeids", [.. whenFalse.Select(child => child.Node)]), Attribute("nodes_falseleafs", [.. whenFalse.Select(child => child.IsLeaf)]),
            Attribute("leaf_targetids", [.. leaves.Select(leaf => (long)leaf.Id)]), TensorAttribute("leaf_weights", Numbers("weights", [.. leaves.Select(leaf => leaf.Weight)])))
            .Output("scores", IsDouble ? 11 : 1);
    }

    private List<byte[]> Lists(string prefix)
    {
        var (nodes, leaves) = Draw();
        List<byte[]> attributes =
        [
            Attribute("nodes_treeids", [.. nodes.Select(node => (long)node.Tree)]), Attribute("nodes_nodeids", [.. nodes.Select(node => (long)node.Number)]),
            Attribute("nodes_featureids", [.. nodes.Select(node => (long)node.Feature)]), Attribute("nodes_modes", [.. nodes.Select(node => node.IsLeaf ? "LEAF" : node.Mode)]),
            Attribute("nodes_truenodeids", [.. nodes.Select(node => (long)node.True)]), Attribute("nodes_falsenodeids", [.. nodes.Select(node => (long)node.False)]),
            Attribute("nodes_missing_value_tracks_true", [.. nodes.Select(node => node.Missing)]), List("nodes_values", [.. nodes.Select(node => node.Threshold)]),
            Attribute($"{prefix}_treeids", [.. leaves.Select(leaf => (long)leaf.Tree)]), Attribute($"{prefix}_nodeids", [.. leaves.Select(leaf => (long)leaf.Node)]),
            Attribute($"{prefix}_ids", [.. leaves.Select(leaf => (long)leaf.Id)]), List($"{prefix}_weights", [.. leaves.Select(leaf => leaf.Weight)]),
            Attribute("post_transform", Transform),
        ];
        if (BaseValues is not null)
            attributes.Add(List("base_values", BaseValues));
        return attributes;
    }

    private byte[] List(string name, double[] values) => IsDouble
        ? TensorAttribute(name + "_as_tensor", Doubles(name, values))
        : Attribute(name, [.. values.Select(value => (float)value)]);

    private byte[] Numbers(string name, double[] values) => IsDouble
        ? Doubles(name, values)
        : Tensor(name, [values.Length], [.. values.Select(value => (float)value)]);

    private (List<Node> Nodes, List<Leaf> Leaves) Draw()
    {
        var nodes = new List<Node>();
        var leaves = new List<Leaf>();
        for (var tree = 0; tree < Trees; tree++)
        {
            var next = 1;
            var open = new Queue<(int Node, int Depth)>([(0, 0)]);
            while (open.TryDequeue(out var at))
            {
                var missing = random.Next(2);
                if (at.Depth == Depth || (at.Depth > 0 && random.Next(4) == 0))
                {
                    nodes.Add(new Node(tree, at.Node, true, 0, 0, "LEAF", missing, 0, 0));
                    foreach (var id in OneIdPerTree ? [Ids[tree % Ids.Length]] : Ids)
                        leaves.Add(new Leaf(tree, at.Node, id, HasPositiveLeaves ? random.NextDouble() / Trees : random.NextDouble() - 0.5));
                    continue;
                }
                nodes.Add(new Node(
                    tree, at.Node, false, random.Next(Features), Thresholds[random.Next(Thresholds.Length)], Mode ?? TensorModes[random.Next(4)], missing, next, next + 1));
                open.Enqueue((next++, at.Depth + 1));
                open.Enqueue((next++, at.Depth + 1));
            }
        }
        return (nodes, leaves);
    }
}
