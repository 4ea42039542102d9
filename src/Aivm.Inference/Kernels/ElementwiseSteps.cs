namespace Aivm.Inference;

/// <summary>See <see cref="AddNode"/> and, without a right side, <see cref="RescaleNode"/>. Blockwise, so that accumulators stay on the stack.</summary>
internal sealed unsafe class AddStep(Tensor left, int leftFactor, Tensor? right, int rightFactor, Tensor destination, Requantiser requantiser, SimdLevel level) : Step
{
    private const int BlockLength = 256;

    public override void Run(byte* memory)
    {
        var accumulators = stackalloc int[BlockLength];
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < left.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, left.Elements - start);
            new Span<int>(accumulators, count).Clear();
            Accumulate(accumulators, memory, left, leftFactor, start, count);
            if (right is not null)
                Accumulate(accumulators, memory, right, rightFactor, start, count);
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }

    /// <summary>The analysis bounds the whole sum below 2^29.</summary>
    private void Accumulate(int* accumulators, byte* memory, Tensor source, int factor, long start, int count)
    {
        var from = memory + source.Block.Offset + (start * ElementTypes.SizeOf(source.Type));
        var done = level >= SimdLevel.Avx2 ? ElementwiseAvx2.Accumulate(accumulators, from, source.Type, factor, count) : 0;
        for (var i = done; i < count; i++)
            accumulators[i] = unchecked(accumulators[i] + ((int)Elements.Load(from, source.Type, i) * factor));
    }
}

/// <summary>See <see cref="TableNode"/>.</summary>
internal sealed unsafe class TableStep(TableNode node, Tensor source, Tensor destination) : Step
{
    private readonly PinnedArray _entries = PinnedArray.Of(node.Entries);
    private readonly int _last = node.Entries.Count - 1;

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        for (var i = 0L; i < source.Elements; i++)
        {
            var index = Math.Clamp(Elements.Load(from, source.Type, i) - node.Low, 0, _last);
            Elements.Store(to, destination.Type, i, Elements.Load(_entries.Pointer, destination.Type, index));
        }
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
        for (var i = 0L; i < source.Elements; i++)
            to[i] = (int)_function.At(Elements.Load(from, source.Type, i));
    }
}

/// <summary>T, interpolated.</summary>
internal sealed unsafe class Interpolation(long low, int shift, Constant entries)
{
    private readonly PinnedArray _entries = PinnedArray.Of(entries);
    private readonly long _high = low + ((long)(entries.Count - 1) << shift);

    public long At(long x)
    {
        // Clamped into a table that ends below 2^63; entries of 32 bits times at most 2^31.
        var t = unchecked((ulong)Math.Clamp(x, low, _high) - (ulong)low);
        var (index, fraction) = ((long)(t >> shift), (long)(t & ((1UL << shift) - 1)));
        var table = (int*)_entries.Pointer;
        return fraction == 0
            ? table[index]
            : ((table[index] * ((1L << shift) - fraction)) + (table[index + 1] * fraction) + (1L << (shift - 1))) >> shift;
    }
}
