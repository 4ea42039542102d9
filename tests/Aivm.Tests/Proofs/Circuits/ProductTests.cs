using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class ProductTests
{
    /// <summary>[2, 3, K] by [2, K, N], sides committed or public, the right one transposed or not; S8 clamped, S16 by a table, S32 as it is.</summary>
    [Theory]
    [MemberData(nameof(Products))]
    public void A_product_of_matrices_satisfies_its_circuit_and_both_reductions(bool leftIsPublic, bool rightIsPublic, bool transposes, int end, int samples)
    {
        var (inner, columns) = (5, 9);
        Shape right = transposes ? [2, columns, inner] : [2, inner, columns];
        var requantise = end switch
        {
            0 => Requantise.To(ElementType.S8, 6),
            1 => Requantise.To(ElementType.S16, [4], new Activation.Table(-50, Constant.S16([101], [.. Enumerable.Range(0, 101).Select(i => (short)(i * i))]))),
            _ => Requantise.Raw([0]),
        };
        var graph = OperatorCircuits.Of(
            [[2, 3, inner], right],
            OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(2, ElementType.S8, shift: 1),
            OperatorCircuits.Quantise(1, ElementType.S8), OperatorCircuits.Committed(4, ElementType.S8, shift: 1),
            new MatMulNode { Left = leftIsPublic ? 2 : 3, Right = rightIsPublic ? 4 : 5, TransposesRight = transposes, Requantise = requantise },
            // Nothing stays unread.
            new ReshapeNode { Source = 3, Shape = [6 * inner] }, new ReshapeNode { Source = 5, Shape = [2 * inner * columns] },
            new ReshapeNode { Source = 6, Shape = [6 * columns] });
        graph = new Graph
        {
            Inputs = graph.Inputs,
            Nodes = graph.Nodes,
            Outputs = [.. new[] { 7, 8, 9 }.Select(value => new GraphOutput { Name = $"y{value}", Source = value, Kind = OutputKind.Values })],
        };
        var witness = OperatorCircuits.Fill(graph, samples, seed: end, low: -200, high: 200);
        WitnessCheck.Satisfies(witness);
        ReductionCheck.Holds(witness, seed: end);
    }

    public static TheoryData<bool, bool, bool, int, int> Products =>
        [.. Enumerable.Range(0, 24).Select(n => ((n & 1) != 0, (n & 2) != 0, (n & 4) != 0, n / 8, 1 + (n % 3)))];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Products_of_elements_satisfy_their_circuit_and_both_reductions(int samples)
    {
        foreach (var shape in (Shape[])[[3, 2, 4], [5, 7], [6], []])
        {
            var graph = OperatorCircuits.Of(
                [shape, shape],
                OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(2, ElementType.S8), OperatorCircuits.Quantise(1, ElementType.S16),
                new MultiplyNode { Left = 3, Right = 4, Requantise = Requantise.To(ElementType.S16, 5) },
                new MultiplyNode { Left = 5, Right = 3, Requantise = Requantise.To(ElementType.S8, 9) },
                new MultiplyNode { Left = 6, Right = 6, Requantise = Requantise.Raw([0]) });
            var witness = OperatorCircuits.Fill(graph, samples, seed: shape.Rank, low: -300, high: 300);
            WitnessCheck.Satisfies(witness);
            ReductionCheck.Holds(witness, seed: 1);
        }
    }

    [Fact]
    public void A_proof_holds_products_to_their_factors()
    {
        var graph = OperatorCircuits.Of(
            [[4, 6], [4, 6]],
            OperatorCircuits.Quantise(0, ElementType.S8), OperatorCircuits.Committed(2, ElementType.S8),
            OperatorCircuits.Quantise(1, ElementType.S8), OperatorCircuits.Committed(4, ElementType.S8),
            new MatMulNode { Left = 3, Right = 5, TransposesRight = true, Requantise = Requantise.Raw([0]) },
            OperatorCircuits.Committed(6, ElementType.S16, shift: 3));
        Assert.True(OperatorCircuits.TryProve(graph, samples: 2, seed: 5, _ => { }, out var error), error?.ToString());
        // The raw product is held by the equality of the matrix product alone: what reads it would round the change away.
        void ChangeProduct(Witness witness) => witness.Cells[witness.Circuit.Gadgets.OfType<RawGadget>().Single().Result.Base + 1]++;
        Assert.False(OperatorCircuits.TryProve(graph, samples: 2, seed: 5, ChangeProduct, out error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);
    }
}
