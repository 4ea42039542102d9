using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>From accumulators of one scale to a result: what products and sums of rows have in common.</summary>
internal static class AccumulatorLowering
{
    /// <param name="straight">Real values in front of the activation, by sample.</param>
    /// <param name="accumulators">By sample, exactly.</param>
    /// <param name="exponent">Of the accumulators.</param>
    /// <param name="magnitude">None is larger; below the accumulator bound.</param>
    /// <param name="node">Makes the integer node.</param>
    public static Value Finish(
        GraphBuilder builder, FloatNode layer, Value source, Shape shape, double[][] straight, double[][] accumulators, int exponent, long magnitude,
        Precision precision, Func<Requantise, GraphNode> node)
    {
        var activation = (layer as FloatActivated)?.Activation;
        var finish = Quantisation.Finish.Choose(activation, straight, layer, precision);
        var shift = finish.IsRaw ? 0 : Math.Clamp(exponent - finish.BaseExponent, 0, MaxShift(magnitude));
        var requantise = finish.Requantise([(byte)shift], exponent - shift);
        var (low, high) = finish.IsRaw ? (-magnitude, magnitude) : finish.Range(exponent - shift);
        var reals = activation is null ? straight : Lowering.EachSample(straight, row => FloatInterpreter.Map(row, activation.At));
        var integers = Lowering.EachSample(accumulators, row => FloatInterpreter.Map(row, sum => LinearLowering.Requantised(sum, shift, requantise)));
        var result = new Value(builder.Add(node(requantise)), shape, requantise.Output, finish.ResultExponent(exponent - shift, shift), low, high, reals, integers);
        return builder.Reported(layer, source, result, shift);
    }

    /// <summary>The largest shift whose rounding term the accumulator still holds.</summary>
    private static int MaxShift(long magnitude)
    {
        var shift = Requantise.MaxShiftAllowed;
        while (shift > 0 && magnitude + (1L << (shift - 1)) >= GraphAnalysis.AccumulatorBound)
            shift--;
        return shift;
    }
}
