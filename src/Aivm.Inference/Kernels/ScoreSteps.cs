using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>See <see cref="SoftmaxNode"/>. The analysis keeps scores within 2^62 of each other and a row of exponentials, scaled, within 2^60.</summary>
internal sealed unsafe class SoftmaxStep(SoftmaxNode node, Tensor source, Tensor destination, Block exponentials, SimdLevel level) : Step
{
    private readonly Interpolation _exp = new(low: 0, node.Shift, node.Entries);

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
            case ElementType.S32:
                Run(memory, (int*)from);
                break;
            default:
                Run(memory, (long*)from);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(byte* memory, T* row)
        where T : unmanaged, IBinaryInteger<T>
    {
        var to = memory + destination.Block.Offset;
        var e = (int*)(memory + exponentials.Offset);
        var length = source.Info.Shape.Last;
        for (var end = row + source.Elements; row < end; row += length)
        {
            var max = long.CreateTruncating(Rows.Max(level, row, length));
            var sum = _exp.SumBelow(max, row, e, length);
            if (destination.Type == ElementType.S32)
                DivideEach(e, sum, (int*)to, 0, length);
            else if (QuotientsAvx2.TryCreate(level, sum, node.OutputExponent, out var quotients))
                DivideLanes(e, sum, (short*)to, length, quotients);
            else
                DivideEach(e, sum, (short*)to, 0, length);
            to += length * ElementTypes.SizeOf(destination.Type);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DivideLanes(int* e, long sum, short* to, int length, QuotientsAvx2 quotients)
    {
        var done = 0;
        unchecked
        {
            for (; done <= length - 8; done += 8)
            {
                if (quotients.TryDivide(Vector256.Load(e + done), out var results))
                    Lanes256.Narrow(new(results)).Store(to + done);
                else
                    DivideEach(e, sum, to, done, done + 8);
            }
        }
        DivideEach(e, sum, to, done, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DivideEach<T>(int* e, long sum, T* to, int start, int end)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (divisor, half, exponent) = (new Divisor(sum), sum / 2, node.OutputExponent);
        unchecked
        {
            for (var i = start; i < end; i++)
                to[i] = T.CreateTruncating(divisor.Floor(((long)e[i] << exponent) + half));
        }
    }
}

/// <summary>See <see cref="ArgMaxNode"/>.</summary>
internal sealed unsafe class ArgMaxStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly int _length;
    private readonly long _inner;

    public ArgMaxStep(Tensor source, Tensor destination, int axis)
    {
        (_source, _destination, _length, _inner) = (source, destination, source.Info.Shape[axis], 1);
        for (var i = axis + 1; i < source.Info.Shape.Rank; i++)
            _inner *= source.Info.Shape[i];
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = (int*)(memory + _destination.Block.Offset);
        for (var outer = 0L; outer < _source.Elements; outer += _length * _inner)
            for (var i = 0L; i < _inner; i++)
                *to++ = IndexOfMax(from, outer + i);
    }

    private int IndexOfMax(byte* from, long start)
    {
        var (best, max) = (0, Elements.Load(from, _source.Type, start));
        for (var i = 1; i < _length; i++)
        {
            var candidate = Elements.Load(from, _source.Type, start + (i * _inner));
            if (candidate > max)
                (best, max) = (i, candidate);
        }
        return best;
    }
}
