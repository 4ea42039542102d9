using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>See <see cref="MatMulNode"/>: plain loops, a row of accumulators at a time.</summary>
internal sealed unsafe class PlainMatMulStep(MatMulNode node, Tensor left, Tensor right, Tensor destination, Block row, Requantiser requantiser) : Step
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
internal sealed unsafe class MultiplyStep(Tensor left, Tensor right, Tensor destination, Requantiser requantiser, SimdLevel level) : Step
{
    private const int BlockLength = 256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var accumulators = stackalloc int[BlockLength];
        var to = memory + destination.Block.Offset;
        for (var start = 0L; start < left.Elements; start += BlockLength)
        {
            var count = (int)Math.Min(BlockLength, left.Elements - start);
            var a = memory + left.Block.Offset + (start * ElementTypes.SizeOf(left.Type));
            var b = memory + right.Block.Offset + (start * ElementTypes.SizeOf(right.Type));
            var done = level switch
            {
                SimdLevel.Scalar => 0,
                SimdLevel.Vector128 => Multiply<Lanes128>(accumulators, a, b, count),
                _ => Multiply<Lanes256>(accumulators, a, b, count),
            };
            // The analysis bounds every product below 2^29.
            for (var i = done; i < count; i++)
                accumulators[i] = unchecked((int)(Elements.Load(a, left.Type, i) * Elements.Load(b, right.Type, i)));
            requantiser.StoreUniform(accumulators, count, channel: 0, to + (start * requantiser.ElementSize));
        }
    }

    /// <returns>How many products there are now: the multiple of 8 below <paramref name="count"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Multiply<TLanes>(int* accumulators, byte* a, byte* b, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        var whole = count & ~7;
        unchecked
        {
            for (var i = 0; i < whole; i += 8)
                TLanes.Store(TLanes.Multiply(Accumulate.Load<TLanes>(a, left.Type, i), Accumulate.Load<TLanes>(b, right.Type, i)), accumulators + i);
        }
        return whole;
    }
}
