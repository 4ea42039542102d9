using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>Values one after another along an axis. They have one type, and one shape but for that axis.</summary>
public sealed class ConcatNode : GraphNode
{
    /// <summary>2 to 64 values; one may occur several times.</summary>
    public required ImmutableArray<int> Parts { get; init; }

    public required int Axis { get; init; }

    public override Operator Operator => Operator.Concat;

    public override ImmutableArray<int> Sources => Parts;

    public override ImmutableArray<Constant> Constants => [];

    public const int MaxParts = 64;

    internal override bool ReadsMissing => true;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        if (sources.Length is < 2 or > MaxParts)
            return Inferred.Field($"{sources.Length} values are joined; 2 to {MaxParts}");
        var first = sources[0];
        if (Axis < 0 || Axis >= first.Shape.Rank)
            return Inferred.Field($"axis {Axis} of {first.Shape}");
        var (length, min, max, missing) = (0L, first.Min, first.Max, false);
        foreach (var part in sources)
        {
            if (part.Type != first.Type)
                return Inferred.Type($"joining {first.Type} and {part.Type}");
            if (part.Shape.Rank != first.Shape.Rank || part.Shape.With(Axis, 1) != first.Shape.With(Axis, 1))
                return Inferred.Shape($"joining {first.Shape} and {part.Shape} along axis {Axis}");
            (length, min, max, missing) = (length + part.Shape[Axis], Math.Min(min, part.Min), Math.Max(max, part.Max), missing | part.MayBeMissing);
        }
        return length > GraphAnalysis.MaxElements
            ? Inferred.Shape($"an axis of {length} elements")
            : new ValueInfo(first.Type, first.Shape.With(Axis, (int)length), min, max, missing);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var rows = Int128.One;
        for (var axis = 0; axis < Axis; axis++)
            rows *= result.Shape[axis];
        return new(0, (rows * sources.Length * GasTable.Copy) + Arrangement.Bytes(result));
    }

    internal override void Write(GraphWriter writer)
    {
        writer.Byte(Parts.Length);
        foreach (var part in Parts)
            writer.Value(part);
        writer.Byte(Axis);
    }

    internal static ConcatNode Read(ref GraphReader reader)
    {
        var parts = new int[reader.Byte()];
        foreach (ref var part in parts.AsSpan())
            part = reader.Value();
        return new() { Parts = [.. parts], Axis = reader.Byte() };
    }
}

/// <summary>
/// Indices fixed with the model: element i along an axis of the result is element <c>Indices[i]</c> of the source. Slices, splits,
/// repetition, nearest-neighbour enlargement, reflection and reversal are all this.
/// </summary>
public sealed class GatherNode : GraphNode
{
    public required int Source { get; init; }

    public required int Axis { get; init; }

    /// <summary>S32 [k], each from 0 to the axis's length - 1.</summary>
    public required Constant Indices { get; init; }

    public override Operator Operator => Operator.Gather;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Indices];

    /// <summary>Prepared, an index is at most a run of its own: where it starts, and its length.</summary>
    internal override Int128 PreparedBytes => 2 * base.PreparedBytes;

    internal override bool ReadsMissing => true;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (Axis < 0 || Axis >= x.Shape.Rank)
            return Inferred.Field($"axis {Axis} of {x.Shape}");
        if (Indices.Type != ElementType.S32 || Indices.Shape.Rank != 1)
            return Inferred.Type($"indices of {Indices.Type} {Indices.Shape}; a list of S32 is needed");
        var (min, max) = Indices.Range();
        return min < 0 || max >= x.Shape[Axis]
            ? Inferred.Field($"indices from {min} to {max} into an axis of {x.Shape[Axis]}")
            : new ValueInfo(x.Type, x.Shape.With(Axis, Indices.Count), x.Min, x.Max, x.MayBeMissing, Axis == x.Shape.Rank - 1 ? ValueInfo.NoRowSum : x.RowSum);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var runs = Int128.Zero;
        for (var i = 0; i < Indices.Count; i++)
            runs += i == 0 || Indices[i] != Indices[i - 1] + 1 ? 1 : 0;
        for (var axis = 0; axis < Axis; axis++)
            runs *= result.Shape[axis];
        return new(0, (runs * GasTable.Copy) + Arrangement.Bytes(result));
    }

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Byte(Axis);
        writer.Constant(Indices);
    }

    internal static GatherNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Axis = reader.Byte(), Indices = reader.Constant() };
}

/// <summary>A constant as a value: an initial state, a mask, positions.</summary>
public sealed class ConstantNode : GraphNode
{
    /// <summary>S8 to S64.</summary>
    public required Constant Value { get; init; }

    public override Operator Operator => Operator.Constant;

    public override ImmutableArray<int> Sources => [];

    public override ImmutableArray<Constant> Constants => [Value];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (min, max) = Value.Range();
        return min < ElementTypes.MinOf(Value.Type)
            ? Inferred.Field($"a constant of {Value.Type} holds {min}")
            : new ValueInfo(Value.Type, Value.Shape, min, max);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, Arrangement.Bytes(result));

    internal override void Write(GraphWriter writer) => writer.Constant(Value);

    internal static ConstantNode Read(ref GraphReader reader) => new() { Value = reader.Constant() };
}

/// <summary>
/// Rows of a table [n, ...] (S8, S16 or S32) by number: the result's shape is the indices' followed by a row's. The indices' range
/// lies within 0 to n - 1.
/// </summary>
public sealed class EmbeddingNode : GraphNode
{
    /// <summary>S32 or S64.</summary>
    public required int Source { get; init; }

    public required Constant Table { get; init; }

    public override Operator Operator => Operator.Embedding;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Table];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (x.Type is not (ElementType.S32 or ElementType.S64) || Table.Type is not (ElementType.S8 or ElementType.S16 or ElementType.S32))
            return Inferred.Type($"rows of {Table.Type} by numbers of {x.Type}; S8 to S32 by S32 or S64 is needed");
        if (Table.Shape.Rank == 0)
            return Inferred.Shape("a table of rows needs an axis");
        if (x.Min < 0 || x.Max >= Table.Shape[0])
            return Inferred.Field($"numbers from {x.Min} to {x.Max} into {Table.Shape[0]} rows");
        var (min, max) = Table.Range();
        return new ValueInfo(Table.Type, new Shape([.. x.Shape.Dimensions, .. Table.Shape.Dimensions[1..]]), min, max);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, (sources[0].Shape.Elements * (Int128)(GasTable.Copy + GasTable.Branch)) + Arrangement.Bytes(result));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Constant(Table);
    }

    internal static EmbeddingNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Table = reader.Constant() };
}

internal static class Arrangement
{
    /// <summary>What writing a result in order costs.</summary>
    public static Int128 Bytes(ValueInfo result) => result.Shape.Elements * (Int128)(ElementTypes.SizeOf(result.Type) * GasTable.Byte);
}
