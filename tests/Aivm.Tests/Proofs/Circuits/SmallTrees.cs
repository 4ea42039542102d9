using Aivm.Inference;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>
/// Two features; tree 0 of depth 2: x0 &lt; 0 (missing: true) ? leaf 1 : (x1 &lt; 10 (missing: false) ? leaf 2 : leaf 3). Tree 1 of depth 1: x1 &lt; 5 ? leaf 4 : leaf 5,
/// and tree 2 is a leaf.
/// </summary>
internal static class SmallTrees
{
    public static Model Model(long leaf)
    {
        TreeSplit[] splits = [new(0, 0, true), new(1, 1, false), new(1, 0, true)];
        return SmallCircuits.Model(
            new GraphInput("x", [2], new InputFormat.Fixed(0, AllowsMissing: true)),
            new RankNode { Source = 0, Counts = [1, 2], Thresholds = Constant.S64([3], [0, 5, 10]) },
            new TreeEnsembleNode
            {
                Source = 1,
                Targets = 1,
                Trees = [new TreeShape(5, 0, 1), new TreeShape(3, 0, 1), new TreeShape(1, 0, 1)],
                Splits = Constant.S32([9], [splits[0].Pack(), -1, splits[1].Pack(), -1, -1, splits[2].Pack(), -1, -1, -1]),
                Leaves = Constant.S64([6], [leaf, -leaf, leaf / 2, 17, leaf / 3, -leaf / 5]),
                Base = Constant.S64([1], [3]),
            });
    }
}
