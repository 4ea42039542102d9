using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>Which elements of the source lie under a position of a window, along one axis. Nothing is stored by position: a plane may have millions.</summary>
internal readonly struct PoolAxis(int size, int kernel, int stride, int dilation, int before)
{
    /// <summary>The source's element under a position's first tap, which may lie in the padding.</summary>
    public int OriginOf(int position) => unchecked((position * stride) - before);

    /// <summary>The first tap that lies in the source.</summary>
    public int FirstOf(int origin) => origin >= 0 ? 0 : unchecked((-origin + dilation - 1) / dilation);

    /// <summary>The tap behind the last one that lies in the source.</summary>
    public int EndOf(int origin) => unchecked(origin + ((kernel - 1) * dilation) < size ? kernel : ((size - 1 - origin) / dilation) + 1);
}

/// <summary>The taps of one position of a window that lie in the source: rows [Top, Bottom), columns [Left, Right).</summary>
internal readonly record struct PoolTaps(int Row, int Column, int Top, int Bottom, int Left, int Right)
{
    public int Count => (Bottom - Top) * (Right - Left);
}

/// <summary>See <see cref="MaxPoolNode"/> and <see cref="AveragePoolNode"/>. Channels innermost: every tap is a row of channels.</summary>
internal sealed unsafe class PoolStep : Step
{
    private readonly AveragePoolNode? _average;
    private readonly Requantiser? _requantiser;
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly Block _sums;
    private readonly SimdLevel _level;
    private readonly int _channels;
    private readonly int _width;
    private readonly Extent _dilations;
    private readonly PoolAxis _rows;
    private readonly PoolAxis _columns;

    // Of the result: rows, and positions in each.
    private readonly int _height;
    private readonly int _positions;

    /// <param name="average">Null for a maximum.</param>
    /// <param name="sums">Four bytes for each channel.</param>
    public PoolStep(Window window, AveragePoolNode? average, Requantiser? requantiser, Tensor source, Tensor destination, Block sums, SimdLevel level)
    {
        (_average, _requantiser, _source, _destination, _sums, _level) = (average, requantiser, source, destination, sums, level);
        var (from, to) = (source.Info.Shape, destination.Info.Shape);
        (_channels, _width, _dilations) = (from[0], from[2], window.Dilations);
        _rows = new PoolAxis(from[1], window.Kernel.Height, window.Strides.Height, window.Dilations.Height, window.Padding.Top);
        _columns = new PoolAxis(from[2], window.Kernel.Width, window.Strides.Width, window.Dilations.Width, window.Padding.Left);
        (_height, _positions) = (to[1], to[2]);
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = memory + _destination.Block.Offset;
        var sums = (int*)(memory + _sums.Offset);
        for (var y = 0; y < _height; y++)
        {
            var row = _rows.OriginOf(y);
            var (top, bottom) = (_rows.FirstOf(row), _rows.EndOf(row));
            for (var x = 0; x < _positions; x++)
            {
                var column = _columns.OriginOf(x);
                var taps = new PoolTaps(row, column, top, bottom, _columns.FirstOf(column), _columns.EndOf(column));
                if (_source.Type == ElementType.S8)
                    to = _average is null ? Max((sbyte*)from, (sbyte*)to, taps) : Average((sbyte*)from, sums, to, taps);
                else
                    to = _average is null ? Max((short*)from, (short*)to, taps) : Average((short*)from, sums, to, taps);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Max<T>(T* from, T* to, in PoolTaps taps)
        where T : unmanaged, IBinaryInteger<T>
    {
        unchecked
        {
            var first = TapOf(from, taps, taps.Top, taps.Left);
            var (rows, columns) = (taps.Bottom - taps.Top, taps.Right - taps.Left);
            var (row, column) = ((long)_dilations.Height * _width * _channels, (long)_dilations.Width * _channels);
            var c = 0;
            if (_level != SimdLevel.Scalar)
            {
                for (; c <= _channels - Vector128<T>.Count; c += Vector128<T>.Count)
                {
                    var largest = Vector128.Load(first + c);
                    for (var u = 0; u < rows; u++)
                        for (var v = 0; v < columns; v++)
                            largest = Vector128.Max(largest, Vector128.Load(first + c + (u * row) + (v * column)));
                    largest.Store(to + c);
                }
            }
            for (; c < _channels; c++)
            {
                var largest = first[c];
                for (var u = 0; u < rows; u++)
                    for (var v = 0; v < columns; v++)
                        largest = T.Max(largest, first[c + (u * row) + (v * column)]);
                to[c] = largest;
            }
            return (byte*)(to + _channels);
        }
    }

    private byte* Average<T>(T* from, int* sums, byte* to, in PoolTaps taps)
        where T : unmanaged, IBinaryInteger<T>
    {
        new Span<int>(sums, _channels).Clear();
        for (var u = taps.Top; u < taps.Bottom; u++)
            for (var v = taps.Left; v < taps.Right; v++)
                Accumulate.Add(_level, sums, (byte*)TapOf(from, taps, u, v), _source.Type, factor: 1, _channels);
        Multiply(sums, _average!.MultiplierOf(taps.Count));
        _requantiser!.StoreUniform(sums, _channels, channel: 0, to);
        return to + ((long)_channels * _requantiser.ElementSize);
    }

    /// <summary>The taps of a position lie inside the source.</summary>
    private T* TapOf<T>(T* from, in PoolTaps taps, int u, int v)
        where T : unmanaged => unchecked(
            from + (((((long)taps.Row + (u * _dilations.Height)) * _width) + taps.Column + (v * _dilations.Width)) * _channels));

    private void Multiply(int* sums, int factor)
    {
        unchecked
        {
            for (var c = 0; c < _channels; c++)
                sums[c] *= factor;
        }
    }
}
