using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>See <see cref="AddNode"/> and, without a right side, <see cref="RescaleNode"/>. In registers; blockwise where a result takes more than a clamp.</summary>
internal sealed unsafe class AddStep(Tensor left, int leftFactor, Tensor? right, int rightFactor, Tensor destination, Requantiser requantiser, SimdLevel level) : Step
{
    private const int BlockLength = 256;

    public override void Run(byte* memory)
    {
        var done = (level, requantiser.IsPlain) switch
        {
            (SimdLevel.Scalar, _) or (_, false) => 0L,
            (SimdLevel.Vector128, _) => RunLanes<Lanes128>(memory),
            _ => RunLanes<Lanes256>(memory),
        };
        var accumulators = stackalloc int[BlockLength];
        var to = memory + destination.Block.Offset;
        for (var start = done; start < left.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, left.Elements - start);
            new Span<int>(accumulators, count).Clear();
            Add(accumulators, memory, left, leftFactor, start, count);
            if (right is not null)
                Add(accumulators, memory, right, rightFactor, start, count);
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }

    /// <summary>Sixteen elements at a time, in registers.</summary>
    /// <returns>How many were done: a multiple of 16.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long RunLanes<TLanes>(byte* memory)
        where TLanes : struct, ILanes<TLanes>
    {
        var second = right ?? left;
        var from = memory + left.Block.Offset;
        var other = memory + second.Block.Offset;
        var (type, otherType) = (left.Type, second.Type);
        var (factor, otherFactor) = (TLanes.Create(leftFactor), TLanes.Create(right is null ? 0 : rightFactor));
        var (output, size) = (requantiser.Output, requantiser.ElementSize);
        var to = memory + destination.Block.Offset;
        var finish = new Finish<TLanes>(requantiser);
        var one = TLanes.Load(requantiser.FactorsOf(0));
        var whole = left.Elements & ~15L;
        unchecked
        {
            for (var i = 0L; i < whole; i += 16)
            {
                var a = TLanes.Multiply(Accumulate.Load<TLanes>(from, type, i), factor);
                var b = TLanes.Multiply(Accumulate.Load<TLanes>(from, type, i + 8), factor);
                a = TLanes.Add(a, TLanes.Multiply(Accumulate.Load<TLanes>(other, otherType, i), otherFactor));
                b = TLanes.Add(b, TLanes.Multiply(Accumulate.Load<TLanes>(other, otherType, i + 8), otherFactor));
                finish.Store16(a, b, one, one, output, to + (i * size));
            }
        }
        return whole;
    }

    /// <summary>The analysis bounds the whole sum below 2^29.</summary>
    private void Add(int* accumulators, byte* memory, Tensor source, int factor, long start, int count) =>
        Accumulate.Add(level, accumulators, memory + source.Block.Offset + (start * ElementTypes.SizeOf(source.Type)), source.Type, factor, count);
}

/// <summary>See <see cref="TableNode"/>. The table is spread over the source's whole range, so that nothing is clamped in a run.</summary>
internal sealed unsafe class TableStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;

    // By element, from the lowest of the source's type.
    private readonly short[] _entries;

    public TableStep(TableNode node, Tensor source, Tensor destination)
    {
        (_source, _destination) = (source, destination);
        var low = ElementTypes.MinOf(source.Type);
        _entries = new short[1 - (2 * low)];
        // Where the node's own entries lie among those of the whole type; the first and the last of them reach to the ends.
        var start = node.Low - low;
        var (first, end) = (Math.Clamp(start, 0, _entries.Length), Math.Clamp(start + node.Entries.Count, 0, _entries.Length));
        _entries.AsSpan(0, (int)first).Fill((short)node.Entries[0]);
        // A table may lie wholly beside its source's type.
        if (first < end)
            CopyEntries(node.Entries, (int)(first - start), _entries.AsSpan((int)first, (int)(end - first)));
        _entries.AsSpan((int)end).Fill((short)node.Entries[node.Entries.Count - 1]);
    }

    private static void CopyEntries(Constant entries, int start, Span<short> to)
    {
        if (entries.TryView<short>(out var same))
        {
            same.Slice(start, to.Length).CopyTo(to);
            return;
        }
        for (var i = 0; i < to.Length; i++)
            to[i] = (short)entries[start + i];
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = memory + _destination.Block.Offset;
        var length = (int)_source.Elements;
        if (_source.Type == ElementType.S8 && _destination.Type == ElementType.S8)
            Run(new ReadOnlySpan<sbyte>(from, length), new Span<sbyte>(to, length));
        else if (_source.Type == ElementType.S8)
            Run(new ReadOnlySpan<sbyte>(from, length), new Span<short>(to, length));
        else if (_destination.Type == ElementType.S8)
            Run(new ReadOnlySpan<short>(from, length), new Span<sbyte>(to, length));
        else
            Run(new ReadOnlySpan<short>(from, length), new Span<short>(to, length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>
    {
        var entries = _entries;
        var low = entries.Length / 2;
        for (var i = 0; i < to.Length; i++)
            to[i] = TTo.CreateTruncating(entries[int.CreateTruncating(from[i]) + low]);
    }
}

/// <summary>See <see cref="InterpolateNode"/>.</summary>
internal sealed unsafe class InterpolateStep(InterpolateNode node, Tensor source, Tensor destination) : Step
{
    private readonly Interpolation _function = new(node.Low, node.Shift, node.Entries);

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = (int*)(memory + destination.Block.Offset);
        switch (source.Type)
        {
            case ElementType.S8:
                _function.Apply((sbyte*)from, to, source.Elements);
                break;
            case ElementType.S16:
                _function.Apply((short*)from, to, source.Elements);
                break;
            case ElementType.S32:
                _function.Apply((int*)from, to, source.Elements);
                break;
            default:
                _function.Apply((long*)from, to, source.Elements);
                break;
        }
    }
}

/// <summary>T, interpolated.</summary>
internal sealed unsafe class Interpolation(long low, int shift, Constant entries)
{
    // Behind the last entry stands one that nothing is taken of.
    private readonly PinnedArray _entries = PinnedArray.Of(entries);
    private readonly long _high = low + ((long)(entries.Count - 1) << shift);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply<T>(T* from, int* to, long count)
        where T : unmanaged, IBinaryInteger<T>
    {
        var table = (int*)_entries.Pointer;
        var (first, last, bits, rounding) = (low, _high, shift, Rounding);
        for (var i = 0L; i < count; i++)
            to[i] = At(table, Math.Clamp(long.CreateTruncating(from[i]), first, last) - first, bits, rounding);
    }

    /// <summary>T at max - x for each x of a row; low is 0.</summary>
    /// <returns>The sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long SumBelow<T>(long max, T* row, int* to, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        var table = (int*)_entries.Pointer;
        var (last, bits, rounding) = (_high, shift, Rounding);
        var sum = 0L;
        unchecked
        {
            for (var i = 0; i < length; i++)
                sum += to[i] = At(table, Math.Min(max - long.CreateTruncating(row[i]), last), bits, rounding);
        }
        return sum;
    }

    private long Rounding => shift == 0 ? 0 : 1L << (shift - 1);

    /// <param name="t">From the table's start to its end, which lies within 2^47: a product with an entry fits into 64 bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int At(int* table, long t, int shift, long rounding)
    {
        unchecked
        {
            var entry = table + (t >> shift);
            var fraction = t & ((1L << shift) - 1);
            return (int)((((long)entry[0] << shift) + (((long)entry[1] - entry[0]) * fraction) + rounding) >> shift);
        }
    }
}
