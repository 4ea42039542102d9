using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Circuits of small models whose weights are private.</summary>
internal static class PrivateCircuits
{
    private static readonly Dictionary<string, Model> Models = new()
    {
        ["layers"] = SmallNetwork.Model,
        ["kept sums"] = SmallCircuits.OverCommitted(
            [2, 20], Dense(2, 20, largest: 127, Requantise.Raw([0, 2, 1])), new RescaleNode { Source = 3, Factor = -5, Requantise = Requantise.To(ElementType.S16, 9) }),
        ["many small weights"] = SmallCircuits.OverCommitted(
            [1, 600], new RescaleNode { Source = 2, Factor = 250, Requantise = Requantise.To(ElementType.S16, 0) }, Dense(3, 600, largest: 9, Requantise.To(ElementType.S16, 11))),
        ["linear model"] = OperatorCircuits.Load(CircuitKinds.Linear()),
        ["trees"] = SmallTrees.Model(leaf: 1000),
        ["trees, in limbs"] = SmallTrees.Model(leaf: 1L << 58),
        ["embedding"] = SmallCircuits.Model(
            new GraphInput("i", [4], new InputFormat.Index(9)),
            new EmbeddingNode { Source = 0, Table = Constant.S16([9, 3], [.. Enumerable.Range(0, 27).Select(i => (short)(i * 997 % 20_000))]) }),
    };

    public static IEnumerable<string> Kinds => Models.Keys;

    /// <param name="weights">The oracle's cells.</param>
    public static Witness Fill(string kind, int seed, out int[] weights)
    {
        var (model, random) = (Models[kind], new Random(seed));
        Assert.True(Circuit.TryBuild(PrivateRun.ArchitectureOf(model.Graph, out var analysis), analysis, samples: 1, ProofPrivacy.Weights, out var circuit, out var error), error?.ToString());
        weights = WeightsOf(model, circuit, seed)!;
        return VectorCircuits.Fill(model, circuit, [.. Enumerable.Range(0, model.InputCount).Select(_ => (long)random.Next(9))]);
    }

    /// <summary>As the worst owner might commit to them: behind the last edge of trees, and where no leaf is, any that their ranges admit. Null where weights are public.</summary>
    public static int[]? WeightsOf(Model model, Circuit circuit, int seed)
    {
        var (weights, random) = (circuit.Weights?.Reveal(model.Graph), new Random(seed));
        foreach (var gadget in circuit.Gadgets.OfType<TreeGadget>())
            if (gadget.Steps[0].Edges.TableOf(0) is HiddenLeafTable leaves)
                FillUp(weights!, gadget, leaves, random);
        return weights;
    }

    private static void FillUp(int[] weights, TreeGadget gadget, HiddenLeafTable leaves, Random random)
    {
        var (codes, paths) = (leaves.Hidden[0].Place.Base, gadget.Paths);
        for (var cell = 2 * paths.SplitCount; cell < leaves.Rows; cell += 2)
            (weights[codes + cell], weights[codes + cell + 1]) = paths.CodesOf(random.Next(paths.TestCount), random.Next(paths.MaxGap));
        var cut = gadget.Leaves[0].Cut;
        foreach (var (k, column) in leaves.Hidden[1..].Index())
            for (var cell = 0; cell < leaves.Rows; cell++)
                if (leaves.Entry(cell, 0) == HiddenTrees.NoParent)
                    weights[column.Place.Base + cell] = (int)random.NextInt64(cut.IntervalOf(k % cut.Count).Low, cut.IntervalOf(k % cut.Count).High + 1);
    }

    private static DenseNode Dense(int source, int inputs, int largest, Requantise requantise) => new()
    {
        Source = source,
        Weights = Constant.S8([3, inputs], [.. Enumerable.Range(0, 3 * inputs).Select(i => (sbyte)((i * 37 % ((2 * largest) + 1)) - largest))]),
        Bias = Constant.S32([3], [1001, -2002, 0]),
        Requantise = requantise,
    };
}
