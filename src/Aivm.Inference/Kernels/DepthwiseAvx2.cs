using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>
/// A convolution in which each channel sees itself alone: sixteen channels at a time, taps in pairs (pmaddwd), over channels-last
/// tensors whose channels are padded to sixteens.
/// </summary>
internal sealed unsafe class DepthwiseAvx2Step : Step
{
    public const int BlockChannels = 16;

    private readonly PadSource _source;
    private readonly Block _destination;
    private readonly Requantiser _requantiser;
    private readonly bool _wide;
    private readonly int _channels;
    private readonly int _rows;
    private readonly int _columns;
    private readonly long _rowStride;
    private readonly long _columnStride;

    // By pair of taps: two offsets from a position's first byte.
    private readonly long[] _taps;

    // By block and pair: 32 weights of 16 bits in the order of unpacklo and unpackhi; and by block 16 biases in that order.
    private readonly PinnedArray _weights;
    private readonly PinnedArray _bias;

    public DepthwiseAvx2Step(ConvNode node, PadSource source, Tensor destination, Requantiser requantiser, bool wide, int paddedChannels, long rowBytes)
    {
        (_source, _destination, _requantiser, _wide) = (source, destination.Block, requantiser, wide);
        (_channels, _rows, _columns) = (destination.Info.Shape[0], destination.Info.Shape[1], destination.Info.Shape[2]);
        var pixel = (long)paddedChannels * (wide ? 2 : 1);
        (_rowStride, _columnStride) = (node.Window.Strides.Height * rowBytes, node.Window.Strides.Width * pixel);

        var (kernel, dilations) = (node.Window.Kernel, node.Window.Dilations);
        var count = kernel.Height * kernel.Width;
        var pairs = (count + 1) / 2;
        _taps = new long[pairs * 2];
        for (var t = 0; t < count; t++)
            _taps[t] = ((long)(t / kernel.Width) * dilations.Height * rowBytes) + ((long)(t % kernel.Width) * dilations.Width * pixel);
        // An odd last tap is paired with itself and weights of zero.
        if (count % 2 != 0)
            _taps[count] = _taps[count - 1];

        var blocks = paddedChannels / BlockChannels;
        _weights = new PinnedArray((long)blocks * pairs * 64);
        _bias = new PinnedArray((long)blocks * BlockChannels * 4);
        new Span<byte>(_weights.Pointer, checked((int)_weights.Length)).Clear();
        new Span<byte>(_bias.Pointer, checked((int)_bias.Length)).Clear();
        for (var c = 0; c < _channels; c++)
        {
            var place = PlaceOf(c % BlockChannels);
            ((int*)_bias.Pointer)[(c / BlockChannels * BlockChannels) + place] = (int)node.Bias[c];
            for (var t = 0; t < count; t++)
                ((short*)_weights.Pointer)[((((long)(c / BlockChannels) * pairs) + (t / 2)) * 32) + (place * 2) + (t % 2)] = (short)node.Weights[(c * count) + t];
        }
    }

    /// <summary>Unpacking works within 128-bit lanes: the low half holds channels 0-3 and 8-11, the high half 4-7 and 12-15.</summary>
    private static int PlaceOf(int channel) => (channel / 4) switch
    {
        1 => channel + 4,
        2 => channel - 4,
        _ => channel,
    };

    public override void Run(byte* memory)
    {
        var source = _source.Run(memory);
        var destination = memory + _destination.Offset;
        var pixel = (long)_channels * _requantiser.ElementSize;
        for (var y = 0; y < _rows; y++, source += _rowStride, destination += _columns * pixel)
            for (var channel = 0; channel < _channels; channel += BlockChannels)
                RunRow(source, destination + ((long)channel * _requantiser.ElementSize), channel, pixel);
    }

    /// <summary>One row of the result for sixteen channels; positions are requantised eight at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRow(byte* source, byte* destination, int channel, long pixel)
    {
        const int tile = 8;
        var accumulators = stackalloc int[tile * BlockChannels];
        var taps = _taps;
        var weights = (short*)_weights.Pointer + (channel / BlockChannels * taps.Length * 16L);
        var bias = (int*)_bias.Pointer + channel;
        var first = source + (_wide ? 2L * channel : channel);
        var count = Math.Min(BlockChannels, _channels - channel);
        unchecked
        {
            for (var done = 0; done < _columns; done += tile)
            {
                var positions = Math.Min(tile, _columns - done);
                for (var p = 0; p < positions; p++, first += _columnStride)
                {
                    var low = Vector256.Load(bias);
                    var high = Vector256.Load(bias + 8);
                    var pair = weights;
                    for (var t = 0; t + 1 < taps.Length; t += 2, pair += 32)
                    {
                        var a = Load(first + taps[t]);
                        var b = Load(first + taps[t + 1]);
                        low += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(a, b), Vector256.Load(pair));
                        high += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(a, b), Vector256.Load(pair + 16));
                    }
                    Avx2.Permute2x128(low, high, 0x20).Store(accumulators + (BlockChannels * p));
                    Avx2.Permute2x128(low, high, 0x31).Store(accumulators + (BlockChannels * p) + 8);
                }
                _requantiser.StoreTile(accumulators, positions, count, channel, destination, pixel);
                destination += positions * pixel;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<short> Load(byte* source) => _wide ? Vector256.Load((short*)source) : Avx2.ConvertToVector256Int16((sbyte*)source);
}
