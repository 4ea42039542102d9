using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// Along the last axis of n elements (S8, S16 or S32), with f = Fraction and q = OutputExponent:
/// m = floor((sum * 2^f + floor(n/2)) / n), or 0 where it is not centred; d = x * 2^f - m;
/// s = floor(sqrt(floor((sum of d^2 + floor(n/2)) / n) + Epsilon)); y = floor((d * 2^q + floor(s/2)) / s), clamped to S16.
/// Layer normalisation, or without centring RMS normalisation; scale and bias are the next layer's.
/// </summary>
public sealed class LayerNormNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>Whether the mean is taken away first.</summary>
    public required bool Centred { get; init; }

    /// <summary>f: 0 to 16.</summary>
    public required int Fraction { get; init; }

    /// <summary>Added to the variance, which has 2f bits of fraction; at least 1, below 2^62.</summary>
    public required long Epsilon { get; init; }

    /// <summary>q: 1 to 14, the exponent of the result.</summary>
    public required int OutputExponent { get; init; }

    public override Operator Operator => Operator.LayerNorm;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsNarrow)
            return Inferred.Type($"normalising {x.Type}; S8, S16 or S32 is needed");
        if (x.Shape.Rank == 0)
            return Inferred.Shape("a normalisation needs an axis");
        if (Fraction is < 0 or > 16)
            return Inferred.Field($"a fraction of {Fraction} bits; 0 to 16");
        if (Epsilon is < 1 or >= GraphAnalysis.WideBound)
            return Inferred.Field($"an epsilon of {Epsilon}; 1 to 2^62 - 1");
        if (OutputExponent is < 1 or > 14)
            return Inferred.Field($"an output exponent of {OutputExponent}; 1 to 14");
        // |d| is below twice the largest magnitude, and one unit of rounding more.
        var largest = ((Int128)x.Magnitude << (Fraction + 1)) + 1;
        if (largest >= 1L << 31 || (largest * largest * x.Shape.Last) + (x.Shape.Last / 2) >= GraphAnalysis.WideBound)
            return Inferred.Bound($"{x.Shape.Last} elements up to {x.Magnitude} with {Fraction} bits of fraction: their squares reach 2^62");
        return new ValueInfo(ElementType.S16, x.Shape, -ElementTypes.MaxOf(ElementType.S16), ElementTypes.MaxOf(ElementType.S16));
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(
        0,
        (result.Shape.Elements * (Int128)(GasTable.Division + GasTable.WideMac))
            + (result.Shape.Elements / result.Shape.Last * (Int128)GasTable.Root));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Flag(Centred);
        writer.Byte(Fraction);
        writer.Int64(Epsilon);
        writer.Byte(OutputExponent);
    }

    internal static LayerNormNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Centred = reader.Flag(),
        Fraction = reader.Byte(),
        Epsilon = reader.Int64(),
        OutputExponent = reader.Byte(),
    };
}

/// <summary>What <see cref="NormaliseNode"/> divides by. The values are the container's codes.</summary>
public enum Norm : byte
{
    /// <summary>The largest element.</summary>
    Max = 1,
    /// <summary>The sum of magnitudes.</summary>
    L1 = 2,
    /// <summary>floor(sqrt(sum of squares)).</summary>
    L2 = 3,
}

/// <summary>
/// Along the last axis (S8 to S64): y = floor((x * 2^q + floor(r/2)) / r) with the row's norm r, clamped to [-2^31 + 1, 2^31 - 1].
/// r = 0 gives 0; where r is below 0, x and r change their signs first. The result is S32.
/// </summary>
public sealed class NormaliseNode : GraphNode
{
    public required int Source { get; init; }

    public required Norm Norm { get; init; }

    /// <summary>q: 1 to 30, the exponent of the result.</summary>
    public required int OutputExponent { get; init; }

    public override Operator Operator => Operator.Normalise;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsInteger)
            return Inferred.Type($"normalising {x.Type}");
        if (x.Shape.Rank == 0)
            return Inferred.Shape("a normalisation needs an axis");
        if (Norm is < Norm.Max or > Norm.L2)
            return Inferred.Field($"norm {(byte)Norm}");
        if (OutputExponent is < 1 or > 30)
            return Inferred.Field($"an output exponent of {OutputExponent}; 1 to 30");
        var each = Norm == Norm.L2 ? (Int128)x.Magnitude * x.Magnitude : x.Magnitude;
        // Compared before they are multiplied: a square of 64 bits times a long row leaves 128 bits.
        if (each >= GraphAnalysis.WideBound || each * x.Shape.Last >= GraphAnalysis.WideBound)
            return Inferred.Bound($"{x.Shape.Last} elements up to {x.Magnitude}: their norm reaches 2^62");
        // No element is larger than the sum or the root of the sum of squares, but it may be larger than a maximum below zero.
        var largest = Norm == Norm.Max ? int.MaxValue : 1L << OutputExponent;
        return new ValueInfo(ElementType.S32, x.Shape, -largest, largest);
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(
        0,
        (result.Shape.Elements * (Int128)(GasTable.Scale + GasTable.Division))
            + (result.Shape.Elements / result.Shape.Last * (Int128)GasTable.Row));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Byte((byte)Norm);
        writer.Byte(OutputExponent);
    }

    internal static NormaliseNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Norm = (Norm)reader.Byte(), OutputExponent = reader.Byte() };
}
