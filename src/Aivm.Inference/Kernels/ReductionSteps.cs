namespace Aivm.Inference;

/// <summary>See <see cref="SumNode"/>. Rows of sums blockwise, so that accumulators stay on the stack.</summary>
internal sealed unsafe class SumStep(int multiplier, Tensor source, Tensor destination, Requantiser requantiser) : Step
{
    private const int BlockLength = 256;

    public override void Run(byte* memory)
    {
        var accumulators = stackalloc int[BlockLength];
        var length = source.Info.Shape.Last;
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < destination.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, destination.Elements - start);
            for (var i = 0; i < count; i++)
                accumulators[i] = unchecked((int)(multiplier * SumOf(memory, (start + i) * length, length)));
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }

    private long SumOf(byte* memory, long first, int length)
    {
        var sum = 0L;
        for (var i = 0; i < length; i++)
            sum += Elements.Load(memory + source.Block.Offset, source.Type, first + i);
        return sum;
    }
}

/// <summary>See <see cref="MaxNode"/>.</summary>
internal sealed unsafe class MaxStep(Tensor source, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        var length = source.Info.Shape.Last;
        for (var row = 0L; row < destination.Elements; row++)
        {
            var max = Elements.Load(from, source.Type, row * length);
            for (var i = 1; i < length; i++)
                max = Math.Max(max, Elements.Load(from, source.Type, (row * length) + i));
            Elements.Store(to, destination.Type, row, max);
        }
    }
}
