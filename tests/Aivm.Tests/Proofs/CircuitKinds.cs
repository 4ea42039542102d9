using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>Small circuits beside those of <see cref="SmallProof"/>: they argue nothing new, but fix how operators become cells, and their proofs are frozen too.</summary>
internal static class CircuitKinds
{
    private static readonly Dictionary<string, (Graph Graph, ProofPrivacy Privacy)> Kinds = new()
    {
        ["linear"] = (Linear(), ProofPrivacy.Weights | ProofPrivacy.Inputs),
        ["trees"] = (SmallTrees.Model(leaf: 1000).Graph, ProofPrivacy.Inputs),
        ["private-trees"] = (SmallTrees.Model(leaf: 1000).Graph, ProofPrivacy.Weights | ProofPrivacy.Inputs),
        ["rows"] = (Rows(), ProofPrivacy.None),
        ["softmax"] = (Softmax(), ProofPrivacy.None),
    };

    public static IEnumerable<string> Names => Kinds.Keys;

    public static SmallProof Make(string kind, ProofParameters parameters) =>
        Kinds.TryGetValue(kind, out var circuit) ? SmallProof.ProveRun(circuit.Graph, circuit.Privacy, parameters) : SmallProof.Make(kind, parameters);

    /// <summary>Features times weights of 64 bits, clamped, and summed up with others.</summary>
    internal static Graph Linear() => SmallCircuits.Model(
        new GraphInput("x", [2], new InputFormat.Fixed(3)),
        new QuantiseNode { Source = 0, Output = ElementType.S64, Multipliers = Constant.S64([2], [12_345, -678_901]), Offsets = Constant.S64([2], [1L << 33, -7]), Shift = 8 },
        new ClampNode { Source = 1, Low = -(1L << 30), High = 1L << 30 },
        new WideDenseNode { Source = 2, Weights = Constant.S64([2, 2], [1, -2, 1L << 20, 12_345]), Bias = Constant.S64([2], [1L << 40, 3]) }).Graph;

    /// <summary>Rows that are taken by index, and normalised.</summary>
    private static Graph Rows() => SmallCircuits.OverCommitted(
        [2, 4],
        new GatherNode { Source = 2, Axis = 0, Indices = Constant.S32([3], [1, 0, 1]) },
        new LayerNormNode { Source = 3, Centred = true, Fraction = 12, Epsilon = 45_035_995_136, OutputExponent = 12 }).Graph;

    private static Graph Softmax() => SmallCircuits.OverCommitted(
        [2, 4],
        new SoftmaxNode { Source = 2, Shift = 2, Entries = Constant.S32([5], [1 << 30, 1 << 28, 12_345_678, 999, 0]), OutputExponent = 14 }).Graph;
}
