using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Layers whose accumulators are sums of products of two values: each ends in <see cref="AddRequantised"/>.</summary>
internal sealed partial class CircuitBuilder
{
    private Error? AddMatMul(MatMulNode node, int value)
    {
        var (left, right, shape) = (_values[node.Left], _values[node.Right], _infos[value].Shape);
        var (rows, inner, columns) = (shape[^2], left.Info.Shape.Last, shape[^1]);
        var matrices = (int)(shape.Elements / ((long)rows * columns));
        // A transposed right side is [..., N, K]; its view is [..., K, N] all the same.
        int ElementOfRight(int row, int column) => node.TransposesRight
            ? (((row / inner * columns) + column) * inner) + (row % inner)
            : (row * columns) + column;
        var term = new MatrixProduct(
            GridOf(node.Left, GridShape.OfRows(left.Info.Shape)), right.ToGrid(samples, _storages, matrices * inner, columns, ElementOfRight),
            samples * matrices);
        var magnitude = (long)Int128.Min(left.Info.RowSum, (Int128)inner * left.Info.Magnitude) * right.Info.Magnitude;
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
