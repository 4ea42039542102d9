using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>A convolution in which each channel sees itself alone, over channels-last tensors: kernels that share the channels.</summary>
internal sealed unsafe class DepthwiseStep(PadSource source, Block destination, DepthwiseGeometry geometry, int elementSize, DepthwiseKernel[] kernels) : Step
{
    public override void Run(byte* memory)
    {
        var from = source.Run(memory);
        var to = memory + destination.Offset;
        var rowBytes = (long)geometry.Plane.Columns * geometry.Channels * elementSize;
        for (var y = 0; y < geometry.Plane.Rows; y++, from += geometry.Plane.RowStride, to += rowBytes)
            foreach (var kernel in kernels)
                kernel.RunRow(from, to);
    }
}

/// <summary>Some of the channels of a depthwise convolution.</summary>
internal abstract unsafe class DepthwiseKernel
{
    /// <param name="source">The first position of the row in the padded source.</param>
    /// <param name="destination">The row of the result.</param>
    public abstract void RunRow(byte* source, byte* destination);
}

/// <summary>Where a depthwise convolution's elements lie.</summary>
/// <param name="TapRow">Bytes of the padded source from one row of the kernel to the next.</param>
/// <param name="TapColumn">The same from one column to the next.</param>
internal sealed record DepthwiseGeometry(int Channels, int Height, int Width, LinearPlane Plane, long TapRow, long TapColumn)
{
    /// <summary>A chunk holds several rows of the kernel.</summary>
    public int ChunksOf(int rows) => (Height + rows - 1) / rows;

    /// <summary>The rows' offsets, chunk by chunk; rows past the kernel repeat its last and have weights of zero.</summary>
    public long[] RowOffsetsOf(int rows) => [.. Enumerable.Range(0, ChunksOf(rows) * rows).Select(row => Math.Min(row, Height - 1) * TapRow)];

    public byte WeightOf(ConvNode node, int channel, int row, int column) => node.Weights.Bytes[(((channel * Height) + row) * Width) + column];

    /// <summary>An offset source adds 128 times its weights.</summary>
    public int BiasOf(ConvNode node, int channel, SourceForm form)
    {
        var sum = 0;
        foreach (var weight in node.Weights.Bytes.Slice(channel * Height * Width, Height * Width))
            sum += unchecked((sbyte)weight);
        return unchecked((int)node.Bias[channel] - (form == SourceForm.Offset ? 128 * sum : 0));
    }
}

/// <summary>Eight channels by four positions of a row at a time. A chunk holds four rows of bytes, or two of 16 bits.</summary>
internal sealed unsafe class DepthwiseBlocks<TLanes, TDot> : DepthwiseKernel
    where TLanes : struct, ILanes<TLanes>
    where TDot : struct, IDot<TLanes>
{
    private const int BlockChannels = 8;
    private const int TilePositions = 4;

    private readonly DepthwiseGeometry _geometry;
    private readonly Requantiser _requantiser;
    private readonly int _firstChannel;
    private readonly int _elementSize = TDot.IsWide ? 2 : 1;

    // By chunk: the offsets of its rows.
    private readonly long[] _rowOffsets;

    // By block, chunk and column of the kernel: 32 bytes; and by block eight biases.
    private readonly PinnedArray _weights;
    private readonly PinnedArray _biases;
    private readonly long _blockBytes;

    /// <param name="firstChannel">Those before it belong to another kernel.</param>
    public DepthwiseBlocks(DepthwiseGeometry geometry, ConvNode node, Requantiser requantiser, SourceForm form, int firstChannel)
    {
        (_geometry, _requantiser, _firstChannel) = (geometry, requantiser, firstChannel);
        var rows = RowsPerChunk;
        _rowOffsets = geometry.RowOffsetsOf(rows);
        _blockBytes = (long)geometry.ChunksOf(rows) * geometry.Width * PackedWeights.ChunkBytes;
        var blocks = (geometry.Channels - firstChannel + BlockChannels - 1) / BlockChannels;
        _weights = new PinnedArray(blocks * _blockBytes);
        _biases = new PinnedArray(4L * blocks * BlockChannels);
        new Span<byte>(_weights.Pointer, checked((int)_weights.Length)).Clear();
        new Span<byte>(_biases.Pointer, checked((int)_biases.Length)).Clear();
        for (var i = 0; i < geometry.Channels - firstChannel; i++)
        {
            var block = _weights.Pointer + (i / BlockChannels * _blockBytes);
            for (var u = 0; u < geometry.Height; u++)
                for (var v = 0; v < geometry.Width; v++)
                {
                    var chunk = block + (((u / rows * geometry.Width) + v) * (long)PackedWeights.ChunkBytes);
                    var weight = unchecked((sbyte)geometry.WeightOf(node, firstChannel + i, u, v));
                    Elements.Store(chunk, TDot.IsWide ? ElementType.S16 : ElementType.S8, (i % BlockChannels * rows) + (u % rows), weight);
                }
            ((int*)_biases.Pointer)[i] = geometry.BiasOf(node, firstChannel + i, form);
        }
    }

    private static int RowsPerChunk => TDot.IsWide ? 2 : 4;

    public override void RunRow(byte* source, byte* destination)
    {
        for (var channel = _firstChannel; channel < _geometry.Channels; channel += BlockChannels)
            RunRow(source, destination, channel);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRow(byte* source, byte* destination, int channel)
    {
        unchecked
        {
            var count = Math.Min(BlockChannels, _geometry.Channels - channel);
            var accumulators = stackalloc int[TilePositions * BlockChannels];
            var isInRegisters = _requantiser.IsPlain && count == BlockChannels;
            var output = _requantiser.Output;
            var finish = new Finish<TLanes>(_requantiser);
            var factors = TLanes.Load(_requantiser.FactorsOf(channel));
            var bias = TLanes.Load((int*)_biases.Pointer + (channel - _firstChannel));
            var weights = _weights.Pointer + ((channel - _firstChannel) / BlockChannels * _blockBytes);
            var pixel = (long)_geometry.Channels * _requantiser.ElementSize;
            var (stride, columns) = (_geometry.Plane.ColumnStride, _geometry.Plane.Columns);
            var (width, tap, offsets) = (_geometry.Width, _geometry.TapColumn, _rowOffsets);
            source += (long)channel * _elementSize;
            destination += (long)channel * _requantiser.ElementSize;
            for (var x = 0; x < columns; x += TilePositions)
            {
                // The last tile reaches back, or repeats its last position where a row is shorter than a tile.
                if (columns - x < TilePositions && columns > TilePositions)
                    x = columns - TilePositions;
                var last = Math.Min(columns - x, TilePositions) - 1;
                var p0 = source + (x * stride);
                var step1 = Math.Min(1, last) * stride;
                var step2 = Math.Min(2, last) * stride;
                var step3 = last * stride;
                var (a0, a1, a2, a3) = (bias, bias, bias, bias);
                var w = (int*)weights;
                for (var i = 0; i < offsets.Length; i += RowsPerChunk)
                {
                    var r0 = p0 + offsets[i];
                    var r1 = p0 + offsets[i + 1];
                    var r2 = TDot.IsWide ? r1 : p0 + offsets[i + 2];
                    var r3 = TDot.IsWide ? r1 : p0 + offsets[i + 3];
                    for (var v = 0; v < width; v++, w += 8)
                    {
                        var weight = TLanes.Load(w);
                        a0 = TDot.Add(a0, Stack(r0, r1, r2, r3), weight);
                        a1 = TDot.Add(a1, Stack(r0 + step1, r1 + step1, r2 + step1, r3 + step1), weight);
                        a2 = TDot.Add(a2, Stack(r0 + step2, r1 + step2, r2 + step2, r3 + step2), weight);
                        a3 = TDot.Add(a3, Stack(r0 + step3, r1 + step3, r2 + step3, r3 + step3), weight);
                        r0 += tap;
                        r1 += tap;
                        r2 += tap;
                        r3 += tap;
                    }
                }
                var target = destination + (x * pixel);
                if (isInRegisters)
                {
                    finish.Store8(a0, factors, output, target);
                    finish.Store8(a1, factors, output, target + (Math.Min(1, last) * pixel));
                    finish.Store8(a2, factors, output, target + (Math.Min(2, last) * pixel));
                    finish.Store8(a3, factors, output, target + (last * pixel));
                    continue;
                }
                TLanes.Store(a0, accumulators);
                TLanes.Store(a1, accumulators + 8);
                TLanes.Store(a2, accumulators + 16);
                TLanes.Store(a3, accumulators + 24);
                for (var p = 0; p <= last; p++)
                    _requantiser.StoreChannels(accumulators + (8 * p), count, channel, target + (p * pixel));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Stack(byte* r0, byte* r1, byte* r2, byte* r3) =>
        TDot.IsWide ? TLanes.Stack((short*)r0, (short*)r1) : TLanes.Stack(r0, r1, r2, r3);
}
