using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>
/// A convolution in which each channel sees itself alone: eight channels by four positions of a row at a time, over channels-last
/// tensors. A chunk holds rows of the kernel: four of bytes, two of 16 bits.
/// </summary>
internal sealed unsafe class DepthwiseStep<TLanes, TDot> : Step
    where TLanes : struct, ILanes<TLanes>
    where TDot : struct, IDot<TLanes>
{
    private const int BlockChannels = 8;
    private const int TilePositions = 4;
    private const int MaxBandBytes = 16 << 10;

    private readonly PadSource _source;
    private readonly Block _destination;
    private readonly Requantiser _requantiser;
    private readonly int _channels;
    private readonly LinearPlane _plane;
    private readonly int _width;
    private readonly long _tapColumn;
    private readonly int _elementSize;

    // By chunk: the offsets of its four rows; rows past the kernel repeat its last and have weights of zero.
    private readonly long[] _rowOffsets;

    // By block, chunk and column of the kernel: 32 bytes; and by block eight biases.
    private readonly PinnedArray _weights;
    private readonly PinnedArray _bias;

    /// <param name="rowBytes">Of the padded source.</param>
    public DepthwiseStep(ConvNode node, PadSource source, Tensor destination, Requantiser requantiser, SourceForm form, LinearPlane plane, long rowBytes)
    {
        (_source, _destination, _requantiser, _plane) = (source, destination.Block, requantiser, plane);
        (_channels, _width, _elementSize) = (node.Groups, node.Window.Kernel.Width, TDot.IsWide ? 2 : 1);
        _tapColumn = (long)node.Window.Dilations.Width * _channels * _elementSize;
        var height = node.Window.Kernel.Height;
        var rows = TDot.IsWide ? 2 : 4;
        var chunks = (height + rows - 1) / rows;
        _rowOffsets = new long[4 * chunks];
        for (var chunk = 0; chunk < chunks; chunk++)
            for (var r = 0; r < 4; r++)
                _rowOffsets[(4 * chunk) + r] = Math.Min((chunk * rows) + r, height - 1) * (long)node.Window.Dilations.Height * rowBytes;

        var blocks = (_channels + BlockChannels - 1) / BlockChannels;
        var blockBytes = (long)chunks * _width * PackedWeights.ChunkBytes;
        _weights = new PinnedArray(blocks * blockBytes);
        _bias = new PinnedArray(4L * blocks * BlockChannels);
        new Span<byte>(_weights.Pointer, checked((int)_weights.Length)).Clear();
        new Span<byte>(_bias.Pointer, checked((int)_bias.Length)).Clear();
        for (var c = 0; c < _channels; c++)
        {
            var sum = 0;
            for (var u = 0; u < height; u++)
                for (var v = 0; v < _width; v++)
                {
                    var weight = (int)node.Weights[(((c * height) + u) * _width) + v];
                    sum += weight;
                    var chunk = _weights.Pointer + (c / BlockChannels * blockBytes) + (((u / rows * _width) + v) * (long)PackedWeights.ChunkBytes);
                    Elements.Store(chunk, TDot.IsWide ? ElementType.S16 : ElementType.S8, (c % BlockChannels * rows) + (u % rows), weight);
                }
            ((int*)_bias.Pointer)[c] = unchecked((int)node.Bias[c] - (form == SourceForm.Offset ? 128 * sum : 0));
        }
    }

    public override void Run(byte* memory)
    {
        var source = _source.Run(memory);
        var destination = memory + _destination.Offset;
        var rowBytes = (long)_plane.Columns * _channels * _requantiser.ElementSize;
        // Rows that stay in the cache while the blocks take their turns.
        var band = (int)Math.Max(1, MaxBandBytes / Math.Max(_plane.RowStride, rowBytes));
        for (var y = 0; y < _plane.Rows; y += band)
            for (var channel = 0; channel < _channels; channel += BlockChannels)
                RunBand(source, destination, channel, y, Math.Min(_plane.Rows, y + band));
    }

    /// <summary>Some rows of the result for eight channels.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunBand(byte* source, byte* destination, int channel, int row, int endRow)
    {
        unchecked
        {
            var count = Math.Min(BlockChannels, _channels - channel);
            var accumulators = stackalloc int[TilePositions * BlockChannels];
            var isInRegisters = _requantiser.IsPlain && count == BlockChannels;
            var output = _requantiser.Output;
            var finish = new Finish<TLanes>(_requantiser);
            var factors = TLanes.Load(_requantiser.FactorsOf(channel));
            var bias = TLanes.Load((int*)_bias.Pointer + channel);
            var weights = _weights.Pointer + (channel / BlockChannels * (long)(_rowOffsets.Length / 4 * _width) * PackedWeights.ChunkBytes);
            var pixel = (long)_channels * _requantiser.ElementSize;
            var stride = _plane.ColumnStride;
            var columns = _plane.Columns;
            // Neighbours see the same columns of the source: each is stacked once for three positions.
            var isShared = _width == 3 && stride == _tapColumn && columns >= TilePositions;
            for (; row < endRow; row++)
            {
                var first = source + (row * _plane.RowStride) + ((long)channel * _elementSize);
                var to = destination + (row * columns * pixel) + ((long)channel * _requantiser.ElementSize);
                for (var x = 0; x < columns; x += TilePositions)
                {
                    // The last tile reaches back, or repeats its last position where a row is shorter than a tile.
                    if (columns - x < TilePositions && columns > TilePositions)
                        x = columns - TilePositions;
                    var last = Math.Min(columns - x, TilePositions) - 1;
                    var p0 = first + (x * stride);
                    var p1 = p0 + (Math.Min(1, last) * stride);
                    var p2 = p0 + (Math.Min(2, last) * stride);
                    var p3 = p0 + (last * stride);
                    var (a0, a1, a2, a3) = (bias, bias, bias, bias);
                    var w = (int*)weights;
                    for (var i = 0; i < _rowOffsets.Length; i += 4)
                    {
                        var rows = new Rows(_rowOffsets[i], _rowOffsets[i + 1], _rowOffsets[i + 2], _rowOffsets[i + 3]);
                        if (isShared)
                        {
                            var (w0, w1, w2) = (TLanes.Load(w), TLanes.Load(w + 8), TLanes.Load(w + 16));
                            w += 24;
                            var stack = rows.Stack(p0);
                            a0 = TDot.Add(a0, stack, w0);
                            stack = rows.Stack(p1);
                            a0 = TDot.Add(a0, stack, w1);
                            a1 = TDot.Add(a1, stack, w0);
                            stack = rows.Stack(p2);
                            a0 = TDot.Add(a0, stack, w2);
                            a1 = TDot.Add(a1, stack, w1);
                            a2 = TDot.Add(a2, stack, w0);
                            stack = rows.Stack(p3);
                            a1 = TDot.Add(a1, stack, w2);
                            a2 = TDot.Add(a2, stack, w1);
                            a3 = TDot.Add(a3, stack, w0);
                            stack = rows.Stack(p3 + stride);
                            a2 = TDot.Add(a2, stack, w2);
                            a3 = TDot.Add(a3, stack, w1);
                            stack = rows.Stack(p3 + stride + stride);
                            a3 = TDot.Add(a3, stack, w2);
                            continue;
                        }
                        var column = 0L;
                        for (var v = 0; v < _width; v++, column += _tapColumn, w += 8)
                        {
                            var weight = TLanes.Load(w);
                            a0 = TDot.Add(a0, rows.Stack(p0 + column), weight);
                            a1 = TDot.Add(a1, rows.Stack(p1 + column), weight);
                            a2 = TDot.Add(a2, rows.Stack(p2 + column), weight);
                            a3 = TDot.Add(a3, rows.Stack(p3 + column), weight);
                        }
                    }
                    var target = to + (x * pixel);
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
    }

    /// <summary>The rows of a chunk, as distances from a position.</summary>
    private readonly struct Rows(long r0, long r1, long r2, long r3)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Stack(byte* position)
        {
            unchecked
            {
                return TDot.IsWide
                    ? TLanes.Stack((short*)(position + r0), (short*)(position + r1))
                    : TLanes.Stack(position + r0, position + r1, position + r2, position + r3);
            }
        }
    }
}
