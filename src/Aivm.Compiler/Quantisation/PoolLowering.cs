using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

internal static class PoolLowering
{
    private const int MaxShift = 24;

    public static Value Maximum(GraphBuilder builder, FloatMaxPool pool, Value source)
    {
        source = builder.Reshaped(source, Lowering.Natural(pool.Source.Shape));
        double[] Pooled(double[] row) => FloatInterpreter.MaxPool(pool.Source.Shape, pool.Window, row);
        var result = source with
        {
            Number = builder.Add(new MaxPoolNode { Source = source.Number, Window = pool.Window }),
            Shape = Lowering.Natural(pool.Shape),
            Reals = Lowering.EachSample(source.Reals, Pooled),
            Integers = Lowering.EachSample(source.Integers!, Pooled),
        };
        return builder.Reported(pool, source, result);
    }

    /// <summary>The average as (sum * m + 2^(k-1)) >> k, with the widest m that the accumulator bound leaves.</summary>
    public static Value Average(GraphBuilder builder, FloatAveragePool pool, Value source, Precision precision)
    {
        source = builder.Reshaped(source, Lowering.Natural(pool.Source.Shape));
        var elements = pool.Window.Kernel.Height * pool.Window.Kernel.Width;
        var straight = Lowering.EachSample(source.Reals, row => FloatInterpreter.Average(pool, row));
        var finish = Finish.Choose(pool.Activation, straight, pool, precision);

        // One unit of the sum is 2^-e / elements; at the finest scale that the bound allows m is at least 1.
        var room = ExactMath.Headroom(Math.Max(source.Magnitude, 1), (GraphAnalysis.AccumulatorBound >> 1) - elements);
        var finest = source.Exponent + room - 1;
        var wanted = finish.IsRaw ? finest : Math.Min(finish.BaseExponent, finest);
        var shift = finish.IsRaw ? 0 : Math.Min(finest - wanted, MaxShift);
        var scale = ExactMath.PowerOfTwo(wanted + shift - source.Exponent);
        var multiplier = (int)Math.Floor(scale / elements + 0.5);
        if (multiplier is < 1 or > 1 << 24)
            throw Refusal.Operator(pool, $"its window of {elements} elements is too large to average");

        var requantise = finish.Requantise([(byte)shift], wanted);
        var integers = Lowering.EachSample(source.Integers!, row => Averaged(pool, row, elements, multiplier, shift, requantise));
        var node = new AveragePoolNode
        {
            Source = source.Number,
            Window = pool.Window,
            Multiplier = multiplier,
            ExcludesPadding = pool.ExcludesPadding,
            Requantise = requantise,
        };
        var magnitude = source.Magnitude * ((long)elements * multiplier + elements / 2);
        var (low, high) = finish.IsRaw ? (-magnitude, magnitude) : finish.Range(wanted);
        var reals = pool.Activation is { } activation ? Lowering.EachSample(straight, row => FloatInterpreter.Map(row, activation.At)) : straight;
        var result = new Value(
            builder.Add(node), Lowering.Natural(pool.Shape), requantise.Output, finish.ResultExponent(wanted, shift), low, high, reals, integers);
        return builder.Reported(pool, source, result, shift);
    }

    private static double[] Averaged(FloatAveragePool pool, double[] row, int elements, int multiplier, int shift, Requantise requantise)
    {
        var taps = new WindowTaps(pool.Source.Shape, pool.Window);
        var sums = FloatInterpreter.WindowSums(taps, row);
        for (var i = 0; i < sums.Length; i++)
        {
            var inside = taps.TouchedBy(i);
            var factor = pool.ExcludesPadding && inside != elements
                ? ((long)multiplier * elements + inside / 2) / inside
                : multiplier;
            sums[i] = LinearLowering.Requantised(sums[i] * factor, shift, requantise);
        }
        return sums;
    }
}
