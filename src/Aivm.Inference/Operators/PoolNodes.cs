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

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsActivation)
            return Inferred.Type($"pooling {x.Type}; S8 or S16 is needed");
        if (x.Shape.Rank != 3)
            return Inferred.Shape($"pooling {x.Shape}; [channels, height, width] is needed");
        if (Window.Apply(x.Shape, x.Shape[0], out var shape) is { } fault)
            return fault;
        return Window.AlwaysTouches(x.Shape[1], x.Shape[2]) ? new ValueInfo(x.Type, shape, x.Min, x.Max) : Inferred.Shape("a pool's window lies wholly in the padding");
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) => new(0, PoolWork.Measure(Window, result));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Window(Window);
    }

    internal static MaxPoolNode Read(ref GraphReader reader) => new() { Source = reader.Value(), Window = reader.Window() };
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

    public override ImmutableArray<Constant> Constants => Requantise.Constants;

    internal const int MaxMultiplier = 1 << 24;

    internal override Inferred Infer(ReadOnlySpan<ValueInfo> sources)
    {
        var x = sources[0];
        if (!x.IsActivation)
            return Inferred.Type($"pooling {x.Type}; S8 or S16 is needed");
        if (x.Shape.Rank != 3)
            return Inferred.Shape($"pooling {x.Shape}; [channels, height, width] is needed");
        if (Window.Apply(x.Shape, x.Shape[0], out var shape) is { } fault)
            return fault;
        if (!Window.AlwaysTouches(x.Shape[1], x.Shape[2]))
            return Inferred.Shape("a pool's window lies wholly in the padding");
        if (Multiplier is < 1 or > MaxMultiplier)
            return Inferred.Field($"a multiplier of {Multiplier}; 1 to {MaxMultiplier}");
        // m_n * n is at most m * N + n / 2 where a window has lost elements to the padding.
        var elements = (long)Window.Kernel.Height * Window.Kernel.Width;
        var weight = (elements * Multiplier) + (ExcludesPadding ? elements / 2 : 0);
        // Over a source that is always zero too: multipliers of fewer elements have 32 bits in a run.
        return Requantise.Infer(shape, channels: 1, [weight * Math.Max(1, x.Magnitude)]);
    }

    /// <summary>m for a window with n elements inside the source.</summary>
    internal int MultiplierOf(int inside)
    {
        var elements = (long)Window.Kernel.Height * Window.Kernel.Width;
        return ExcludesPadding && inside != elements ? (int)(((Multiplier * elements) + (inside / 2)) / inside) : Multiplier;
    }

    internal override Work Measure(ReadOnlySpan<ValueInfo> sources, ValueInfo result) =>
        new(0, PoolWork.Measure(Window, result) + LinearWork.Finish(result, Requantise));

    internal override void Write(GraphWriter writer)
    {
        writer.Value(Source);
        writer.Window(Window);
        writer.Int32(Multiplier);
        writer.Flag(ExcludesPadding);
        writer.Requantise(Requantise);
    }

    internal static AveragePoolNode Read(ref GraphReader reader) => new()
    {
        Source = reader.Value(),
        Window = reader.Window(),
        Multiplier = reader.Int32(),
        ExcludesPadding = reader.Flag(),
        Requantise = reader.Requantise(),
    };
}

/// <summary>What pools share.</summary>
internal static class PoolWork
{
    public static Int128 Measure(Window window, ValueInfo result) =>
        ((Int128)window.Kernel.Height * window.Kernel.Width * ((result.Shape.Elements * (Int128)GasTable.Pool) + ((Int128)result.Shape[1] * result.Shape[2] * GasTable.PoolTap)))
        + ((Int128)result.Shape[1] * result.Shape[2] * GasTable.Position);
}
