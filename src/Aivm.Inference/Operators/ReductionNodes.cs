using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// acc = m * (sum along the last axis), then <see cref="Requantise"/> with the single shift k; the axis goes. A mean is m / 2^k.
/// The source is S8, S16 or S32.
/// </summary>
public sealed class SumNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>m: 1 to 2^24.</summary>
    public required int Multiplier { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Sum;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsNarrow)
            return Inferred.Type($"summing {x.Type}; S8, S16 or S32 is needed");
        if (x.Shape.Rank == 0)
            return Inferred.Shape("a sum needs an axis");
        if (Multiplier is < 1 or > AveragePoolNode.MaxMultiplier)
            return Inferred.Field($"a multiplier of {Multiplier}; 1 to {AveragePoolNode.MaxMultiplier}");
        var magnitude = Int128.Min(x.RowSum, (Int128)x.Shape.Last * x.Magnitude) * Multiplier;
        return Requantise.Infer(x.Shape.WithoutLast(), channels: 1, [(long)Int128.Min(magnitude, long.MaxValue)]);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, (sources[0].Shape.Elements * (Int128)GasTable.Pool) + (result.Shape.Elements * (Int128)GasTable.Row) + LinearWork.Finish(result, Requantise));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Int32(Multiplier);
        writer.Requantise(Requantise);
    }

    internal static SumNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Multiplier = reader.Int32(), Requantise = reader.Requantise() };
}

/// <summary>The largest element along the last axis (S8 to S64); the axis goes.</summary>
public sealed class MaxNode : GraphNode
{
    public required int Source { get; init; }

    public override Operator Operator => Operator.Max;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger)
            return Inferred.Type($"the largest of {x.Type}");
        return x.Shape.Rank == 0
            ? Inferred.Shape("a maximum needs an axis")
            : new ValueInfo(x.Type, x.Shape.WithoutLast(), x.Min, x.Max);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, (sources[0].Shape.Elements * (Int128)GasTable.Pool) + (result.Shape.Elements * (Int128)GasTable.Row));

    internal override void Write(GraphWriter writer) => writer.Value(Source);

    internal static MaxNode Read(ref GraphReader reader) => new() { Source = reader.Value() };
}
