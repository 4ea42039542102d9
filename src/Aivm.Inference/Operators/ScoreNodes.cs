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
}
