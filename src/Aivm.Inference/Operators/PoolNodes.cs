using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>The largest element of each window of [C, H, W] (S8 or S16). Every window must touch the source.</summary>
public sealed class MaxPoolNode : GraphNode
{
    public required int Source { get; init; }

    public required Window Window { get; init; }

    public override Operator Operator => Operator.MaxPool;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];
}

/// <summary>
/// acc = (sum over the window) * m, then <see cref="Requantise"/> with the single shift k: the average is m / 2^k times the sum.
/// A global average is a window as large as the source.
/// </summary>
public sealed class AveragePoolNode : GraphNode
{
    public required int Source { get; init; }

    public required Window Window { get; init; }

    /// <summary>m: 1 to 2^24, for a whole window of N elements.</summary>
    public required int Multiplier { get; init; }

    /// <summary>ONNX's count_include_pad = 0: a window with n of its N elements inside uses floor((m * N + floor(n/2)) / n) in place of m.</summary>
    public bool ExcludesPadding { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.AveragePool;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants =>
        Requantise.Activation is Activation.Table table ? [table.Entries] : [];
}
