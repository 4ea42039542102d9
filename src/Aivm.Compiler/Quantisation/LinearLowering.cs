using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Convolutions and dense layers: s8 weights with an exponent per channel, s32 bias, one shift per channel.</summary>
internal static class LinearLowering
{
    private const int WeightLimit = 127;

    /// <param name="readBy">Whose readers decide the result's width, when it is not the layer itself.</param>
    public static Value Lower(GraphBuilder builder, FloatLinear node, Value source, Precision precision, bool seeded, FloatNode? readBy = null)
    {
        var layer = node;
        source = builder.Reshaped(source, Operand(layer, source));
        var straight = Lowering.EachSample(source.Reals, row => FloatInterpreter.Linear(layer, row, layer.Weights, layer.Bias));
        Exponents.Largest(node, straight);
        int? exponent = null;
        if (readBy is null)
            (layer, exponent) = Equalisation.Apply(layer, straight, precision.Readers);
        var finish = Finish.Choose(layer.Activation, straight, readBy ?? node, precision, exponent);
        var fit = ShiftFit.Find(layer, source, finish);

        var accumulators = Lowering.EachSample(source.Integers!, row => FloatInterpreter.Linear(layer, row, fit.Weights, fit.Bias));
        if (!seeded)
        {
            var corrected = Corrected(layer, source, fit, straight, accumulators);
            if (fit.Holds(source, corrected))
            {
                Move(layer, accumulators, fit.Bias, corrected);
                fit = fit with { Bias = corrected };
            }
        }

        var requantise = finish.Requantise(fit);
        var integers = Lowering.EachSample(accumulators, row => Requantised(layer, row, fit, requantise));
        var (low, high) = finish.Range(fit, source);
        var reals = layer.Activation is { } activation ? Lowering.EachSample(straight, row => FloatInterpreter.Map(row, activation.At)) : straight;
        var result = new Value(builder.Add(Node(layer, source, fit, requantise)), Result(layer, source), requantise.Output, finish.ResultExponent(fit), low, high, reals, integers);
        return builder.Reported(layer, source, result, requantise.MaxShift);
    }

    /// <summary>y as <see cref="Inference.Requantise"/> defines it, exact in doubles since every number is below 2^53.</summary>
    public static double Requantised(double accumulator, int shift, Requantise requantise)
    {
        if (requantise.Activation is null)
            return accumulator * ExactMath.PowerOfTwo(requantise.MaxShift - shift);
        var scaled = shift == 0 ? accumulator : Math.Floor(accumulator * ExactMath.PowerOfTwo(-shift) + 0.5);
        return requantise.Activation switch
        {
            Activation.Clamp(var low, var high) => Math.Min(Math.Max(scaled, low), high),
            Activation.Table(var low, var entries) => entries[(int)Math.Clamp(scaled - low, 0, entries.Count - 1)],
            _ => throw new InvalidOperationException("An activation without a meaning."),
        };
    }

    /// <summary>In place: a layer's numbers may be many, and nobody reads its accumulators any more.</summary>
    private static double[] Requantised(FloatLinear layer, double[] accumulators, ShiftFit fit, Requantise requantise)
    {
        for (var i = 0; i < accumulators.Length; i++)
            accumulators[i] = Requantised(accumulators[i], fit.Shifts[layer.ChannelOf(i)], requantise);
        return accumulators;
    }

    /// <summary>The bias that brings the mean of each channel's integers to the mean of its real values.</summary>
    private static double[] Corrected(FloatLinear layer, Value source, ShiftFit fit, double[][] straight, double[][] accumulators)
    {
        var sums = new double[layer.Channels];
        var count = 0L;
        for (var s = 0; s < straight.Length; s++)
        {
            for (var i = 0; i < straight[s].Length; i++)
            {
                var channel = layer.ChannelOf(i);
                sums[channel] += straight[s][i] - accumulators[s][i] * ExactMath.PowerOfTwo(-fit.AccumulatorExponent(source, channel));
            }
            count += straight[s].Length / layer.Channels;
        }
        return [.. sums.Select((sum, c) => Math.Floor(fit.Bias[c] + sum / count * ExactMath.PowerOfTwo(fit.AccumulatorExponent(source, c)) + 0.5))];
    }

    private static void Move(FloatLinear layer, double[][] accumulators, double[] from, double[] to)
    {
        foreach (var row in accumulators)
        {
            for (var i = 0; i < row.Length; i++)
                row[i] += to[layer.ChannelOf(i)] - from[layer.ChannelOf(i)];
        }
    }

    private static Shape Operand(FloatLinear layer, Value source)
    {
        if (layer is FloatConv)
            return Lowering.Natural(layer.Source.Shape);
        var natural = Lowering.Natural(layer.Source.Shape);
        return source.Shape.Rank > 0 && source.Shape.Last == layer.FanIn ? source.Shape : natural;
    }

    private static Shape Result(FloatLinear layer, Value source) =>
        layer is FloatConv ? Lowering.Natural(layer.Shape) : [.. source.Shape.Dimensions[..^1], layer.Channels];

    private static GraphNode Node(FloatLinear layer, Value source, ShiftFit fit, Requantise requantise)
    {
        sbyte[] weights = [.. fit.Weights.Select(weight => (sbyte)weight)];
        var bias = Constant.S32([layer.Channels], [.. fit.Bias.Select(value => (int)value)]);
        if (layer is not FloatConv conv)
        {
            return new DenseNode
            {
                Source = source.Number,
                Weights = Constant.S8([layer.Channels, layer.FanIn], weights),
                Bias = bias,
                Requantise = requantise,
            };
        }
        var kernel = conv.Window.Kernel;
        return new ConvNode
        {
            Source = source.Number,
            Weights = Constant.S8([conv.Channels, conv.FanIn / (kernel.Height * kernel.Width), kernel.Height, kernel.Width], weights),
            Bias = bias,
            Window = conv.Window,
            Groups = conv.Groups,
            Requantise = requantise,
        };
    }

    /// <summary>
    /// Weights, biases and shifts that respect the accumulator bound: (sum|w| * max|x| + |b|) * 2^(S - s) + 2^(S-1) &lt; 2^29 for
    /// every channel, S the largest shift.
    /// </summary>
    /// <param name="Base">The exponent before the activation: accumulator exponent minus shift, the same for all channels.</param>
    internal sealed record ShiftFit(int Base, int[] Shifts, double[] Weights, double[] Bias)
    {
        public int MaxShift => Shifts.Max();

        public int AccumulatorExponent(Value source, int channel) => Base + Shifts[channel];

        /// <summary>
        /// Starts from each channel's best weight exponent; where the bound does not hold, the channels with the finest weights
        /// give up precision first, then the layer's result.
        /// </summary>
        public static ShiftFit Find(FloatLinear layer, Value source, Finish finish)
        {
            var wanted = WeightExponents(layer, source);
            var coarsest = source.Exponent + wanted.Min();
            var highest = finish.IsRaw ? coarsest : Math.Min(finish.BaseExponent, coarsest);
            var largest = LargestSum(layer, source);
            for (var start = highest; start > highest - 64; start--)
            {
                for (var cap = Math.Min(Inference.Requantise.MaxShiftAllowed, source.Exponent + wanted.Max() - start); cap >= 0; cap--)
                {
                    int[] shifts = [.. wanted.Select(exponent => Math.Min(cap, source.Exponent + exponent - start))];
                    if (shifts.Min() < 0)
                        break;
                    // At the common scale a sum is as large whatever its channel's shift: no need to round weights to see it is far too large.
                    if (largest * ExactMath.PowerOfTwo(start + cap) > 4.0 * GraphAnalysis.AccumulatorBound)
                        continue;
                    var fit = Of(layer, source, start, shifts);
                    if (fit.Holds(source, fit.Bias))
                        return fit;
                }
            }
            throw Refusal.Operator(layer, "its sums do not fit the accumulator bound of 2^29");
        }

        public bool Holds(Value source, double[] bias)
        {
            var rounding = MaxShift == 0 ? 0 : ExactMath.PowerOfTwo(MaxShift - 1);
            var fanIn = Weights.Length / Shifts.Length;
            for (var c = 0; c < Shifts.Length; c++)
            {
                var sum = 0.0;
                foreach (var weight in Weights.AsSpan(c * fanIn, fanIn))
                    sum += Math.Abs(weight);
                var magnitude = (sum * source.Magnitude + Math.Abs(bias[c])) * ExactMath.PowerOfTwo(MaxShift - Shifts[c]) + rounding;
                if (!(magnitude < GraphAnalysis.AccumulatorBound))
                    return false;
            }
            return true;
        }

        /// <summary>The largest |accumulator| after channels are brought to one scale.</summary>
        public long Magnitude(Value source)
        {
            var fanIn = Weights.Length / Shifts.Length;
            return (long)Enumerable.Range(0, Shifts.Length).Max(c =>
                (Weights.Skip(c * fanIn).Take(fanIn).Sum(Math.Abs) * source.Magnitude + Math.Abs(Bias[c])) * ExactMath.PowerOfTwo(MaxShift - Shifts[c]));
        }

        private static ShiftFit Of(FloatLinear layer, Value source, int start, int[] shifts)
        {
            var weights = new double[layer.Weights.Length];
            var bias = new double[layer.Channels];
            for (var c = 0; c < layer.Channels; c++)
            {
                var exponent = start + shifts[c] - source.Exponent;
                for (var i = c * layer.FanIn; i < (c + 1) * layer.FanIn; i++)
                    weights[i] = Exponents.Quantise(layer.Weights[i], exponent, WeightLimit);
                bias[c] = Math.Floor(layer.Bias[c] * ExactMath.PowerOfTwo(start + shifts[c]) + 0.5);
            }
            return new ShiftFit(start, shifts, weights, bias);
        }

        /// <summary>The largest sum that a channel could reach, in real numbers; clipping may cut its weights down.</summary>
        private static double LargestSum(FloatLinear layer, Value source)
        {
            var largest = 0.0;
            for (var c = 0; c < layer.Channels; c++)
            {
                var sum = 0.0;
                foreach (var weight in layer.Weights.AsSpan(c * layer.FanIn, layer.FanIn))
                    sum += Math.Abs(weight);
                largest = Math.Max(largest, (sum * source.Magnitude * ExactMath.PowerOfTwo(-source.Exponent)) + Math.Abs(layer.Bias[c]));
            }
            return largest;
        }

        private static int[] WeightExponents(FloatLinear layer, Value source)
        {
            var squares = MeanSquares(layer, source);
            var importance = new double[layer.FanIn];
            var exponents = new int[layer.Channels];
            for (var c = 0; c < exponents.Length; c++)
            {
                for (var i = 0; i < importance.Length; i++)
                    importance[i] = squares[layer.InputOf((c * layer.FanIn) + i)];
                exponents[c] = Exponents.ForWeights(layer.Weights.AsSpan(c * layer.FanIn, layer.FanIn), importance, WeightLimit, highest: 60);
            }
            return exponents;
        }

        /// <summary>By input channel, what calibration saw; never quite zero, so that a silent channel keeps sensible weights.</summary>
        private static double[] MeanSquares(FloatLinear layer, Value source)
        {
            var sums = new double[layer.InputChannels];
            var count = 0L;
            foreach (var row in source.Reals)
            {
                var run = layer is FloatConv ? row.Length / sums.Length : 1;
                for (var i = 0; i < row.Length; i++)
                    sums[i / run % sums.Length] += row[i] * row[i];
                count += row.Length / sums.Length;
            }
            var floor = Math.Max(sums.Sum() / sums.Length * 1e-6, 1e-30);
            return [.. sums.Select(sum => (sum + floor) / count)];
        }
    }
}
