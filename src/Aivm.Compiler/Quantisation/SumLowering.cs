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

        var finer = Common(left, right);
        (left, right) = (NoFiner(builder, sum, left, finer), NoFiner(builder, sum, right, finer));
        var leftFactor = 1 << (finer - left.Exponent);
        var rightFactor = sum.Sign * (1 << (finer - right.Exponent));
        var wanted = finish.IsRaw ? finer : Math.Min(finish.BaseExponent, finer);
        var shift = Math.Min(finer - wanted, MaxShift);
        var magnitude = left.Magnitude * leftFactor + right.Magnitude * Math.Abs(rightFactor);
        if (magnitude + (1L << shift) >= GraphAnalysis.AccumulatorBound)
            throw Refusal.Operator(sum, "its terms do not fit the accumulator bound of 2^29");

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

    /// <summary>The finer of both scales, unless a term that is much coarser would leave the accumulator there.</summary>
    private static int Common(Value left, Value right)
    {
        var coarser = Math.Min(left.Exponent, right.Exponent);
        var exponent = Math.Min(Math.Max(left.Exponent, right.Exponent), coarser + MaxAlignment);
        while (exponent > coarser && At(left, exponent) + At(right, exponent) + (1L << MaxShift) >= GraphAnalysis.AccumulatorBound)
            exponent--;
        return exponent;
    }

    private static double At(Value term, int exponent) => term.Magnitude * ExactMath.PowerOfTwo(exponent - term.Exponent);

    private static Value NoFiner(GraphBuilder builder, FloatSum sum, Value term, int exponent) =>
        term.Exponent <= exponent ? term : Alignment.To(builder, sum, term, Width.Sixteen, exponent);
}
