using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// Products of two activations: acc[m, n] = sum over k of Left[m, k] * Right[k, n], then <see cref="Requantise"/> with a single shift.
/// Left is [..., M, K], Right [..., K, N], or [..., N, K] where it is transposed; the leading dimensions are equal. Both are S8 or S16.
/// </summary>
public sealed class MatMulNode : GraphNode
{
    public required int Left { get; init; }

    public required int Right { get; init; }

    /// <summary>Right is [..., N, K].</summary>
    public bool TransposesRight { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.MatMul;

    public override ImmutableArray<int> Sources => [Left, Right];

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (left, right) = (sources[0], sources[1]);
        if (!left.IsActivation || !right.IsActivation)
            return Inferred.Type($"multiplying {left.Type} by {right.Type}; S8 or S16 is needed");
        if (left.Shape.Rank < 2 || left.Shape.Rank != right.Shape.Rank)
            return Inferred.Shape($"multiplying {left.Shape} by {right.Shape}; matrices of equal rank are needed");
        var (rows, inner) = (left.Shape[^2], left.Shape[^1]);
        var (columns, depth) = TransposesRight ? (right.Shape[^2], right.Shape[^1]) : (right.Shape[^1], right.Shape[^2]);
        if (inner != depth || !left.Shape.Dimensions[..^2].AsSpan().SequenceEqual(right.Shape.Dimensions[..^2].AsSpan()))
            return Inferred.Shape($"multiplying {left.Shape} by {right.Shape}{(TransposesRight ? " transposed" : "")}");
        // A row of probabilities adds up to one, however long it is.
        var row = (long)Int128.Min(left.RowSum, (Int128)inner * left.Magnitude);
        var magnitude = (long)Int128.Min((Int128)row * right.Magnitude, long.MaxValue);
        return Requantise.Infer(new Shape([.. left.Shape.Dimensions[..^2], rows, columns]), channels: 1, [magnitude]);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var (inner, rows, columns) = (sources[0].Shape.Last, result.Shape[^2], result.Shape[^1]);
        // Vectors hold 8 columns, and two elements of the inner axis each.
        var (depth, width) = (LinearWork.RoundUp(inner, 2), LinearWork.RoundUp(columns, 8));
        var matrices = result.Shape.Elements / ((long)rows * columns);
        var price = (matrices * depth * ((rows * width * GasTable.Mac) + ((rows + width) * 2 * GasTable.Gather)))
            + (matrices * ((((rows * LinearWork.Sixteens(columns)) + 1) * GasTable.Position) + (width * GasTable.Move)));
        var scratch = (2 * depth * (width + MaxTileRows)) + (4 * width * MaxTileRows);
        return new(result.Shape.Elements * (Int128)inner, price + LinearWork.Finish(result, Requantise), scratch);
    }

    /// <summary>Rows that a kernel may hold at once.</summary>
    internal const int MaxTileRows = 8;

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Left);
        writer.Value(Right);
        writer.Flag(TransposesRight);
        writer.Requantise(Requantise);
    }

    internal static MatMulNode Read(ref GraphReader reader) => new()
    {
        Left = reader.Value(),
        Right = reader.Value(),
        TransposesRight = reader.Flag(),
        Requantise = reader.Requantise(),
    };
}

/// <summary>acc = Left * Right, element by element, then <see cref="Requantise"/> with a single shift: gates and attention to channels. S8, S16 or S32 of one shape.</summary>
public sealed class MultiplyNode : GraphNode
{
    public required int Left { get; init; }

    public required int Right { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Multiply;

    public override ImmutableArray<int> Sources => [Left, Right];

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal override int SourcesInAnyLayout => 1;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (left, right) = (sources[0], sources[1]);
        if (!left.IsNarrow || !right.IsNarrow)
            return Inferred.Type($"multiplying {left.Type} by {right.Type}; S8, S16 or S32 is needed");
        return left.Shape != right.Shape
            ? Inferred.Shape($"multiplying {left.Shape} by {right.Shape}")
            : Requantise.Infer(left.Shape, channels: 1, [left.Magnitude * right.Magnitude]);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, LinearWork.Finish(result, Requantise) + (2 * result.Shape.Elements * (Int128)GasTable.Clamp));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Left);
        writer.Value(Right);
        writer.Requantise(Requantise);
    }

    internal static MultiplyNode Read(ref GraphReader reader) => new() { Left = reader.Value(), Right = reader.Value(), Requantise = reader.Requantise() };
}
