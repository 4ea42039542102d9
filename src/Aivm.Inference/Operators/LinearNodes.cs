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

    public override ImmutableArray<Constant> Constants => [Weights, Bias, .. Requantise.Constants];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsActivation || Weights.Type != ElementType.S8 || Bias.Type != ElementType.S32)
            return Inferred.Type($"a convolution of {x.Type} by {Weights.Type} with a bias of {Bias.Type}; S8 or S16 by S8 with S32 is needed");
        if (Weights.Shape.Rank != 4 || Bias.Shape != [Weights.Shape[0]])
            return Inferred.Shape($"weights {Weights.Shape} with bias {Bias.Shape}");
        if (Weights.Shape[2] != Window.Kernel.Height || Weights.Shape[3] != Window.Kernel.Width)
            return Inferred.Shape($"weights {Weights.Shape} for a kernel of {Window.Kernel.Height} x {Window.Kernel.Width}");
        if (Window.Apply(x.Shape, Weights.Shape[0], out var shape) is { } fault)
            return fault;
        if (Groups < 1 || x.Shape[0] % Groups != 0 || Weights.Shape[0] % Groups != 0 || Weights.Shape[1] != x.Shape[0] / Groups)
            return Inferred.Shape($"{Groups} groups, weights {Weights.Shape}, source {x.Shape}");
        return Requantise.Infer(shape, Weights.Shape[0], LinearWork.Magnitudes(Weights, Bias, x.Magnitude));
    }

    internal override Int128 PreparedBytes => LinearWork.PreparedBytes(Weights, Groups) + base.PreparedBytes;

    internal override int PreparedChannels => Bias.Count;

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result)
    {
        var positions = (Int128)result.Shape[1] * result.Shape[2];
        var padded = sources[0].Shape[0] * (Int128)Window.PaddedHeight(sources[0].Shape[1]) * Window.PaddedWidth(sources[0].Shape[2]);
        return LinearWork.Measure(Weights, Groups, result.Shape[1], positions, padded, result, Requantise);
    }

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Constant(Weights);
        writer.Constant(Bias);
        writer.Window(Window);
        writer.Count(Groups);
        writer.Requantise(Requantise);
    }

    internal static ConvNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Weights = reader.Constant(),
        Bias = reader.Constant(),
        Window = reader.Window(),
        Groups = reader.Count(int.MaxValue),
        Requantise = reader.Requantise(),
    };
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

    public override ImmutableArray<Constant> Constants => [Weights, Bias, .. Requantise.Constants];

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsActivation || Weights.Type != ElementType.S8 || Bias.Type != ElementType.S32)
            return Inferred.Type($"a dense layer of {x.Type} by {Weights.Type} with a bias of {Bias.Type}; S8 or S16 by S8 with S32 is needed");
        if (x.Shape.Rank == 0 || Weights.Shape.Rank != 2 || Weights.Shape[1] != x.Shape.Last || Bias.Shape != [Weights.Shape[0]])
            return Inferred.Shape($"weights {Weights.Shape} with bias {Bias.Shape} for {x.Shape}");
        return Requantise.Infer(x.Shape.WithLast(Weights.Shape[0]), Weights.Shape[0], LinearWork.Magnitudes(Weights, Bias, x.Magnitude));
    }

    internal override Int128 PreparedBytes => LinearWork.PreparedBytes(Weights, groups: 1) + base.PreparedBytes;

    internal override int PreparedChannels => Bias.Count;

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        LinearWork.Measure(Weights, groups: 1, rows: 1, result.Shape.Elements / Weights.Shape[0], sources[0].Shape.Elements, result, Requantise);

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Constant(Weights);
        writer.Constant(Bias);
        writer.Requantise(Requantise);
    }

    internal static DenseNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Weights = reader.Constant(),
        Bias = reader.Constant(),
        Requantise = reader.Requantise(),
    };
}
