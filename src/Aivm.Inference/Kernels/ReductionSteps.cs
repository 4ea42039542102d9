using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>See <see cref="SumNode"/>. Blocks of sums, so that accumulators stay on the stack.</summary>
internal sealed unsafe class SumStep(int multiplier, Tensor source, Tensor destination, Requantiser requantiser, SimdLevel level) : Step
{
    private const int BlockLength = 256;

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        switch (source.Type)
        {
            case ElementType.S8:
                Run(memory, (sbyte*)from);
                break;
            case ElementType.S16:
                Run(memory, (short*)from);
                break;
            default:
                Run(memory, (int*)from);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(byte* memory, T* row)
        where T : unmanaged, IBinaryInteger<T>
    {
        var accumulators = stackalloc int[BlockLength];
        var length = source.Info.Shape.Last;
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < destination.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, destination.Elements - start);
            for (var i = 0; i < count; i++, row += length)
                accumulators[i] = unchecked(multiplier * Rows.Sum(level, row, length));
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }
}

/// <summary>See <see cref="MaxNode"/>.</summary>
internal sealed unsafe class MaxStep(Tensor source, Tensor destination, SimdLevel level) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        switch (source.Type)
        {
            case ElementType.S8:
                Run((sbyte*)from, (sbyte*)to);
                break;
            case ElementType.S16:
                Run((short*)from, (short*)to);
                break;
            case ElementType.S32:
                Run((int*)from, (int*)to);
                break;
            default:
                Run((long*)from, (long*)to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(T* row, T* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        var length = source.Info.Shape.Last;
        for (var i = 0L; i < destination.Elements; i++, row += length)
            to[i] = Rows.Max(level, row, length);
    }
}
