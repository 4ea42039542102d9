using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Where a linear layer's positions lie in its prepared source: rows and columns of the result.</summary>
/// <param name="RowStride">Bytes of the source from one row of the result to the next.</param>
/// <param name="ColumnStride">The same from one column to the next.</param>
internal readonly record struct LinearPlane(int Rows, int Columns, long RowStride, long ColumnStride)
{
    public long Positions => (long)Rows * Columns;
}

/// <summary>What a pass over positions computes.</summary>
internal readonly unsafe struct LinearBlocks(byte* weights, int* bias, int channel, int channels)
{
    public readonly byte* Weights = weights;
    public readonly int* Bias = bias;

    /// <summary>The first of the channels.</summary>
    public readonly int Channel = channel;
    public readonly int Channels = channels;
}

/// <summary>Positions by two pairs of blocks.</summary>
internal abstract unsafe class LinearFours
{
    /// <param name="destination">Of the first position and the first of the channels.</param>
    public abstract void Run(byte* destination, LinearBlocks blocks, PositionWalk walk, long positions);
}

/// <summary>Convolutions and dense layers: tiles of six positions by sixteen channels, over channels-last tensors. A dense layer is a 1 x 1 convolution of rows.</summary>
internal sealed unsafe class LinearStep<TLanes, TDot> : Step
    where TLanes : struct, ILanes<TLanes>
    where TDot : struct, IDot<TLanes>
{
    private const int TilePositions = 6;
    private const long PanelBytes = 64 << 10;

    private readonly PadSource _source;
    private readonly Block _destination;
    private readonly PackedWeights _weights;
    private readonly Requantiser _requantiser;
    private readonly LinearFours? _fours;
    private readonly int _groups;
    private readonly LinearPlane _plane;
    private readonly long _groupBytes;

    // Bytes of the result from one position to the next.
    private readonly long _pixel;

    // Positions whose source stays in the cache while the blocks take their turns.
    private readonly long _panel;

    /// <param name="fours">Null where blocks go in pairs at most.</param>
    /// <param name="groupBytes">Bytes of the source from one group to the next.</param>
    public LinearStep(
        PadSource source, Block destination, PackedWeights weights, Requantiser requantiser, LinearFours? fours, int groups, LinearPlane plane, long groupBytes)
    {
        (_source, _destination, _weights, _requantiser, _fours) = (source, destination, weights, requantiser, fours);
        (_groups, _plane, _groupBytes) = (groups, plane, groupBytes);
        _pixel = (long)groups * weights.GroupChannels * requantiser.ElementSize;
        _panel = Math.Max(1, PanelBytes / plane.ColumnStride / TilePositions) * TilePositions;
    }

    public override void Run(byte* memory)
    {
        var source = _source.Run(memory);
        var destination = memory + _destination.Offset;
        for (var group = 0; group < _groups; group++, source += _groupBytes)
        {
            for (var first = 0L; first < _plane.Positions; first += _panel)
            {
                var positions = Math.Min(_panel, _plane.Positions - first);
                for (var block = 0; block < _weights.Blocks;)
                    block += RunBlocks(source, destination + (first * _pixel), group, block, first, positions);
            }
        }
    }

    /// <returns>How many blocks were computed.</returns>
    private int RunBlocks(byte* source, byte* destination, int group, int block, long firstPosition, long positions)
    {
        var left = _weights.Blocks - block;
        var isSingle = _plane.Positions == 1;
        var takesFour = left >= 4 && (isSingle || _fours is not null);
        var count = takesFour ? 4 : Math.Min(left, isSingle ? 1 : 2);
        var first = block * PackedWeights.BlockChannels;
        var channel = (group * _weights.GroupChannels) + first;
        var channels = Math.Min(_weights.GroupChannels - first, count * PackedWeights.BlockChannels);
        var blocks = new LinearBlocks(_weights.WeightsOf(group, block), _weights.BiasOf(group, block), channel, channels);
        destination += (long)channel * _requantiser.ElementSize;
        if (takesFour && isSingle)
            RunSingleByFour(source, destination, blocks);
        else if (takesFour)
            _fours!.Run(destination, blocks, new PositionWalk(source, _plane, firstPosition, positions), positions);
        else if (isSingle)
            RunSingle(source, destination, blocks, _weights.StrideOf(block));
        else if (count == 2)
            RunPair(source, destination, blocks, firstPosition, positions);
        else
            RunOne(source, destination, blocks, firstPosition, positions);
        return count;
    }

    /// <summary>Positions by two blocks, six positions at a time; the last tile repeats its last position.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunPair(byte* source, byte* destination, LinearBlocks blocks, long first, long left)
    {
        var accumulators = stackalloc int[TilePositions * 16];
        var isInRegisters = _requantiser.IsPlain && blocks.Channels == 16;
        var output = _requantiser.Output;
        var finish = new Finish<TLanes>(_requantiser);
        var factors = _requantiser.FactorsOf(blocks.Channel);
        var pixel = _pixel;
        var taps = _weights.Taps;
        var length = _weights.Chunks * 4L;
        var walk = new PositionWalk(source, _plane, first, left);
        unchecked
        {
            for (; left > 0; left -= TilePositions)
            {
                var p0 = walk.Next();
                var p1 = walk.Next();
                var p2 = walk.Next();
                var p3 = walk.Next();
                var p4 = walk.Next();
                var p5 = walk.Next();
                var a00 = TLanes.Load(blocks.Bias);
                var a01 = TLanes.Load(blocks.Bias + 8);
                var (a10, a20, a30, a40, a50) = (a00, a00, a00, a00, a00);
                var (a11, a21, a31, a41, a51) = (a01, a01, a01, a01, a01);
                var weights = blocks.Weights;
                foreach (var tap in taps)
                {
                    var end = tap + length;
                    for (long offset = tap; offset < end; offset += 4)
                    {
                        var w0 = TLanes.Load((int*)weights);
                        var w1 = TLanes.Load((int*)weights + 8);
                        weights += 2 * PackedWeights.ChunkBytes;
                        var x = TLanes.Create(*(int*)(p0 + offset));
                        a00 = TDot.Add(a00, x, w0);
                        a01 = TDot.Add(a01, x, w1);
                        x = TLanes.Create(*(int*)(p1 + offset));
                        a10 = TDot.Add(a10, x, w0);
                        a11 = TDot.Add(a11, x, w1);
                        x = TLanes.Create(*(int*)(p2 + offset));
                        a20 = TDot.Add(a20, x, w0);
                        a21 = TDot.Add(a21, x, w1);
                        x = TLanes.Create(*(int*)(p3 + offset));
                        a30 = TDot.Add(a30, x, w0);
                        a31 = TDot.Add(a31, x, w1);
                        x = TLanes.Create(*(int*)(p4 + offset));
                        a40 = TDot.Add(a40, x, w0);
                        a41 = TDot.Add(a41, x, w1);
                        x = TLanes.Create(*(int*)(p5 + offset));
                        a50 = TDot.Add(a50, x, w0);
                        a51 = TDot.Add(a51, x, w1);
                    }
                }
                if (isInRegisters)
                {
                    var f0 = TLanes.Load(factors);
                    var f1 = TLanes.Load(factors + 8);
                    var to = destination;
                    finish.Store16(a00, a01, f0, f1, output, to);
                    finish.Store16(a10, a11, f0, f1, output, to += left > 1 ? pixel : 0);
                    finish.Store16(a20, a21, f0, f1, output, to += left > 2 ? pixel : 0);
                    finish.Store16(a30, a31, f0, f1, output, to += left > 3 ? pixel : 0);
                    finish.Store16(a40, a41, f0, f1, output, to += left > 4 ? pixel : 0);
                    finish.Store16(a50, a51, f0, f1, output, to + (left > 5 ? pixel : 0));
                    destination += TilePositions * pixel;
                    continue;
                }
                TLanes.Store(a00, accumulators);
                TLanes.Store(a01, accumulators + 8);
                TLanes.Store(a10, accumulators + 16);
                TLanes.Store(a11, accumulators + 24);
                TLanes.Store(a20, accumulators + 32);
                TLanes.Store(a21, accumulators + 40);
                TLanes.Store(a30, accumulators + 48);
                TLanes.Store(a31, accumulators + 56);
                TLanes.Store(a40, accumulators + 64);
                TLanes.Store(a41, accumulators + 72);
                TLanes.Store(a50, accumulators + 80);
                TLanes.Store(a51, accumulators + 88);
                for (var p = 0; p < Math.Min(left, TilePositions); p++, destination += pixel)
                    _requantiser.StoreChannels(accumulators + (16 * p), blocks.Channels, blocks.Channel, destination);
            }
        }
    }

    /// <summary>The same by one block.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunOne(byte* source, byte* destination, LinearBlocks blocks, long first, long left)
    {
        var accumulators = stackalloc int[TilePositions * 8];
        var isInRegisters = _requantiser.IsPlain && blocks.Channels == 8;
        var output = _requantiser.Output;
        var finish = new Finish<TLanes>(_requantiser);
        var factors = _requantiser.FactorsOf(blocks.Channel);
        var pixel = _pixel;
        var taps = _weights.Taps;
        var length = _weights.Chunks * 4L;
        var walk = new PositionWalk(source, _plane, first, left);
        unchecked
        {
            for (; left > 0; left -= TilePositions)
            {
                var p0 = walk.Next();
                var p1 = walk.Next();
                var p2 = walk.Next();
                var p3 = walk.Next();
                var p4 = walk.Next();
                var p5 = walk.Next();
                var a0 = TLanes.Load(blocks.Bias);
                var (a1, a2, a3, a4, a5) = (a0, a0, a0, a0, a0);
                var weights = blocks.Weights;
                foreach (var tap in taps)
                {
                    var end = tap + length;
                    for (long offset = tap; offset < end; offset += 4)
                    {
                        var w = TLanes.Load((int*)weights);
                        weights += PackedWeights.ChunkBytes;
                        a0 = TDot.Add(a0, TLanes.Create(*(int*)(p0 + offset)), w);
                        a1 = TDot.Add(a1, TLanes.Create(*(int*)(p1 + offset)), w);
                        a2 = TDot.Add(a2, TLanes.Create(*(int*)(p2 + offset)), w);
                        a3 = TDot.Add(a3, TLanes.Create(*(int*)(p3 + offset)), w);
                        a4 = TDot.Add(a4, TLanes.Create(*(int*)(p4 + offset)), w);
                        a5 = TDot.Add(a5, TLanes.Create(*(int*)(p5 + offset)), w);
                    }
                }
                if (isInRegisters)
                {
                    var f = TLanes.Load(factors);
                    var to = destination;
                    finish.Store8(a0, f, output, to);
                    finish.Store8(a1, f, output, to += left > 1 ? pixel : 0);
                    finish.Store8(a2, f, output, to += left > 2 ? pixel : 0);
                    finish.Store8(a3, f, output, to += left > 3 ? pixel : 0);
                    finish.Store8(a4, f, output, to += left > 4 ? pixel : 0);
                    finish.Store8(a5, f, output, to + (left > 5 ? pixel : 0));
                    destination += TilePositions * pixel;
                    continue;
                }
                TLanes.Store(a0, accumulators);
                TLanes.Store(a1, accumulators + 8);
                TLanes.Store(a2, accumulators + 16);
                TLanes.Store(a3, accumulators + 24);
                TLanes.Store(a4, accumulators + 32);
                TLanes.Store(a5, accumulators + 40);
                for (var p = 0; p < Math.Min(left, TilePositions); p++, destination += pixel)
                    _requantiser.StoreChannels(accumulators + (8 * p), blocks.Channels, blocks.Channel, destination);
            }
        }
    }

    /// <summary>One position by two pairs of blocks: the weights are read once, so that many channels share the source.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunSingleByFour(byte* source, byte* destination, LinearBlocks blocks)
    {
        var accumulators = stackalloc int[32];
        var a0 = TLanes.Load(blocks.Bias);
        var a1 = TLanes.Load(blocks.Bias + 8);
        var a2 = TLanes.Load(blocks.Bias + 16);
        var a3 = TLanes.Load(blocks.Bias + 24);
        var length = _weights.Chunks * 4L;
        unchecked
        {
            var first = blocks.Weights;
            var second = first + (2 * _weights.BlockBytes);
            foreach (var tap in _weights.Taps)
            {
                var end = tap + length;
                for (long offset = tap; offset < end; offset += 4)
                {
                    var x = TLanes.Create(*(int*)(source + offset));
                    a0 = TDot.Add(a0, x, TLanes.Load((int*)first));
                    a1 = TDot.Add(a1, x, TLanes.Load((int*)first + 8));
                    a2 = TDot.Add(a2, x, TLanes.Load((int*)second));
                    a3 = TDot.Add(a3, x, TLanes.Load((int*)second + 8));
                    first += 2 * PackedWeights.ChunkBytes;
                    second += 2 * PackedWeights.ChunkBytes;
                }
            }
        }
        TLanes.Store(a0, accumulators);
        TLanes.Store(a1, accumulators + 8);
        TLanes.Store(a2, accumulators + 16);
        TLanes.Store(a3, accumulators + 24);
        _requantiser.StoreChannels(accumulators, blocks.Channels, blocks.Channel, destination);
    }

    /// <summary>One position by one block. Two sets of accumulators hide the latency.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunSingle(byte* source, byte* destination, LinearBlocks blocks, int stride)
    {
        var accumulators = stackalloc int[8];
        var a0 = TLanes.Load(blocks.Bias);
        var a1 = TLanes.Create(0);
        var length = _weights.Chunks * 4L;
        unchecked
        {
            var weights = blocks.Weights;
            foreach (var tap in _weights.Taps)
            {
                var end = tap + length;
                long offset = tap;
                for (; offset + 4 < end; offset += 8)
                {
                    a0 = TDot.Add(a0, TLanes.Create(*(int*)(source + offset)), TLanes.Load((int*)weights));
                    weights += stride;
                    a1 = TDot.Add(a1, TLanes.Create(*(int*)(source + offset + 4)), TLanes.Load((int*)weights));
                    weights += stride;
                }
                if (offset < end)
                {
                    a0 = TDot.Add(a0, TLanes.Create(*(int*)(source + offset)), TLanes.Load((int*)weights));
                    weights += stride;
                }
            }
        }
        TLanes.Store(TLanes.Add(a0, a1), accumulators);
        _requantiser.StoreChannels(accumulators, blocks.Channels, blocks.Channel, destination);
    }
}

/// <summary>The first bytes of a plane's positions, row by row; at the end it stays at the last.</summary>
/// <param name="first">The number of the position that it starts at.</param>
internal unsafe struct PositionWalk(byte* source, LinearPlane plane, long first, long count)
{
    private readonly int _columns = plane.Columns;
    private readonly long _columnStride = plane.ColumnStride;
    private readonly long _rowStride = plane.RowStride;
    private byte* _row = source + (first / plane.Columns * plane.RowStride);
    private byte* _position = source + (first / plane.Columns * plane.RowStride) + (first % plane.Columns * plane.ColumnStride);
    private int _column = (int)(first % plane.Columns);
    private long _left = count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Next()
    {
        var position = _position;
        unchecked
        {
            if (--_left <= 0)
                return position;
            _position += _columnStride;
            if (++_column == _columns)
            {
                _column = 0;
                _position = _row += _rowStride;
            }
        }
        return position;
    }
}
