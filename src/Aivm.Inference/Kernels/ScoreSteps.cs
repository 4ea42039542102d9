namespace Aivm.Inference;

/// <summary>See <see cref="SoftmaxNode"/>.</summary>
internal sealed unsafe class SoftmaxStep(SoftmaxNode node, Tensor source, Tensor destination, Block exponentials) : Step
{
    private readonly Interpolation _exp = new(low: 0, node.Shift, node.Entries);

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        var e = (long*)(memory + exponentials.Offset);
        var length = source.Info.Shape.Last;
        for (var start = 0L; start < source.Elements; start += length)
        {
            var max = Elements.Load(from, source.Type, start);
            for (var i = 1; i < length; i++)
                max = Math.Max(max, Elements.Load(from, source.Type, start + i));
            var sum = 0L;
            for (var i = 0; i < length; i++)
                sum += e[i] = _exp.At(max - Elements.Load(from, source.Type, start + i));
            for (var i = 0; i < length; i++)
                Elements.Store(to, destination.Type, start + i, ((e[i] << node.OutputExponent) + (sum / 2)) / sum);
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
