using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>A convolution on planar tensors, a plane of accumulators per output channel: the reference, and for groups too small to fill a vector. Rows of stride 1 use vectors where the level has them.</summary>
internal sealed unsafe class PlanarConvStep(ConvNode node, Tensor source, Tensor destination, Block plane, Requantiser requantiser, SimdLevel level) : Step
{
    private readonly PinnedArray _weights = PinnedArray.Of(node.Weights);
    private readonly PinnedArray _bias = PinnedArray.Of(node.Bias);
    private readonly Window _window = node.Window;
    private readonly int _height = source.Info.Shape[1];
    private readonly int _width = source.Info.Shape[2];
    private readonly int _channels = destination.Info.Shape[0];
    private readonly int _outputHeight = destination.Info.Shape[1];
    private readonly int _outputWidth = destination.Info.Shape[2];
    private readonly int _groupInputs = node.Weights.Shape[1];
    private readonly int _groupOutputs = node.Weights.Shape[0] / node.Groups;

    public override void Run(byte* memory)
    {
        var accumulators = (int*)(memory + plane.Offset);
        var positions = _outputHeight * _outputWidth;
        var sourcePlane = (long)_height * _width * ElementTypes.SizeOf(source.Type);
        var weights = (sbyte*)_weights.Pointer;
        for (var o = 0; o < _channels; o++)
        {
            new Span<int>(accumulators, positions).Fill(((int*)_bias.Pointer)[o]);
            var group = memory + source.Block.Offset + (o / _groupOutputs * _groupInputs * sourcePlane);
            for (var i = 0; i < _groupInputs; i++)
                for (var u = 0; u < _window.Kernel.Height; u++)
                    for (var v = 0; v < _window.Kernel.Width; v++)
                        AddTap(accumulators, group + (i * sourcePlane), u, v, *weights++);
            requantiser.StoreUniform(accumulators, positions, o, memory + destination.Block.Offset + ((long)o * positions * requantiser.ElementSize));
        }
    }

    /// <summary>One weight's share of a whole plane. The analysis bounds every accumulator below 2^29.</summary>
    private void AddTap(int* accumulators, byte* from, int u, int v, int weight)
    {
        if (weight == 0)
            return;
        var (firstX, endX) = Inside(v, _window.Strides.Width, _window.Dilations.Width, _window.Padding.Left, _width, _outputWidth);
        var (firstY, endY) = Inside(u, _window.Strides.Height, _window.Dilations.Height, _window.Padding.Top, _height, _outputHeight);
        var column = (v * _window.Dilations.Width) - _window.Padding.Left;
        for (var y = firstY; y < endY; y++)
        {
            var row = (y * _window.Strides.Height) + (u * _window.Dilations.Height) - _window.Padding.Top;
            var target = accumulators + ((long)y * _outputWidth);
            if (level != SimdLevel.Scalar && _window.Strides.Width == 1)
                AddLineVector(target, from, ((long)row * _width) + column, firstX, endX, weight);
            else if (source.Type == ElementType.S8)
                AddLine(target, (sbyte*)from + ((long)row * _width), column, firstX, endX, weight);
            else
                AddLine(target, (short*)from + ((long)row * _width), column, firstX, endX, weight);
        }
    }

    private void AddLineVector(int* target, byte* from, long first, int firstX, int endX, int weight) =>
        Accumulate.Add(level, target + firstX, from + ((first + firstX) * ElementTypes.SizeOf(source.Type)), source.Type, weight, endX - firstX);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddLine(int* target, sbyte* line, int column, int firstX, int endX, int weight)
    {
        var stride = _window.Strides.Width;
        unchecked
        {
            for (var x = firstX; x < endX; x++)
                target[x] += line[(x * stride) + column] * weight;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddLine(int* target, short* line, int column, int firstX, int endX, int weight)
    {
        var stride = _window.Strides.Width;
        unchecked
        {
            for (var x = firstX; x < endX; x++)
                target[x] += line[(x * stride) + column] * weight;
        }
    }

    /// <summary>The output positions at which a tap falls on the source and not on the padding: [first, end).</summary>
    private static (int First, int End) Inside(int tap, int stride, int dilation, int before, int size, int positions)
    {
        var offset = (tap * dilation) - before;
        var first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        var end = size - 1 - offset < 0 ? 0 : Math.Min(positions, ((size - 1 - offset) / stride) + 1);
        return (first, Math.Max(first, end));
    }
}

/// <summary>The reference dense layer.</summary>
internal sealed unsafe class DenseScalarStep(DenseNode node, Tensor source, Tensor destination, Block row, Requantiser requantiser) : Step
{
    private readonly PinnedArray _weights = PinnedArray.Of(node.Weights);
    private readonly PinnedArray _bias = PinnedArray.Of(node.Bias);
    private readonly int _inputs = node.Weights.Shape[1];
    private readonly int _outputs = node.Weights.Shape[0];

    public override void Run(byte* memory)
    {
        var accumulators = (int*)(memory + row.Offset);
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < source.Elements; start += _inputs)
        {
            for (var o = 0; o < _outputs; o++)
                accumulators[o] = Dot(from, start, (sbyte*)_weights.Pointer + ((long)o * _inputs), ((int*)_bias.Pointer)[o]);
            requantiser.StoreChannels(accumulators, _outputs, channel: 0, to);
            to += (long)_outputs * requantiser.ElementSize;
        }
    }

    /// <summary>The analysis bounds every sum below 2^29.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Dot(byte* from, long start, sbyte* weights, int sum)
    {
        var inputs = _inputs;
        unchecked
        {
            if (source.Type == ElementType.S8)
            {
                var x = (sbyte*)from + start;
                for (var i = 0; i < inputs; i++)
                    sum += x[i] * weights[i];
            }
            else
            {
                var x = (short*)from + start;
                for (var i = 0; i < inputs; i++)
                    sum += x[i] * weights[i];
            }
        }
        return sum;
    }
}
