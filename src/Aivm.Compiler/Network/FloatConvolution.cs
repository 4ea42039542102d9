using System.Numerics;
using System.Runtime.InteropServices;
using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>
/// Convolutions in double precision. Vectors run over output channels or along rows, never over the terms of a sum: each sum starts
/// from its bias and takes its terms one by one, input channel by input channel and tap by tap, whatever the vector width.
/// </summary>
internal static class FloatConvolution
{
    /// <summary>Vectors of sums that are kept in registers.</summary>
    private const int Block = 4;

    public static double[] Run(FloatConv conv, double[] source, double[] weights, double[] bias)
    {
        var result = new double[conv.Count];
        if (conv.Channels / conv.Groups >= Vector<double>.Count)
        {
            for (var group = 0; group < conv.Groups; group++)
                new ChannelSums(conv, group, weights, bias).Run(source, result);
        }
        else
        {
            AlongRows(conv, source, weights, bias, result);
        }
        return result;
    }

    /// <summary>Few outputs a group, as in depthwise convolutions: plane by plane, weight by weight.</summary>
    private static void AlongRows(FloatConv conv, double[] source, double[] weights, double[] bias, double[] result)
    {
        var (height, width) = (conv.Source.Shape[2], conv.Source.Shape[3]);
        var (outHeight, outWidth) = (conv.Shape[2], conv.Shape[3]);
        var window = conv.Window;
        var inputs = conv.Source.Shape[1] / conv.Groups;
        var outputs = conv.Channels / conv.Groups;
        for (var o = 0; o < conv.Channels; o++)
        {
            var plane = result.AsSpan(o * outHeight * outWidth, outHeight * outWidth);
            plane.Fill(bias[o]);
            for (var i = 0; i < inputs; i++)
            {
                var image = source.AsSpan((o / outputs * inputs + i) * height * width, height * width);
                var kernel = weights.AsSpan((o * inputs + i) * window.Kernel.Height * window.Kernel.Width);
                for (var u = 0; u < window.Kernel.Height; u++)
                {
                    for (var v = 0; v < window.Kernel.Width; v++)
                    {
                        var weight = kernel[u * window.Kernel.Width + v];
                        var (dy, dx) = (u * window.Dilations.Height - window.Padding.Top, v * window.Dilations.Width - window.Padding.Left);
                        AddShifted(plane, outHeight, outWidth, image, height, width, weight, dy, dx, window.Strides);
                    }
                }
            }
        }
    }

    /// <summary>plane[y, x] += weight * image[y * stride + dy, x * stride + dx] wherever that lies inside.</summary>
    private static void AddShifted(
        Span<double> plane, int outHeight, int outWidth, ReadOnlySpan<double> image, int height, int width, double weight, int dy, int dx, Extent strides)
    {
        var first = dx >= 0 ? 0 : (-dx + strides.Width - 1) / strides.Width;
        var end = dx >= width ? 0 : Math.Min(outWidth, (width - 1 - dx) / strides.Width + 1);
        if (first >= end)
            return;
        for (var y = 0; y < outHeight; y++)
        {
            var row = y * strides.Height + dy;
            if (row < 0 || row >= height)
                continue;
            var line = plane.Slice(y * outWidth, outWidth);
            var from = image.Slice(row * width, width);
            if (strides.Width == 1)
            {
                AddScaled(line[first..end], from.Slice(first + dx, end - first), weight);
                continue;
            }
            for (var x = first; x < end; x++)
                line[x] += weight * from[x * strides.Width + dx];
        }
    }

    public static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(target[i..]) + new Vector<double>(source[i..]) * factor).CopyTo(target[i..]);
        for (; i < target.Length; i++)
            target[i] += source[i] * factor;
    }

    /// <summary>All outputs of one group, position by position.</summary>
    private sealed class ChannelSums
    {
        private readonly FloatConv _conv;
        private readonly int _group;
        private readonly int _outputs;

        /// <summary>Vectors that hold a number for each output, rounded up to whole blocks.</summary>
        private readonly int _vectors;

        private readonly Vector<double>[] _bias;

        /// <summary>By tap, then by output.</summary>
        private readonly Vector<double>[] _weights;

        /// <summary>The taps of one position that lie inside, and what the source holds there.</summary>
        private readonly int[] _taps;
        private readonly double[] _values;

        public ChannelSums(FloatConv conv, int group, double[] weights, double[] bias)
        {
            _conv = conv;
            _group = group;
            _outputs = conv.Channels / conv.Groups;
            _vectors = (_outputs + Vector<double>.Count * Block - 1) / (Vector<double>.Count * Block) * Block;
            _taps = new int[conv.FanIn];
            _values = new double[conv.FanIn];
            _bias = new Vector<double>[_vectors];
            _weights = new Vector<double>[conv.FanIn * _vectors];
            var first = group * _outputs;
            bias.AsSpan(first, _outputs).CopyTo(MemoryMarshal.Cast<Vector<double>, double>(_bias.AsSpan()));
            var byTap = MemoryMarshal.Cast<Vector<double>, double>(_weights.AsSpan());
            for (var o = 0; o < _outputs; o++)
            {
                for (var tap = 0; tap < conv.FanIn; tap++)
                    byTap[tap * _vectors * Vector<double>.Count + o] = weights[(first + o) * conv.FanIn + tap];
            }
        }

        public void Run(double[] source, double[] result)
        {
            var sums = new Vector<double>[_vectors];
            var plane = _conv.Shape[2] * _conv.Shape[3];
            for (var position = 0; position < plane; position++)
            {
                Sum(Gather(source, position / _conv.Shape[3], position % _conv.Shape[3]), sums);
                var channels = MemoryMarshal.Cast<Vector<double>, double>(sums);
                for (var o = 0; o < _outputs; o++)
                    result[(_group * _outputs + o) * plane + position] = channels[o];
            }
        }

        /// <summary>How many taps of a position lie inside.</summary>
        private int Gather(double[] source, int y, int x)
        {
            var (height, width) = (_conv.Source.Shape[2], _conv.Source.Shape[3]);
            var (window, kernel) = (_conv.Window, _conv.Window.Kernel);
            var inputs = _conv.Source.Shape[1] / _conv.Groups;
            var count = 0;
            for (var i = 0; i < inputs; i++)
            {
                for (var u = 0; u < kernel.Height; u++)
                {
                    var row = y * window.Strides.Height + u * window.Dilations.Height - window.Padding.Top;
                    if (row < 0 || row >= height)
                        continue;
                    for (var v = 0; v < kernel.Width; v++)
                    {
                        var column = x * window.Strides.Width + v * window.Dilations.Width - window.Padding.Left;
                        if (column < 0 || column >= width)
                            continue;
                        _taps[count] = (i * kernel.Height + u) * kernel.Width + v;
                        _values[count++] = source[((_group * inputs + i) * height + row) * width + column];
                    }
                }
            }
            return count;
        }

        private void Sum(int count, Vector<double>[] sums)
        {
            for (var at = 0; at < _vectors; at += Block)
            {
                var (a, b, c, d) = (_bias[at], _bias[at + 1], _bias[at + 2], _bias[at + 3]);
                for (var t = 0; t < count; t++)
                {
                    var value = new Vector<double>(_values[t]);
                    var weights = _weights.AsSpan(_taps[t] * _vectors + at, Block);
                    a += weights[0] * value;
                    b += weights[1] * value;
                    c += weights[2] * value;
                    d += weights[3] * value;
                }
                (sums[at], sums[at + 1], sums[at + 2], sums[at + 3]) = (a, b, c, d);
            }
        }
    }
}
