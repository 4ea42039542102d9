using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>Where a product of matrices keeps what it needs besides its result: <see cref="MatMulNode.Measure"/> bounds it.</summary>
internal readonly struct MatMulScratch(int inner, int columns)
{
    /// <summary>Rows of the left side that go through the right side together.</summary>
    public const int TileRows = 4;

    /// <summary>Of the inner axis: pairs of elements.</summary>
    public int Chunks { get; } = (inner + 1) / 2;

    /// <summary>Eight columns each.</summary>
    public int Blocks { get; } = (columns + 7) / 8;

    /// <summary>Of a row of 16-bit elements.</summary>
    public long RowBytes => 4L * Chunks;

    /// <summary>A block of columns, chunk by chunk: a pair of elements of each column.</summary>
    public long BlockBytes => 32L * Chunks;

    /// <summary>The right side's blocks, a tile of the left side, a tile of accumulators.</summary>
    public long Bytes => (BlockBytes * Blocks) + (RowBytes * TileRows) + (32L * Blocks * TileRows);
}

/// <summary>See <see cref="MatMulNode"/>. The right side becomes blocks of columns, in pairs of 16 bits, once for each matrix; tiles of four rows go through them.</summary>
internal sealed unsafe class MatMulStep<TLanes, TDot>(MatMulNode node, Tensor left, Tensor right, Tensor destination, Block scratch, Requantiser requantiser) : Step
    where TLanes : struct, ILanes<TLanes>
    where TDot : struct, IDot<TLanes>
{
    private const int TileRows = MatMulScratch.TileRows;

    private readonly int _inner = left.Info.Shape.Last;
    private readonly int _rows = left.Info.Shape[^2];
    private readonly int _columns = destination.Info.Shape.Last;
    private readonly MatMulScratch _layout = new(left.Info.Shape.Last, destination.Info.Shape.Last);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var a = memory + left.Block.Offset;
        var b = memory + right.Block.Offset;
        var to = memory + destination.Block.Offset;
        var blocks = memory + scratch.Offset;
        var end = a + (left.Elements * ElementTypes.SizeOf(left.Type));
        while (a < end)
        {
            if (right.Type == ElementType.S8)
                b = (byte*)Pack((sbyte*)b, blocks);
            else
                b = (byte*)Pack((short*)b, blocks);
            for (var row = 0; row < _rows; row += TileRows)
            {
                var count = Math.Min(TileRows, _rows - row);
                if (left.Type == ElementType.S8)
                    a = (byte*)RunTile((sbyte*)a, count, blocks, to);
                else
                    a = (byte*)RunTile((short*)a, count, blocks, to);
                to += (long)count * _columns * requantiser.ElementSize;
            }
        }
    }

    /// <summary>A matrix of the right side to blocks. What fills the last block up is anything: nothing is taken of it.</summary>
    /// <returns>The next matrix.</returns>
    private T* Pack<T>(T* from, byte* blocks)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (node.TransposesRight)
            PackRows(from, (int*)blocks, (short*)(blocks + (_layout.BlockBytes * _layout.Blocks)));
        else
            PackColumns(from, (short*)blocks);
        return from + ((long)_inner * _columns);
    }

    /// <summary>[N, K]: a column of the product is a row here, whose pairs lie as they are wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackRows<T>(T* from, int* blocks, short* wide)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (inner, chunks) = (_inner, _layout.Chunks);
        unchecked
        {
            for (var column = 0; column < _columns; column++, from += inner)
            {
                var pairs = (int*)Widened(from, 1, wide);
                var to = blocks + ((long)column / 8 * 8 * chunks) + (column % 8);
                for (var chunk = 0; chunk < chunks; chunk++, to += 8)
                    *to = pairs[chunk];
            }
        }
    }

    /// <summary>[K, N]: eight columns of two rows at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackColumns<T>(T* from, short* blocks)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (columns, pairs, block) = (_columns, _inner / 2, (long)_layout.Chunks * 16);
        var pair = stackalloc short[16];
        unchecked
        {
            for (var chunk = 0; chunk < _layout.Chunks; chunk++, from += 2L * columns, blocks += 16)
            {
                var second = chunk < pairs ? from + columns : from;
                var isWhole = chunk < pairs;
                var to = blocks;
                for (var column = 0; column < columns; column += 8, to += block)
                {
                    Widen(from + column).Store(pair);
                    (isWhole ? Widen(second + column) : Vector128<short>.Zero).Store(pair + 8);
                    TLanes.Store(TLanes.Stack(pair, pair + 8), (int*)to);
                }
            }
        }
    }

    /// <summary>Eight elements, or where a row ends fewer and what follows it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Widen<T>(T* from)
        where T : unmanaged => typeof(T) == typeof(sbyte)
            ? Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)from).AsSByte())
            : Vector128.Load((short*)from);

    /// <summary>Up to four rows by all columns.</summary>
    /// <returns>The next rows.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private T* RunTile<T>(T* from, int count, byte* blocks, byte* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        unchecked
        {
            var wide = blocks + (_layout.BlockBytes * _layout.Blocks);
            var accumulators = (int*)(wide + (_layout.RowBytes * TileRows));
            var rows = (byte*)Widened(from, count, (short*)wide);
            var stride = _layout.RowBytes;
            // A tile that lacks rows repeats its last.
            var p1 = rows + (Math.Min(1, count - 1) * stride);
            var p2 = rows + (Math.Min(2, count - 1) * stride);
            var p3 = rows + (Math.Min(3, count - 1) * stride);
            var (block, width) = (0, 8 * _layout.Blocks);
            for (; block + 2 <= _layout.Blocks; block += 2)
                RunPair(rows, p1, p2, p3, blocks + (block * _layout.BlockBytes), accumulators + (8 * block), width);
            if (block < _layout.Blocks)
                RunOne(rows, p1, p2, p3, blocks + (block * _layout.BlockBytes), accumulators + (8 * block), width);
            for (var row = 0; row < count; row++)
                requantiser.StoreUniform(accumulators + (row * width), _columns, channel: 0, to + ((long)row * _columns * requantiser.ElementSize));
            return from + ((long)count * _inner);
        }
    }

    /// <summary>Rows of 16 bits and an even length: as they lie, or copied.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private short* Widened<T>(T* from, int count, short* copy)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (typeof(T) == typeof(short) && _inner % 2 == 0)
            return (short*)from;
        unchecked
        {
            var to = copy;
            for (var row = 0; row < count; row++, from += _inner, to += 2L * _layout.Chunks)
            {
                var i = 0;
                for (; i + 8 <= _inner; i += 8)
                    Widen(from + i).Store(to + i);
                for (; i < _inner; i++)
                    to[i] = short.CreateTruncating(from[i]);
                if (_inner % 2 != 0)
                    to[_inner] = 0;
            }
        }
        return copy;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunPair(byte* p0, byte* p1, byte* p2, byte* p3, byte* block, int* accumulators, int width)
    {
        var a00 = TLanes.Create(0);
        var (a01, a10, a11, a20, a21, a30, a31) = (a00, a00, a00, a00, a00, a00, a00);
        unchecked
        {
            var next = block + _layout.BlockBytes;
            var end = _layout.RowBytes;
            for (var offset = 0L; offset < end; offset += 4)
            {
                var w0 = TLanes.Load((int*)(block + (8 * offset)));
                var w1 = TLanes.Load((int*)(next + (8 * offset)));
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
            }
            TLanes.Store(a00, accumulators);
            TLanes.Store(a01, accumulators + 8);
            TLanes.Store(a10, accumulators += width);
            TLanes.Store(a11, accumulators + 8);
            TLanes.Store(a20, accumulators += width);
            TLanes.Store(a21, accumulators + 8);
            TLanes.Store(a30, accumulators += width);
            TLanes.Store(a31, accumulators + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunOne(byte* p0, byte* p1, byte* p2, byte* p3, byte* block, int* accumulators, int width)
    {
        var a0 = TLanes.Create(0);
        var (a1, a2, a3) = (a0, a0, a0);
        unchecked
        {
            var end = _layout.RowBytes;
            for (var offset = 0L; offset < end; offset += 4)
            {
                var w = TLanes.Load((int*)(block + (8 * offset)));
                a0 = TDot.Add(a0, TLanes.Create(*(int*)(p0 + offset)), w);
                a1 = TDot.Add(a1, TLanes.Create(*(int*)(p1 + offset)), w);
                a2 = TDot.Add(a2, TLanes.Create(*(int*)(p2 + offset)), w);
                a3 = TDot.Add(a3, TLanes.Create(*(int*)(p3 + offset)), w);
            }
            TLanes.Store(a0, accumulators);
            TLanes.Store(a1, accumulators += width);
            TLanes.Store(a2, accumulators += width);
            TLanes.Store(a3, accumulators += width);
        }
    }
}
