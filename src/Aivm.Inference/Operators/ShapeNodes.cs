using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>The same elements in the same order under another shape.</summary>
public sealed class ReshapeNode : GraphNode
{
    public required int Source { get; init; }

    public required Shape Shape { get; init; }

    public override Operator Operator => Operator.Reshape;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override bool ReadsMissing => true;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources) =>
        Shape.Elements == sources[0].Shape.Elements
            ? sources[0] with { Shape = Shape, RowSum = Shape.Last == sources[0].Shape.Last ? sources[0].RowSum : ValueInfo.NoRowSum }
            : Inferred.Shape($"{sources[0].Shape} does not reshape to {Shape}");

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => default;

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Shape(Shape);
    }

    internal static ReshapeNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Shape = reader.Shape() };
}

/// <summary>Axis i of the result is axis <c>Permutation[i]</c> of the source, as in ONNX.</summary>
public sealed class TransposeNode : GraphNode
{
    public required int Source { get; init; }

    public required ImmutableArray<int> Permutation { get; init; }

    public override Operator Operator => Operator.Transpose;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override bool ReadsMissing => true;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var shape = sources[0].Shape;
        if (Permutation.Length != shape.Rank)
            return Inferred.Shape($"a permutation of {Permutation.Length} axes for {shape}");
        var (dimensions, seen) = (new int[shape.Rank], new bool[shape.Rank]);
        for (var i = 0; i < dimensions.Length; i++)
        {
            var axis = Permutation[i];
            if (axis < 0 || axis >= shape.Rank || seen[axis])
                return Inferred.Field($"[{string.Join(", ", Permutation)}] is no permutation");
            (seen[axis], dimensions[i]) = (true, shape[axis]);
        }
        var keepsRows = dimensions.Length == 0 || Permutation[^1] == dimensions.Length - 1;
        return sources[0] with { Shape = Shape.Create(dimensions), RowSum = keepsRows ? sources[0].RowSum : ValueInfo.NoRowSum };
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, (result.Shape.Elements * (Int128)GasTable.Move) + (result.Shape.Elements / result.Shape.Last * (Int128)GasTable.Row));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Axes(Permutation);
    }

    internal static TransposeNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Permutation = reader.Axes() };
}
