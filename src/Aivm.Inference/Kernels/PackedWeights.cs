using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>
/// Weights of a convolution or dense layer in the order in which vectors use them. A chunk is 4 bytes of the source (4 elements of S8,
/// 2 of S16) for 8 output channels: 32 bytes. Blocks of 8 channels go in pairs, chunk beside chunk; an odd last one goes alone.
/// Taps are runs of contiguous source bytes: a row of the kernel, or one position of it where groups or dilation break rows apart.
/// </summary>
internal sealed unsafe class PackedWeights
{
    public const int BlockChannels = 8;
    public const int ChunkBytes = 32;

    private const int Padding = -1;

    private readonly PinnedArray _weights;
    private readonly PinnedArray _bias;

    /// <param name="weights">[Cout, Cin / groups, kernel height, kernel width].</param>
    /// <param name="sourceChannels">Of the tensor, all groups together.</param>
    /// <param name="rowBytes">Of the padded source.</param>
    public PackedWeights(Constant weights, Constant bias, Window window, int groups, SourceForm form, int sourceChannels, long rowBytes)
    {
        var (outputs, inputs) = (weights.Shape[0], weights.Shape[1]);
        var (height, width) = (window.Kernel.Height, window.Kernel.Width);
        var wide = form == SourceForm.Wide;
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
        new Span<byte>(_bias.Pointer, checked((int)_bias.Length)).Clear();

        // The place in a row of weights of each packed element; Padding behind the end of a run.
        var places = new int[taps * Chunks * perChunk];
        Array.Fill(places, Padding);
        for (var i = 0; i < inputs; i++)
            for (var u = 0; u < height; u++)
                for (var v = 0; v < width; v++)
                {
                    var (tap, element) = joined ? (u, (v * inputs) + i) : ((u * width) + v, i);
                    places[(tap * Chunks * perChunk) + element] = (((i * height) + u) * width) + v;
                }
        var row = weights.Count / outputs;
        for (var o = 0; o < outputs; o++)
        {
            var (block, lane) = BlockOf(o);
            // An offset source adds 128 times its weights. Sources of small numbers may have so many that 32 bits overflow: what wraps here wraps back in a run.
            var correction = form == SourceForm.Offset ? SumOf(weights.Bytes.Slice(o * row, row)) : 0;
            ((int*)_bias.Pointer)[(block * BlockChannels) + lane] = unchecked((int)bias[o] - (128 * correction));
        }
        for (var group = 0; group < groups; group++)
            for (var block = 0; block < Blocks; block++)
            {
                var first = block * BlockChannels;
                var lanes = Math.Min(BlockChannels, GroupChannels - first);
                var rows = weights.Bytes.Slice(((group * GroupChannels) + first) * row, lanes * row);
                if (wide)
                    PackWide(rows, row, places, WeightsOf(group, block), StrideOf(block));
                else
                    Pack(rows, row, places, WeightsOf(group, block), StrideOf(block));
            }
    }

    private static int SumOf(ReadOnlySpan<byte> weights)
    {
        var sum = 0;
        foreach (var weight in weights)
            sum += unchecked((sbyte)weight);
        return sum;
    }

    /// <summary>One block of S8 weights for S8 elements: chunk by chunk, so that what is written is written once and in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(ReadOnlySpan<byte> rows, int row, ReadOnlySpan<int> places, byte* target, int stride)
    {
        var lanes = rows.Length / row;
        unchecked
        {
            fixed (byte* weights = rows)
                for (var i = 0; i < places.Length; i += 4, target += stride)
                {
                    var (p0, p1, p2, p3) = (places[i], places[i + 1], places[i + 2], places[i + 3]);
                    for (var lane = 0; lane < lanes; lane++)
                    {
                        var from = weights + (lane * row);
                        var to = target + (4 * lane);
                        if (p1 == p0 + 1 && p2 == p0 + 2 && p3 == p0 + 3)
                        {
                            // Rising by one in each step: dense layers and kernels of one position.
                            Unsafe.CopyBlockUnaligned(to, from + p0, 4);
                            continue;
                        }
                        to[0] = p0 == Padding ? (byte)0 : from[p0];
                        to[1] = p1 == Padding ? (byte)0 : from[p1];
                        to[2] = p2 == Padding ? (byte)0 : from[p2];
                        to[3] = p3 == Padding ? (byte)0 : from[p3];
                    }
                    new Span<byte>(target + (4 * lanes), ChunkBytes - (4 * lanes)).Clear();
                }
        }
    }

    /// <summary>As <see cref="Pack"/>, for S16 elements: the weights have 16 bits as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackWide(ReadOnlySpan<byte> rows, int row, ReadOnlySpan<int> places, byte* target, int stride)
    {
        var lanes = rows.Length / row;
        unchecked
        {
            fixed (byte* weights = rows)
                for (var i = 0; i < places.Length; i += 2, target += stride)
                {
                    var (p0, p1) = (places[i], places[i + 1]);
                    for (var lane = 0; lane < lanes; lane++)
                    {
                        var from = weights + (lane * row);
                        var to = (short*)target + (2 * lane);
                        to[0] = p0 == Padding ? (short)0 : (sbyte)from[p0];
                        to[1] = p1 == Padding ? (short)0 : (sbyte)from[p1];
                    }
                    new Span<byte>(target + (4 * lanes), ChunkBytes - (4 * lanes)).Clear();
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

    /// <summary>Of one block's weights.</summary>
    public long BlockBytes { get; }

    public byte* WeightsOf(int group, int block)
    {
        var first = _weights.Pointer + ((long)group * Blocks * BlockBytes);
        return IsPaired(block) ? first + ((block & ~1) * BlockBytes) + ((block & 1) * ChunkBytes) : first + (block * BlockBytes);
    }

    /// <summary>Bytes from a chunk of a block to its next.</summary>
    public int StrideOf(int block) => IsPaired(block) ? 2 * ChunkBytes : ChunkBytes;

    private bool IsPaired(int block) => (block | 1) < Blocks;

    public int* BiasOf(int group, int block) => (int*)_bias.Pointer + ((((long)group * Blocks) + block) * BlockChannels);

    private (long Block, int Lane) BlockOf(int output)
    {
        var (group, channel) = (output / GroupChannels, output % GroupChannels);
        return (((long)group * Blocks) + (channel / BlockChannels), channel % BlockChannels);
    }
}
