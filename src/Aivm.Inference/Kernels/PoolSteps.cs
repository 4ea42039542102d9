using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>The elements of the source under each position of a window along one axis: taps [first, end).</summary>
internal sealed class PoolAxis
{
    public PoolAxis(int size, int positions, int kernel, int stride, int dilation, int before)
    {
        (Origins, Firsts, Ends) = (new int[positions], new int[positions], new int[positions]);
        for (var p = 0; p < positions; p++)
        {
            var origin = (p * stride) - before;
            Origins[p] = origin;
            Firsts[p] = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
            Ends[p] = Math.Min(kernel, ((size - 1 - origin) / dilation) + 1);
        }
    }

    public int[] Origins { get; }

    public int[] Firsts { get; }

    public int[] Ends { get; }
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

    /// <param name="average">Null for a maximum.</param>
    /// <param name="sums">Four bytes for each channel.</param>
    public PoolStep(Window window, AveragePoolNode? average, Requantiser? requantiser, Tensor source, Tensor destination, Block sums, SimdLevel level)
    {
        (_average, _requantiser, _source, _destination, _sums, _level) = (average, requantiser, source, destination, sums, level);
        var (from, to) = (source.Info.Shape, destination.Info.Shape);
        (_channels, _width, _dilations) = (from[0], from[2], window.Dilations);
        _rows = new PoolAxis(from[1], to[1], window.Kernel.Height, window.Strides.Height, window.Dilations.Height, window.Padding.Top);
        _columns = new PoolAxis(from[2], to[2], window.Kernel.Width, window.Strides.Width, window.Dilations.Width, window.Padding.Left);
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = memory + _destination.Block.Offset;
        var sums = (int*)(memory + _sums.Offset);
        for (var y = 0; y < _rows.Origins.Length; y++)
        {
            for (var x = 0; x < _columns.Origins.Length; x++)
            {
                if (_source.Type == ElementType.S8)
                    to = _average is null ? Max((sbyte*)from, (sbyte*)to, y, x) : Average((sbyte*)from, sums, to, y, x);
                else
                    to = _average is null ? Max((short*)from, (short*)to, y, x) : Average((short*)from, sums, to, y, x);
            }
        }
    }

    private byte* Max<T>(T* from, T* to, int y, int x)
        where T : unmanaged, IBinaryInteger<T>
    {
        var first = true;
        for (var u = _rows.Firsts[y]; u < _rows.Ends[y]; u++)
        {
            for (var v = _columns.Firsts[x]; v < _columns.Ends[x]; v++)
            {
                PoolVectors.Max(TapOf(from, y, x, u, v), to, _channels, first);
                first = false;
            }
        }
        return (byte*)(to + _channels);
    }

    private byte* Average<T>(T* from, int* sums, byte* to, int y, int x)
        where T : unmanaged, IBinaryInteger<T>
    {
        new Span<int>(sums, _channels).Clear();
        for (var u = _rows.Firsts[y]; u < _rows.Ends[y]; u++)
            for (var v = _columns.Firsts[x]; v < _columns.Ends[x]; v++)
                Accumulate.Add(_level, sums, (byte*)TapOf(from, y, x, u, v), _source.Type, factor: 1, _channels);
        var inside = (_rows.Ends[y] - _rows.Firsts[y]) * (_columns.Ends[x] - _columns.Firsts[x]);
        PoolVectors.Multiply(sums, _average!.MultiplierOf(inside), _channels);
        _requantiser!.StoreUniform(sums, _channels, channel: 0, to);
        return to + ((long)_channels * _requantiser.ElementSize);
    }

    private T* TapOf<T>(T* from, int y, int x, int u, int v)
        where T : unmanaged
    {
        unchecked
        {
            // Taps of a position lie inside the source.
            var row = _rows.Origins[y] + (u * _dilations.Height);
            var column = _columns.Origins[x] + (v * _dilations.Width);
            return from + ((((long)row * _width) + column) * _channels);
        }
    }
}

/// <summary>A pool's inner loops. Vectors give the same numbers at any width.</summary>
internal static unsafe class PoolVectors
{
    /// <param name="first">The result is still unset.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Max<T>(T* tap, T* result, int channels, bool first)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (first)
        {
            new ReadOnlySpan<T>(tap, channels).CopyTo(new Span<T>(result, channels));
            return;
        }
        unchecked
        {
            var c = 0;
            for (; c <= channels - Vector256<T>.Count; c += Vector256<T>.Count)
                Vector256.Max(Vector256.Load(tap + c), Vector256.Load(result + c)).Store(result + c);
            for (; c <= channels - Vector128<T>.Count; c += Vector128<T>.Count)
                Vector128.Max(Vector128.Load(tap + c), Vector128.Load(result + c)).Store(result + c);
            for (; c < channels; c++)
                result[c] = T.Max(tap[c], result[c]);
        }
    }

    public static void Multiply(int* sums, int factor, int channels)
    {
        unchecked
        {
            var c = 0;
            for (; c <= channels - Vector256<int>.Count; c += Vector256<int>.Count)
                (Vector256.Load(sums + c) * factor).Store(sums + c);
            for (; c < channels; c++)
                sums[c] *= factor;
        }
    }
}
