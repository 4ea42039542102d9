using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Layers whose accumulators are sums of products of two values: each ends in <see cref="AddRequantised"/>.</summary>
internal sealed partial class CircuitBuilder
{
    private Error? AddMatMul(MatMulNode node, int value)
    {
        var (left, right, shape) = (_values[node.Left].Info, _values[node.Right].Info, _infos[value].Shape);
        var matrices = (int)(shape.Elements / ((long)shape[^2] * shape[^1]));
        var term = new MatrixProduct(
            GridOf(node.Left, GridShape.OfRows(left.Shape)), GridOf(node.Right, GridShape.OfRows(right.Shape)), samples * matrices, node.TransposesRight);
        var magnitude = (long)Int128.Min(left.RowSum, (Int128)left.Shape.Last * left.Magnitude) * right.Magnitude;
        return AddRequantised(value, GridShape.OfRows(shape), new Accumulator([(term, Once)], [Felt.Zero], [(-magnitude, magnitude)]), node.Requantise);
    }

    private Error? AddMultiply(MultiplyNode node, int value)
    {
        var (left, right, grid) = (_values[node.Left].Info, _values[node.Right].Info, GridFor([node.Left, node.Right]));
        var term = new ElementwiseProduct(GridOf(node.Left, grid), GridOf(node.Right, grid));
        long[] corners = [left.Min * right.Min, left.Min * right.Max, left.Max * right.Min, left.Max * right.Max];
        return AddRequantised(value, grid, new Accumulator([(term, Once)], [Felt.Zero], [(corners.Min(), corners.Max())]), node.Requantise);
    }
}
