using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>How <see cref="CompareNode"/> compares. The values are the container's codes.</summary>
public enum Comparison : byte
{
    Less = 1,
    LessOrEqual = 2,
    Equal = 3,
}

/// <summary>1 where the comparison of two values of one type (S8 to S64) and shape holds, else 0; S8.</summary>
public sealed class CompareNode : GraphNode
{
    public required int Left { get; init; }

    public required int Right { get; init; }

    public required Comparison Comparison { get; init; }

    public override Operator Operator => Operator.Compare;

    public override ImmutableArray<int> Sources => [Left, Right];

    public override ImmutableArray<Constant> Constants => [];

    internal override int SourcesInAnyLayout => 1;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (left, right) = (sources[0], sources[1]);
        if (left.Type != right.Type || !left.IsInteger)
            return Inferred.Type($"comparing {left.Type} with {right.Type}; one type is needed, and no ranks");
        if (left.Shape != right.Shape)
            return Inferred.Shape($"comparing {left.Shape} with {right.Shape}");
        return Comparison is < Comparison.Less or > Comparison.Equal
            ? Inferred.Field($"comparison {(byte)Comparison}")
            : new ValueInfo(ElementType.S8, left.Shape, 0, 1);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, result.Shape.Elements * (Int128)(GasTable.Clamp + ((2 * ElementTypes.SizeOf(sources[0].Type)) * GasTable.Byte)));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Left);
        writer.Value(Right);
        writer.Byte((byte)Comparison);
    }

    internal static CompareNode Read(ref GraphReader reader) => new() { Left = reader.Value(), Right = reader.Value(), Comparison = (Comparison)reader.Byte() };
}

/// <summary>Left where the condition (S8) is not 0, Right elsewhere: two values of one type (S8 to S64), three of one shape.</summary>
public sealed class WhereNode : GraphNode
{
    public required int Condition { get; init; }

    public required int Left { get; init; }

    public required int Right { get; init; }

    public override Operator Operator => Operator.Where;

    public override ImmutableArray<int> Sources => [Condition, Left, Right];

    public override ImmutableArray<Constant> Constants => [];

    internal override int SourcesInAnyLayout => 1;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (condition, left, right) = (sources[0], sources[1], sources[2]);
        if (condition.Type != ElementType.S8 || left.Type != right.Type || !left.IsInteger)
            return Inferred.Type($"choosing between {left.Type} and {right.Type} by {condition.Type}; one type, and S8, is needed");
        return left.Shape != right.Shape || condition.Shape != left.Shape
            ? Inferred.Shape($"choosing between {left.Shape} and {right.Shape} by {condition.Shape}")
            : new ValueInfo(left.Type, left.Shape, Math.Min(left.Min, right.Min), Math.Max(left.Max, right.Max));
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, result.Shape.Elements * (Int128)(GasTable.Clamp + ((1 + (2 * ElementTypes.SizeOf(result.Type))) * GasTable.Byte)));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Condition);
        writer.Value(Left);
        writer.Value(Right);
    }

    internal static WhereNode Read(ref GraphReader reader) => new() { Condition = reader.Value(), Left = reader.Value(), Right = reader.Value() };
}
