using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>
/// Weights of a convolution or dense layer in the order in which vectors use them. A chunk is 4 bytes of the source (4 elements of S8,
/// 2 of S16) for 8 output channels: 32 bytes. Taps are runs of contiguous source bytes: a row of the kernel, or one position of it
/// where groups or dilation break rows apart.
/// </summary>
internal sealed unsafe class PackedWeights
{
    public const int BlockChannels = 8;
    public const int ChunkBytes = 32;

    private readonly PinnedArray _weights;
    private readonly PinnedArray _bias;

    /// <param name="weights">[Cout, Cin / groups, kernel height, kernel width].</param>
    /// <param name="wide">Source elements have 16 bits.</param>
    /// <param name="sourceChannels">Of the tensor, all groups together.</param>
    /// <param name="rowBytes">Of the padded source.</param>
    public PackedWeights(Constant weights, Constant bias, Window window, int groups, bool wide, int sourceChannels, long rowBytes)
    {
        var (outputs, inputs) = (weights.Shape[0], weights.Shape[1]);
        var (height, width) = (window.Kernel.Height, window.Kernel.Width);
        var elementSize = wide ? 2 : 1;
        var perChunk = 4 / elementSize;
        var joined = groups == 1 && (window.Dilations.Width == 1 || width == 1);
        var (taps, run) = joined ? (height, width * inputs) : (height * width, inputs);

        GroupChannels = outputs / groups;
        Blocks = (GroupChannels + BlockChannels - 1) / BlockChannels;
        Chunks = (run + perChunk - 1) / perChunk;
        Taps = new int[taps];
        for (var t = 0; t < taps; t++)
        {
            var (u, v) = joined ? (t, 0) : (t / width, t % width);
            Taps[t] = checked((int)((u * window.Dilations.Height * rowBytes) + ((long)v * window.Dilations.Width * sourceChannels * elementSize)));
        }
        BlockBytes = (long)taps * Chunks * ChunkBytes;
        _weights = new PinnedArray(BlockBytes * Blocks * groups);
        _bias = new PinnedArray(4L * Blocks * BlockChannels * groups);
        new Span<byte>(_weights.Pointer, checked((int)_weights.Length)).Clear();
        new Span<byte>(_bias.Pointer, checked((int)_bias.Length)).Clear();

        var places = new int[inputs * height * width];
        for (var i = 0; i < inputs; i++)
            for (var u = 0; u < height; u++)
                for (var v = 0; v < width; v++)
                {
                    var (tap, element) = joined ? (u, (v * inputs) + i) : ((u * width) + v, i);
                    var chunk = ((tap * Chunks) + (element / perChunk)) * ChunkBytes;
                    places[(((i * height) + u) * width) + v] = chunk + (element % perChunk * elementSize);
                }
        for (var o = 0; o < outputs; o++)
        {
            var (block, lane) = BlockOf(o);
            ((int*)_bias.Pointer)[(block * BlockChannels) + lane] = (int)bias[o];
            Scatter(weights.Bytes.Slice(o * places.Length, places.Length), places, _weights.Pointer + (block * BlockBytes) + (lane * 4), wide);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(ReadOnlySpan<byte> weights, ReadOnlySpan<int> places, byte* target, bool wide)
    {
        unchecked
        {
            for (var i = 0; i < weights.Length; i++)
            {
                if (wide)
                    *(short*)(target + places[i]) = (sbyte)weights[i];
                else
                    target[places[i]] = weights[i];
            }
        }
    }

    /// <summary>Offsets of the runs from a position's first byte.</summary>
    public int[] Taps { get; }

    /// <summary>Chunks in a run.</summary>
    public int Chunks { get; }

    /// <summary>Output channels of a group.</summary>
    public int GroupChannels { get; }

    /// <summary>Blocks of a group.</summary>
    public int Blocks { get; }

    public long BlockBytes { get; }

    public byte* WeightsOf(int group, int block) => _weights.Pointer + ((((long)group * Blocks) + block) * BlockBytes);

    public int* BiasOf(int group, int block) => (int*)_bias.Pointer + ((((long)group * Blocks) + block) * BlockChannels);

    private (long Block, int Lane) BlockOf(int output)
    {
        var (group, channel) = (output / GroupChannels, output % GroupChannels);
        return (((long)group * Blocks) + (channel / BlockChannels), channel % BlockChannels);
    }
}
