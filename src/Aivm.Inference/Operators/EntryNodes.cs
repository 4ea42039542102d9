using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// From int64 to a tensor of the network: y = clamp((x * M + B + 2^(k-1)) >> k) to the type's range, in 128 bits (no rounding term for k = 0).
/// </summary>
public sealed class QuantiseNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>S8 or S16.</summary>
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
}
