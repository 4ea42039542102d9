using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// acc = Left * LeftFactor + Right * RightFactor, then <see cref="Requantise"/> with a single shift: residual sums with aligned scales, and differences.
/// Sources are S8, S16 or S32 of one shape.
/// </summary>
public sealed class AddNode : GraphNode
{
    public required int Left { get; init; }

    public required int Right { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int LeftFactor { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int RightFactor { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Add;

    public override ImmutableArray<int> Sources => [Left, Right];

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal override int SourcesInAnyLayout => 1;

    internal const int MaxFactor = 32767;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var (left, right) = (sources[0], sources[1]);
        if (!left.IsNarrow || !right.IsNarrow)
            return Inferred.Type($"adding {left.Type} and {right.Type}; S8, S16 or S32 is needed");
        if (left.Shape != right.Shape)
            return Inferred.Shape($"adding {left.Shape} and {right.Shape}");
        if (LeftFactor == 0 || RightFactor == 0 || Math.Abs((long)LeftFactor) > MaxFactor || Math.Abs((long)RightFactor) > MaxFactor)
            return Inferred.Field($"factors {LeftFactor} and {RightFactor}; 1 to {MaxFactor} in magnitude");
        var magnitude = (left.Magnitude * Math.Abs(LeftFactor)) + (right.Magnitude * Math.Abs(RightFactor));
        return Requantise.Infer(left.Shape, channels: 1, [magnitude]);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, LinearWork.Finish(result, Requantise) + (2 * result.Shape.Elements * (Int128)GasTable.Clamp));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Left);
        writer.Value(Right);
        writer.Int32(LeftFactor);
        writer.Int32(RightFactor);
        writer.Requantise(Requantise);
    }

    internal static AddNode Read(ref GraphReader reader) => new()
    {
        Left = reader.Value(),
        Right = reader.Value(),
        LeftFactor = reader.Int32(),
        RightFactor = reader.Int32(),
        Requantise = reader.Requantise(),
    };
}

/// <summary>acc = x * Factor, then <see cref="Requantise"/> with a single shift: another scale, another width. The source is S8, S16 or S32.</summary>
public sealed class RescaleNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int Factor { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Rescale;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal override int SourcesInAnyLayout => 1;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsNarrow)
            return Inferred.Type($"rescaling {x.Type}; S8, S16 or S32 is needed");
        return Factor == 0 || Math.Abs((long)Factor) > AddNode.MaxFactor
            ? Inferred.Field($"a factor of {Factor}; 1 to {AddNode.MaxFactor} in magnitude")
            : Requantise.Infer(x.Shape, channels: 1, [x.Magnitude * Math.Abs(Factor)]);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, LinearWork.Finish(result, Requantise) + (result.Shape.Elements * (Int128)GasTable.Clamp));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Int32(Factor);
        writer.Requantise(Requantise);
    }

    internal static RescaleNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Factor = reader.Int32(),
        Requantise = reader.Requantise(),
    };
}

/// <summary>
/// A unary function of S8 or S16: y = Entries[min(max(x, Low), Low + n - 1) - Low]; 1 to 65536 entries of type S8 or S16, which is the result's type.
/// All of S8 is Low = -127 with 255 entries.
/// </summary>
public sealed class TableNode : GraphNode
{
    public required int Source { get; init; }

    public required int Low { get; init; }

    public required Constant Entries { get; init; }

    public override Operator Operator => Operator.Table;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Entries];

    internal override int SourcesInAnyLayout => 1;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsActivation || Entries.Type is not (ElementType.S8 or ElementType.S16))
            return Inferred.Type($"a table of {Entries.Type} over {x.Type}; S8 or S16 is needed");
        return Tables.Check(Low, Entries) is { } fault ? fault : Tables.Range(x.Shape, Entries);
    }

    /// <summary>Prepared, a table covers its source's whole type.</summary>
    internal override Int128 PreparedBytes => (2 * Tables.MaxEntries) + base.PreparedBytes;

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, result.Shape.Elements * (Int128)GasTable.Lookup);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Int32(Low);
        writer.Constant(Entries);
    }

    internal static TableNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Low = reader.Int32(), Entries = reader.Constant() };
}

/// <summary>
/// A smooth function of a wide value (S8 to S64) by linear interpolation: with n entries T and k = Shift,
/// t = min(max(x, Low), Low + (n-1) * 2^k) - Low, i = t >> k, f = t mod 2^k,
/// y = (T[i] * (2^k - f) + T[i+1] * f + 2^(k-1)) >> k, and y = T[i] where f = 0. The result is S32. Logistic probabilities use it.
/// </summary>
public sealed class InterpolateNode : GraphNode
{
    public required int Source { get; init; }

    public required long Low { get; init; }

    /// <summary>k: 0 to 31.</summary>
    public required int Shift { get; init; }

    /// <summary>T: S32, 1 to 65537 entries.</summary>
    public required Constant Entries { get; init; }

    public override Operator Operator => Operator.Interpolate;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Entries];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger)
            return Inferred.Type($"interpolating over {x.Type}");
        if (Tables.CheckInterpolated(Shift, Entries) is { } fault)
            return fault;
        return Low + ((Int128)(Entries.Count - 1) << Shift) <= long.MaxValue
            ? Tables.Range(x.Shape, Entries)
            : Inferred.Field("the table ends beyond 64 bits");
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, result.Shape.Elements * (Int128)GasTable.Interpolation);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Int64(Low);
        writer.Byte(Shift);
        writer.Constant(Entries);
    }

    internal static InterpolateNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Low = reader.Int64(),
        Shift = reader.Byte(),
        Entries = reader.Constant(),
    };
}
