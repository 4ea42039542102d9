using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// Convolution of [Cin, H, W] (S8 or S16) by S8 weights to [Cout, H', W']:
/// acc[o, y, x] = bias[o] + sum over i, u, v of w[o, i, u, v] * x[group's channel i, y * stride + u * dilation - top, ...], zeros outside.
/// Depthwise is Groups = Cin.
/// </summary>
public sealed class ConvNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>S8 [Cout, Cin / Groups, kernel height, kernel width].</summary>
    public required Constant Weights { get; init; }

    /// <summary>S32 [Cout], at the accumulator's scale.</summary>
    public required Constant Bias { get; init; }

    public required Window Window { get; init; }

    public int Groups { get; init; } = 1;

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Conv;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants =>
        Requantise.Activation is Activation.Table table ? [Weights, Bias, table.Entries] : [Weights, Bias];
}

/// <summary>
/// Rows of [..., In] (S8 or S16) by S8 weights to [..., Out]: acc[o] = bias[o] + sum over i of w[o, i] * x[i]. ONNX's Gemm, and MatMul by a constant.
/// </summary>
public sealed class DenseNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>S8 [Out, In].</summary>
    public required Constant Weights { get; init; }

    /// <summary>S32 [Out], at the accumulator's scale.</summary>
    public required Constant Bias { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Dense;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants =>
        Requantise.Activation is Activation.Table table ? [Weights, Bias, table.Entries] : [Weights, Bias];
}
