using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// From int64 to a tensor of the network: y = clamp((x * M + B + 2^(k-1)) >> k) to the type's range, in 128 bits (no rounding term for k = 0).
/// </summary>
public sealed class QuantiseNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>S8 or S16; S64 for the features of linear models, each multiplied by its own M in 128 bits.</summary>
    public required ElementType Output { get; init; }

    /// <summary>M: S64, of length 1 or one per element of the last axis.</summary>
    public required Constant Multipliers { get; init; }

    /// <summary>B: S64, as long as M.</summary>
    public required Constant Offsets { get; init; }

    /// <summary>k: 0 to 62.</summary>
    public required int Shift { get; init; }

    public override Operator Operator => Operator.Quantise;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Multipliers, Offsets];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (x.Type != ElementType.S64 || Output is not (ElementType.S8 or ElementType.S16 or ElementType.S64))
            return Inferred.Type($"quantising {x.Type} to {Output}");
        if (Multipliers.Type != ElementType.S64 || Offsets.Type != ElementType.S64)
            return Inferred.Type("multipliers and offsets are S64");
        if (Multipliers.Shape.Rank != 1 || Offsets.Shape != Multipliers.Shape || (Multipliers.Count != 1 && Multipliers.Count != x.Shape.Last))
            return Inferred.Shape($"multipliers {Multipliers.Shape} and offsets {Offsets.Shape} for {x.Shape}");
        if (Shift is < 0 or > 62)
            return Inferred.Field($"a shift of {Shift}; 0 to 62");
        var (min, max) = (long.MaxValue, long.MinValue);
        for (var c = 0; c < Multipliers.Count; c++)
        {
            var (a, b) = (Map(x.Min, c), Map(x.Max, c));
            (min, max) = (Math.Min(min, Math.Min(a, b)), Math.Max(max, Math.Max(a, b)));
        }
        return new ValueInfo(Output, x.Shape, min, max);
    }

    /// <summary>The entry map of one number. |x * M| is at most 2^126, so 128 bits hold every sum.</summary>
    /// <param name="channel">Into M and B.</param>
    internal long Map(long x, int channel)
    {
        var rounding = Shift == 0 ? Int128.Zero : Int128.One << (Shift - 1);
        var scaled = (((Int128)x * Multipliers[channel]) + Offsets[channel] + rounding) >> Shift;
        return (long)Int128.Clamp(scaled, ElementTypes.MinOf(Output), ElementTypes.MaxOf(Output));
    }

    /// <summary>Prepared, each channel has its multiplier, its offset with the rounding term, and where 64 bits suffice.</summary>
    internal override Int128 PreparedBytes => base.PreparedBytes + (24 * (Int128)Multipliers.Count);

    internal override int PreparedChannels => Multipliers.Count;

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, result.Shape.Elements * (Int128)(FitsIn64Bits(sources[0]) ? GasTable.Scale : GasTable.Wide));

    private bool FitsIn64Bits(ValueInfo source)
    {
        var rounding = Shift == 0 ? Int128.Zero : Int128.One << (Shift - 1);
        for (var c = 0; c < Multipliers.Count; c++)
            if (((Int128)source.Magnitude * Magnitudes.Of(Multipliers[c])) + Magnitudes.Of(Offsets[c]) + rounding >= GraphAnalysis.WideBound)
                return false;
        return true;
    }

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Type(Output);
        writer.Constant(Multipliers);
        writer.Constant(Offsets);
        writer.Byte(Shift);
    }

    internal static QuantiseNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Output = reader.Type(),
        Multipliers = reader.Constant(),
        Offsets = reader.Constant(),
        Shift = reader.Byte(),
    };

    /// <summary>The plain entry map: one multiplier, no offset.</summary>
    public static QuantiseNode Scale(int source, ElementType output, long multiplier, int shift) => new()
    {
        Source = source,
        Output = output,
        Multipliers = Constant.S64([1], [multiplier]),
        Offsets = Constant.S64([1], [0]),
        Shift = shift,
    };
}

/// <summary>y = min(max(x, Low), High), S64 to S64: gives raw inputs the range that a <see cref="WideDenseNode"/> needs.</summary>
public sealed class ClampNode : GraphNode
{
    public required int Source { get; init; }

    public required long Low { get; init; }

    public required long High { get; init; }

    public override Operator Operator => Operator.Clamp;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (x.Type != ElementType.S64)
            return Inferred.Type($"clamping {x.Type}; S64 is needed");
        return Low <= High && Low >= ElementTypes.MinOf(ElementType.S64)
            ? x with { Min = Math.Clamp(x.Min, Low, High), Max = Math.Clamp(x.Max, Low, High) }
            : Inferred.Field($"clamp to [{Low}, {High}]");
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, result.Shape.Elements * (Int128)(GasTable.Move + (8 * GasTable.Byte)));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Int64(Low);
        writer.Int64(High);
    }

    internal static ClampNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Low = reader.Int64(), High = reader.Int64() };
}

/// <summary>
/// Raw features (S64, shape [F]) to ranks: the number of the feature's thresholds that are &lt;= x; missing becomes 65535.
/// So "x &lt; threshold number j" is "rank &lt;= j". A file's "x &lt;= t" is "x &lt; t'" with the integer t' where the comparison flips.
/// </summary>
public sealed class RankNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>How many thresholds each feature has (0 to 65534); F numbers.</summary>
    public required ImmutableArray<int> Counts { get; init; }

    /// <summary>S64: the thresholds of feature 0, then of feature 1, ...; strictly ascending within a feature. At least one in all.</summary>
    public required Constant Thresholds { get; init; }

    public override Operator Operator => Operator.Rank;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Thresholds];

    public const int MaxThresholds = 65534;

    internal override bool ReadsMissing => true;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (x.Type != ElementType.S64 || Thresholds.Type != ElementType.S64)
            return Inferred.Type($"ranking {x.Type} among {Thresholds.Type}; both are S64");
        if (x.Shape.Rank != 1 || Counts.Length != x.Shape[0] || Thresholds.Shape.Rank != 1)
            return Inferred.Shape($"{Counts.Length} features of thresholds {Thresholds.Shape} for {x.Shape}");
        var first = 0L;
        foreach (var count in Counts)
        {
            if (count is < 0 or > MaxThresholds || first + count > Thresholds.Count)
                return Inferred.Field($"a feature with {count} thresholds; 0 to {MaxThresholds}, {Thresholds.Count} in all");
            for (var i = (int)first + 1; i < first + count; i++)
                if (Thresholds[i - 1] >= Thresholds[i])
                    return Inferred.Field("a feature's thresholds are not strictly ascending");
            first += count;
        }
        return first == Thresholds.Count
            ? new ValueInfo(ElementType.Rank, x.Shape, 0, ushort.MaxValue)
            : Inferred.Field($"{Thresholds.Count} thresholds where the features have {first}");
    }

    internal override Int128 PreparedBytes => base.PreparedBytes + (8 * (Int128)Counts.Length);

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var steps = Int128.Zero;
        foreach (var count in Counts)
            steps += BitLength(count) + 1;
        return new(0, steps * GasTable.Branch);
    }

    private static int BitLength(int count) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)count);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Count(Counts.Length);
        foreach (var count in Counts)
            writer.UInt16(count);
        writer.Constant(Thresholds);
    }

    internal static RankNode Read(ref GraphReader reader)
    {
        var source = reader.Value();
        var counts = new int[reader.Count(TreeSplit.MaxFeatures)];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = reader.UInt16();
        return new() { Source = source, Counts = [.. counts], Thresholds = reader.Constant() };
    }
}
