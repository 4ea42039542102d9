using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// Moves scale between a layer and those that read it, channel by channel: a channel times f, and the weights that meet it
/// divided by f, leave the function as it is wherever the activation between them is homogeneous. Chosen well, every channel
/// fills the 8 bits that all of them share, and no power of two is wasted on the largest.
/// </summary>
internal static class Equalisation
{
    private const int Limit = 127;

    /// <summary>A channel's factor stays within this ratio of the median.</summary>
    private const double MaxRatio = 8;

    private const int ClipsTried = 8;

    /// <summary>Powers of the factors that are tried run from 0 to this many eighths; twice that where the weights are free.</summary>
    private const int MaxEighths = 4;

    /// <summary>The layer with its channels rescaled and its readers' weights adjusted; the layer itself where that is not possible.</summary>
    /// <param name="straight">The layer's values in front of its activation, by sample; rescaled too.</param>
    /// <returns>The layer, and the exponent at which its channels' clips lie at 127; null where nothing was moved.</returns>
    public static (FloatLinear Layer, int? Exponent) Apply(FloatLinear layer, double[][] straight, Readers readers)
    {
        if (layer.Activation is not (null or UnaryFunction.LeakyRelu or UnaryFunction.Clamp { Low: 0, High: double.PositiveInfinity }))
            return (layer, null);
        var targets = new List<Target>();
        if (!Collect(layer, layer, readers, targets) || targets.Count == 0)
            return (layer, null);
        var channels = new ChannelStatistics(layer, straight);
        var factors = Factors(channels, targets);
        foreach (var target in targets)
            target.Divide(factors);
        foreach (var row in straight)
        {
            for (var i = 0; i < row.Length; i++)
                row[i] *= factors[layer.ChannelOf(i)];
        }
        var top = channels.Top(factors);
        return (layer.Scaled(factors), top == 0 ? null : ExactMath.Headroom(top, Limit + 0.4995));
    }

    /// <summary>The layers that read a value, directly or through what keeps channels apart and order homogeneous. False when anything else reads it.</summary>
    private static bool Collect(FloatLinear layer, FloatNode value, Readers readers, List<Target> targets)
    {
        if (readers.AreOutputs(value))
            return false;
        foreach (var reader in readers.Of(value))
        {
            var known = reader switch
            {
                FloatConv conv when layer is FloatConv => Add(targets, new Target(conv, 1)),
                FloatDense dense when dense.FanIn % layer.Channels == 0 && IsFlat(layer, dense) => Add(targets, new Target(dense, dense.FanIn / layer.Channels)),
                FloatMaxPool or FloatReshape => Collect(layer, reader, readers, targets),
                FloatAveragePool { Activation: null } => Collect(layer, reader, readers, targets),
                _ => false,
            };
            if (!known)
                return false;
        }
        return true;
    }

    /// <summary>Whether a dense layer reads the channels one after the other: the flattened picture, or another dense layer's rows.</summary>
    private static bool IsFlat(FloatLinear layer, FloatDense dense) =>
        layer is FloatConv ? dense.Source.Shape.Length == 2 && dense.Source.Shape[0] == 1 : dense.FanIn == layer.Channels;

    private static bool Add(List<Target> targets, Target target)
    {
        targets.Add(target);
        return true;
    }

    /// <summary>
    /// Rounding a channel costs its clip over the factor, rounding the weights that meet it costs weight times factor. Factors
    /// (weight / clip)^p balance the two; of several p the one with the least noise in the readers' sums is taken. In the end the
    /// largest clip is 127 times a power of two.
    /// </summary>
    private static double[] Factors(ChannelStatistics channels, List<Target> targets)
    {
        var weights = new double[channels.Count];
        var shared = targets.Where(target => !target.IsDepthwise).ToArray();
        foreach (var target in shared)
            target.Raise(weights);
        double[] best = [];
        var least = double.PositiveInfinity;
        for (var eighths = 0; eighths <= MaxEighths; eighths++)
        {
            var factors = Normalised(channels, Balanced(channels, weights, eighths, isFree: shared.Length == 0));
            var noise = targets.Sum(target => target.Noise(channels, factors));
            if (noise < least)
                (best, least) = (factors, noise);
        }
        return best;
    }

    /// <param name="isFree">No reader shares a weight scale among the channels.</param>
    private static double[] Balanced(ChannelStatistics channels, double[] weights, int eighths, bool isFree)
    {
        var factors = new double[channels.Count];
        for (var c = 0; c < factors.Length; c++)
        {
            if (channels.Clips[c] > 0 && (isFree || weights[c] > 0))
                factors[c] = ExactMath.Power((isFree ? 1 : weights[c]) / channels.Clips[c], isFree ? 2 * eighths : eighths);
        }
        double[] alive = [.. factors.Where(factor => factor > 0).Order()];
        if (alive.Length == 0)
            return [.. factors.Select(_ => 1.0)];
        // A channel that is nearly silent in calibration must not set the scale of the others.
        var median = alive[alive.Length / 2];
        return [.. factors.Select(factor => Math.Clamp(factor, median / MaxRatio, median * MaxRatio))];
    }

    private static double[] Normalised(ChannelStatistics channels, double[] factors)
    {
        var top = channels.Top(factors);
        if (top == 0)
            return factors;
        var unit = (Limit + 0.499) * ExactMath.PowerOfTwo(-ExactMath.Headroom(top, Limit + 0.499)) / top;
        return [.. factors.Select(factor => factor * unit)];
    }

    /// <summary>What calibration saw of a layer's channels behind its activation.</summary>
    private sealed class ChannelStatistics
    {
        public ChannelStatistics(FloatLinear layer, double[][] straight)
        {
            var largest = new double[layer.Channels];
            MeanSquares = new double[layer.Channels];
            Each(layer, straight, (channel, value) =>
            {
                largest[channel] = Math.Max(largest[channel], value);
                MeanSquares[channel] += value * value;
            });
            var perChannel = straight.Sum(row => (double)row.Length) / layer.Channels;
            for (var c = 0; c < MeanSquares.Length; c++)
                MeanSquares[c] /= perChannel;
            Clips = BestClips(layer, straight, largest, perChannel);
        }

        public int Count => Clips.Length;

        /// <summary>Where each channel is best cut off.</summary>
        public double[] Clips { get; }

        public double[] MeanSquares { get; }

        /// <summary>The largest clip once channels are rescaled.</summary>
        public double Top(double[] factors) => factors.Select((factor, c) => factor * Clips[c]).Max();

        /// <summary>Weighs what 127 steps round against what the clip cuts off.</summary>
        private static double[] BestClips(FloatLinear layer, double[][] straight, double[] largest, double perChannel)
        {
            var best = (double[])largest.Clone();
            var least = new double[layer.Channels];
            Array.Fill(least, double.PositiveInfinity);
            for (var part = ClipsTried; part >= 2; part--)
            {
                var cut = new double[layer.Channels];
                var share = part / (double)ClipsTried;
                Each(layer, straight, (channel, value) =>
                {
                    var over = value - largest[channel] * share;
                    if (over > 0)
                        cut[channel] += over * over;
                });
                for (var c = 0; c < cut.Length; c++)
                {
                    var step = largest[c] * share / Limit;
                    var error = cut[c] + perChannel * step * step / 12;
                    if (error < least[c])
                        (least[c], best[c]) = (error, largest[c] * share);
                }
            }
            return best;
        }

        private static void Each(FloatLinear layer, double[][] straight, Action<int, double> visit)
        {
            foreach (var row in straight)
            {
                for (var i = 0; i < row.Length; i++)
                    visit(layer.ChannelOf(i), Math.Abs(layer.Activation?.At(row[i]) ?? row[i]));
            }
        }
    }

    /// <summary>A layer that reads the channels.</summary>
    /// <param name="Run">Consecutive inputs of a dense layer that belong to one channel.</param>
    private sealed record Target(FloatLinear Layer, int Run)
    {
        public bool IsDepthwise => Layer is FloatConv conv && conv.Groups == conv.InputChannels;

        /// <summary>Raises each channel's entry to the largest weight that meets it.</summary>
        public void Raise(double[] largest)
        {
            for (var i = 0; i < Layer.Weights.Length; i++)
                largest[ChannelOf(i)] = Math.Max(largest[ChannelOf(i)], Math.Abs(Layer.Weights[i]));
        }

        /// <summary>The variance that rounding adds to this layer's sums, up to a constant factor: of the activations, then of the weights.</summary>
        public double Noise(ChannelStatistics channels, double[] factors)
        {
            var top = channels.Top(factors);
            var noise = 0.0;
            for (var o = 0; o < Layer.Channels; o++)
            {
                double activations = 0, signal = 0, largest = 0;
                for (var i = o * Layer.FanIn; i < (o + 1) * Layer.FanIn; i++)
                {
                    var channel = ChannelOf(i);
                    var weight = Layer.Weights[i] / factors[channel];
                    activations += weight * weight;
                    largest = Math.Max(largest, Math.Abs(weight));
                    signal += channels.MeanSquares[channel] * factors[channel] * factors[channel];
                }
                noise += activations * top * top + signal * largest * largest;
            }
            return noise;
        }

        public void Divide(double[] factors)
        {
            for (var i = 0; i < Layer.Weights.Length; i++)
                Layer.Weights[i] /= factors[ChannelOf(i)];
        }

        /// <summary>The rescaled channel that a weight meets.</summary>
        private int ChannelOf(int weight) => Layer.InputOf(weight) / Run;
    }
}
