using System.Numerics;

namespace Aivm.Inference;

/// <summary>See <see cref="MatMulNode"/>. A row of accumulators at a time.</summary>
internal sealed unsafe class MatMulStep(MatMulNode node, Tensor left, Tensor right, Tensor destination, Block row, Requantiser requantiser) : Step
{
    private readonly int _inner = left.Info.Shape.Last;
    private readonly int _rows = left.Info.Shape[^2];
    private readonly int _columns = destination.Info.Shape.Last;

    public override void Run(byte* memory)
    {
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        if (left.Type == ElementType.S8 && right.Type == ElementType.S8)
            Run(memory, (sbyte*)from, (sbyte*)with);
        else if (left.Type == ElementType.S8)
            Run(memory, (sbyte*)from, (short*)with);
        else if (right.Type == ElementType.S8)
            Run(memory, (short*)from, (sbyte*)with);
        else
            Run(memory, (short*)from, (short*)with);
    }

    /// <summary>The analysis bounds every partial sum below 2^29.</summary>
    private void Run<TLeft, TRight>(byte* memory, TLeft* a, TRight* b)
        where TLeft : unmanaged, IBinaryInteger<TLeft>
        where TRight : unmanaged, IBinaryInteger<TRight>
    {
        var accumulators = (int*)(memory + row.Offset);
        var to = memory + destination.Block.Offset;
        var (depthStep, columnStep) = node.TransposesRight ? (1L, (long)_inner) : (_columns, 1L);
        var end = a + left.Elements;
        unchecked
        {
            for (; a < end; b += (long)_inner * _columns)
                for (var r = 0; r < _rows; r++, a += _inner)
                {
                    for (var c = 0; c < _columns; c++)
                    {
                        var sum = 0;
                        var y = b + (c * columnStep);
                        for (var k = 0; k < _inner; k++)
                            sum += int.CreateTruncating(a[k]) * int.CreateTruncating(y[k * depthStep]);
                        accumulators[c] = sum;
                    }
                    requantiser.StoreUniform(accumulators, _columns, channel: 0, to);
                    to += (long)_columns * requantiser.ElementSize;
                }
        }
    }
}

/// <summary>See <see cref="MultiplyNode"/>. Blockwise, so that accumulators stay on the stack.</summary>
internal sealed unsafe class MultiplyStep(Tensor left, Tensor right, Tensor destination, Requantiser requantiser) : Step
{
    private const int BlockLength = 256;

    public override void Run(byte* memory)
    {
        var accumulators = stackalloc int[BlockLength];
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < left.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, left.Elements - start);
            // The analysis bounds every product below 2^29.
            for (var i = 0; i < count; i++)
                accumulators[i] = unchecked((int)(Elements.Load(from, left.Type, start + i) * Elements.Load(with, right.Type, start + i)));
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }
}
