using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>See <see cref="QuantiseNode"/>. In 64 bits where they provably suffice.</summary>
internal sealed unsafe class QuantiseStep : Step
{
    private readonly QuantiseNode _node;
    private readonly SimdLevel _level;
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly long _low;
    private readonly long _high;

    // By channel.
    private readonly Map[] _maps;

    /// <summary>x * Multiplier + Offset, which has the rounding term in it.</summary>
    /// <param name="Limit">The largest |x| whose product and sum stay within 64 bits; -1 where none does.</param>
    private readonly record struct Map(long Multiplier, long Offset, long Limit);

    public QuantiseStep(QuantiseNode node, Tensor source, Tensor destination, SimdLevel level)
    {
        (_node, _source, _destination, _level) = (node, source, destination, level);
        (_low, _high) = (ElementTypes.MinOf(node.Output), ElementTypes.MaxOf(node.Output));
        _maps = new Map[node.Multipliers.Count];
        for (var c = 0; c < _maps.Length; c++)
        {
            var multiplier = node.Multipliers[c];
            var offset = node.Offsets[c] + (node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1));
            _maps[c] = Int128.Abs(offset) < 1L << 62
                ? new(multiplier, (long)offset, ((1L << 62) - 1) / Math.Max(1, Magnitudes.Of(multiplier)))
                : new(multiplier, 0, -1);
        }
    }

    public override void Run(byte* memory)
    {
        var from = (long*)(memory + _source.Block.Offset);
        var to = memory + _destination.Block.Offset;
        switch (_destination.Type)
        {
            case ElementType.S8:
                Run(from, (sbyte*)to);
                break;
            case ElementType.S16:
                Run(from, (short*)to);
                break;
            default:
                Run(from, (long*)to);
                break;
        }
    }

    private void Run<T>(long* from, T* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (_maps.Length > 1)
        {
            ScaleChannels(from, to, _source.Elements);
            return;
        }
        var done = _destination.Type == ElementType.S64 ? 0 : _level switch
        {
            SimdLevel.Scalar or SimdLevel.Vector128 => 0,
            SimdLevel.Avx512 => ScaleVectors512(from, (byte*)to, _source.Elements),
            _ => ScaleVectors(from, (byte*)to, _source.Elements),
        };
        Scale(from + done, to + done, _source.Elements - done);
    }

    /// <summary>Eight at a time, to S8 or S16.</summary>
    /// <returns>How many were scaled: a multiple of 8.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long ScaleVectors(long* from, byte* to, long count)
    {
        var (multiplier, offset, limit) = _maps[0];
        var shift = _node.Shift;
        var (multipliers, offsets, limits) = (Vector256.Create(multiplier), Vector256.Create(offset), Vector256.Create(limit));
        var (lows, highs) = (Vector256.Create(_low), Vector256.Create(_high));
        var (isByte, size) = (_destination.Type == ElementType.S8, ElementTypes.SizeOf(_destination.Type));
        var whole = count & ~7L;
        unchecked
        {
            for (var i = 0L; i < whole; i += 8)
            {
                var (a, b) = (Vector256.Load(from + i), Vector256.Load(from + i + 4));
                var target = to + (i * size);
                if (Vector256.GreaterThanAny(Vector256.Max(a, b), limits) || Vector256.LessThanAny(Vector256.Min(a, b), -limits))
                {
                    ScaleEight(from + i, target);
                    continue;
                }
                a = Vector256.Min(Vector256.Max(((a * multipliers) + offsets) >> shift, lows), highs);
                b = Vector256.Min(Vector256.Max(((b * multipliers) + offsets) >> shift, lows), highs);
                var elements = Lanes256.Narrow(new Lanes256(Vector256.Narrow(a, b)));
                if (isByte)
                    *(long*)target = Vector128.NarrowWithSaturation(elements, elements).AsInt64().ToScalar();
                else
                    elements.Store((short*)target);
            }
        }
        return whole;
    }

    /// <summary>The same where vectors have 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long ScaleVectors512(long* from, byte* to, long count)
    {
        var (multiplier, offset, limit) = _maps[0];
        var shift = _node.Shift;
        var (multipliers, offsets, limits) = (Vector512.Create(multiplier), Vector512.Create(offset), Vector512.Create(limit));
        var (lows, highs) = (Vector512.Create(_low), Vector512.Create(_high));
        var (isByte, size) = (_destination.Type == ElementType.S8, ElementTypes.SizeOf(_destination.Type));
        var whole = count & ~7L;
        unchecked
        {
            for (var i = 0L; i < whole; i += 8, to += 8 * size)
            {
                var x = Vector512.Load(from + i);
                if (Vector512.GreaterThanAny(x, limits) || Vector512.LessThanAny(x, -limits))
                {
                    ScaleEight(from + i, to);
                    continue;
                }
                x = Vector512.Min(Vector512.Max(((x * multipliers) + offsets) >> shift, lows), highs);
                if (isByte)
                    *(long*)to = Avx512F.ConvertToVector128SByte(x).AsInt64().ToScalar();
                else
                    Avx512F.ConvertToVector128Int16(x).Store((short*)to);
            }
        }
        return whole;
    }

    /// <summary>Eight numbers, some of which may leave 64 bits on the way.</summary>
    private void ScaleEight(long* from, byte* to)
    {
        var (multiplier, offset, limit) = _maps[0];
        for (var i = 0; i < 8; i++)
            Elements.Store(to, _destination.Type, i, ScaleOne(from[i], multiplier, offset, limit, _node.Shift, _low, _high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long ScaleOne(long x, long multiplier, long offset, long limit, int shift, long low, long high)
    {
        var scaled = x >= -limit && x <= limit ? unchecked((x * multiplier) + offset) >> shift : _node.Map(x, channel: 0);
        return Math.Clamp(scaled, low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale<T>(long* from, T* to, long count)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (multiplier, offset, limit) = _maps[0];
        var (low, high, shift) = (_low, _high, _node.Shift);
        for (var i = 0L; i < count; i++)
            to[i] = T.CreateTruncating(ScaleOne(from[i], multiplier, offset, limit, shift, low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScaleChannels<T>(long* from, T* to, long count)
        where T : unmanaged, IBinaryInteger<T>
    {
        var maps = _maps;
        var (low, high, shift) = (_low, _high, _node.Shift);
        unchecked
        {
            for (var start = 0L; start < count; start += maps.Length)
            {
                for (var c = 0; c < maps.Length; c++)
                {
                    var x = from[start + c];
                    var (multiplier, offset, limit) = maps[c];
                    var scaled = x >= -limit && x <= limit ? ((x * multiplier) + offset) >> shift : _node.Map(x, c);
                    to[start + c] = T.CreateTruncating(Math.Min(Math.Max(scaled, low), high));
                }
            }
        }
    }
}

/// <summary>A <see cref="QuantiseNode"/> over bytes whose arithmetic fits into 32 bits: vectors of it.</summary>
internal sealed unsafe class QuantiseBytesStep<TLanes> : Step
    where TLanes : struct, ILanes<TLanes>
{
    private readonly QuantiseStep _scalar;
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly ByteMap _map;

    public QuantiseBytesStep(QuantiseNode node, ByteMap map, Tensor source, Tensor destination)
    {
        (_map, _source, _destination) = (map, source, destination);
        _scalar = new QuantiseStep(node, source, destination, SimdLevel.Scalar);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        if (_source.Elements < 16)
        {
            _scalar.Run(memory);
            return;
        }
        var from = (long*)(memory + _source.Block.Offset);
        var to = memory + _destination.Block.Offset;
        var output = _destination.Type;
        var finish = new Finish<TLanes>(_map.Offset, _map.Shift, (int)ElementTypes.MinOf(output), (int)ElementTypes.MaxOf(output), output);
        var multiplier = TLanes.Create(_map.Multiplier);
        var size = ElementTypes.SizeOf(output);
        var last = _source.Elements - 16;
        unchecked
        {
            for (var i = 0L; i <= last; i += 16)
                finish.Store16(TLanes.LoadLow(from + i), TLanes.LoadLow(from + i + 8), multiplier, multiplier, output, to + (i * size));
            // What is left lies in the last sixteen, some of them done before.
            finish.Store16(TLanes.LoadLow(from + last), TLanes.LoadLow(from + last + 8), multiplier, multiplier, output, to + (last * size));
        }
    }
}

/// <summary>An entry map of 0 to 255 in 32 bits: (x * Multiplier + Offset) >> Shift, before the clamp.</summary>
internal readonly record struct ByteMap(int Multiplier, int Offset, int Shift)
{
    /// <summary>A map with a shorter multiplier that gives every byte what the node gives it, if there is one.</summary>
    public static bool TryFind(QuantiseNode node, ValueInfo source, out ByteMap map)
    {
        map = default;
        if (source.Min < 0 || source.Max > 255 || node.Multipliers.Count != 1 || node.Output == ElementType.S64)
            return false;
        for (var shift = Math.Min(node.Shift, 24); shift >= 0; shift--)
        {
            var dropped = node.Shift - shift;
            var rounding = node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1);
            var half = dropped == 0 ? Int128.Zero : Int128.One << (dropped - 1);
            var multiplier = (node.Multipliers[0] + half) >> dropped;
            var offset = (node.Offsets[0] + rounding) >> dropped;
            if (Int128.Abs(multiplier) > int.MaxValue / 512 || Int128.Abs(offset) > int.MaxValue / 2)
                continue;
            map = new ByteMap((int)multiplier, (int)offset, shift);
            if (map.Agrees(node))
                return true;
        }
        return false;
    }

    private bool Agrees(QuantiseNode node)
    {
        for (var x = 0; x <= 255; x++)
        {
            if (Math.Clamp((long)(((x * Multiplier) + Offset) >> Shift), ElementTypes.MinOf(node.Output), ElementTypes.MaxOf(node.Output)) != node.Map(x, channel: 0))
                return false;
        }
        return true;
    }
}

/// <summary>See <see cref="ClampNode"/>.</summary>
internal sealed unsafe class ClampStep(ClampNode node, Tensor source, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = (long*)(memory + source.Block.Offset);
        var to = (long*)(memory + destination.Block.Offset);
        for (var i = 0L; i < source.Elements; i++)
            to[i] = Math.Clamp(from[i], node.Low, node.High);
    }
}

/// <summary>See <see cref="RankNode"/>.</summary>
internal sealed unsafe class RankStep(RankNode node, Tensor source, Tensor destination) : Step
{
    private readonly int[] _counts = [.. node.Counts];
    private readonly PinnedArray _thresholds = PinnedArray.Of(node.Thresholds);

    public override void Run(byte* memory)
    {
        var from = (long*)(memory + source.Block.Offset);
        var to = (ushort*)(memory + destination.Block.Offset);
        var thresholds = (long*)_thresholds.Pointer;
        for (var feature = 0; feature < _counts.Length; feature++)
        {
            var count = _counts[feature];
            to[feature] = from[feature] == ElementTypes.MissingInput ? ElementTypes.MissingRank : (ushort)CountUpTo(thresholds, count, from[feature]);
            thresholds += count;
        }
    }

    /// <summary>How many of the ascending thresholds are at most x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountUpTo(long* thresholds, int count, long x)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (thresholds[middle] <= x)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
