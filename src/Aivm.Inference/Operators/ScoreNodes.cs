using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// Along the last axis (S8 to S64): d = max - x, e = T interpolated at d as in <see cref="InterpolateNode"/> with Low = 0,
/// y = floor((e * 2^q + floor(sum/2)) / sum). S16 for q &lt;= 14, S32 above.
/// </summary>
public sealed class SoftmaxNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>k: 0 to 31, d's bits between entries. 0: an entry for each d.</summary>
    public required int Shift { get; init; }

    /// <summary>T: S32, 1 to 65537 entries, each 0 to 2^30, the first at least 1; the last stands for everything beyond.</summary>
    public required Constant Entries { get; init; }

    /// <summary>q: 1 to 30; the exponent of the result.</summary>
    public required int OutputExponent { get; init; }

    public override Operator Operator => Operator.Softmax;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Entries];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger)
            return Inferred.Type($"a softmax of {x.Type}");
        if (x.Shape.Rank == 0)
            return Inferred.Shape("a softmax needs an axis");
        if (Tables.CheckInterpolated(Shift, Entries) is { } fault)
            return fault;
        if ((Int128)x.Max - x.Min >= GraphAnalysis.WideBound)
            return Inferred.Bound($"scores from {x.Min} to {x.Max}: 2^62 apart");
        var (min, max) = Entries.Range();
        if (min < 0 || max > 1 << 30 || Entries[0] < 1)
            return Inferred.Field($"exponentials from {min} to {max}, the first {Entries[0]}");
        return OutputExponent is < 1 or > 30
            ? Inferred.Field($"an output exponent of {OutputExponent}; 1 to 30")
            : new ValueInfo(OutputExponent <= 14 ? ElementType.S16 : ElementType.S32, x.Shape, 0, 1L << OutputExponent)
            {
                // Each element is rounded by at most one half.
                RowSum = (1L << OutputExponent) + (x.Shape.Last / 2),
            };
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, (result.Shape.Elements * (Int128)(GasTable.Interpolation + GasTable.Division)) + (result.Shape.Elements / result.Shape.Last * (Int128)GasTable.Row), result.Shape.Last * (Int128)4);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Byte(Shift);
        writer.Constant(Entries);
        writer.Byte(OutputExponent);
    }

    internal static SoftmaxNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Shift = reader.Byte(),
        Entries = reader.Constant(),
        OutputExponent = reader.Byte(),
    };
}

/// <summary>
/// The index (S32) of the largest element along an axis, the lowest on a tie; the axis disappears from the shape.
/// </summary>
public sealed class ArgMaxNode : GraphNode
{
    public required int Source { get; init; }

    public required int Axis { get; init; }

    public override Operator Operator => Operator.ArgMax;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger)
            return Inferred.Type($"the largest of {x.Type}");
        if (Axis < 0 || Axis >= x.Shape.Rank)
            return Inferred.Field($"axis {Axis} of {x.Shape}");
        return new ValueInfo(ElementType.S32, new Shape(x.Shape.Dimensions.RemoveAt(Axis)), 0, x.Shape[Axis] - 1);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, sources[0].Shape.Elements * (Int128)GasTable.Branch);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Byte(Axis);
    }

    internal static ArgMaxNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Axis = reader.Byte() };
}
