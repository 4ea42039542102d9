using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Sums and differences of two activations: both are brought to the finer scale, then shifted to the result's.</summary>
internal static class SumLowering
{
    private const int MaxAlignment = 14;
    private const int MaxShift = 24;

    public static Value Lower(GraphBuilder builder, FloatSum sum, Value left, Value right, Precision precision)
    {
        right = builder.Reshaped(right, left.Shape);
        var straight = new double[left.Reals.Length][];
        for (var s = 0; s < straight.Length; s++)
            straight[s] = FloatInterpreter.Sum(left.Reals[s], right.Reals[s], 1, sum.Sign);
        var finish = Finish.Choose(sum.Activation, straight, sum, precision);

        var finer = Math.Max(left.Exponent, right.Exponent);
        var leftFactor = Aligned(sum, finer - left.Exponent);
        var rightFactor = sum.Sign * Aligned(sum, finer - right.Exponent);
        var wanted = finish.IsRaw ? finer : Math.Min(finish.BaseExponent, finer);
        var shift = Math.Min(finer - wanted, MaxShift);
        var magnitude = left.Magnitude * leftFactor + right.Magnitude * Math.Abs(rightFactor);
        if (magnitude + (1L << shift) >= GraphAnalysis.AccumulatorBound)
            throw Refusal.Operator(sum, "its terms have scales too far apart");

        var requantise = finish.Requantise([(byte)shift], finer - shift);
        var integers = new double[straight.Length][];
        for (var s = 0; s < integers.Length; s++)
        {
            integers[s] = FloatInterpreter.Sum(left.Integers![s], right.Integers![s], leftFactor, rightFactor);
            for (var i = 0; i < integers[s].Length; i++)
                integers[s][i] = LinearLowering.Requantised(integers[s][i], shift, requantise);
        }
        var node = new AddNode { Left = left.Number, Right = right.Number, LeftFactor = leftFactor, RightFactor = rightFactor, Requantise = requantise };
        var (low, high) = finish.IsRaw ? (-magnitude, magnitude) : finish.Range(finer - shift);
        var reals = sum.Activation is { } activation ? Lowering.EachSample(straight, row => FloatInterpreter.Map(row, activation.At)) : straight;
        var result = new Value(
            builder.Add(node), left.Shape, requantise.Output, finish.IsRaw ? finer : finish.ResultExponent(finer - shift, shift), low, high, reals, integers);
        return builder.Reported(sum, left, result, shift);
    }

    private static int Aligned(FloatSum sum, int bits) =>
        bits <= MaxAlignment ? 1 << bits : throw Refusal.Operator(sum, "its terms have scales too far apart");
}
