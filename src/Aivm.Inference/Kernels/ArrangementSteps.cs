using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>See <see cref="ConcatNode"/>: each part's runs, from the axis inwards, behind those of the part before.</summary>
internal sealed unsafe class ConcatStep : Step
{
    private readonly Tensor[] _parts;
    private readonly Tensor _destination;
    private readonly long[] _runs;

    public ConcatStep(Tensor[] parts, Tensor destination, int axis)
    {
        (_parts, _destination, _runs) = (parts, destination, new long[parts.Length]);
        for (var i = 0; i < parts.Length; i++)
            _runs[i] = Axes.Inner(parts[i].Info.Shape, axis) * parts[i].Info.Shape[axis] * ElementTypes.SizeOf(parts[i].Type);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var size = ElementTypes.SizeOf(_destination.Type);
        var outer = _parts[0].Elements * size / _runs[0];
        var to = memory + _destination.Block.Offset;
        for (var row = 0L; row < outer; row++)
            for (var i = 0; i < _parts.Length; i++)
            {
                Bytes.Copy(memory + _parts[i].Block.Offset + (row * _runs[i]), to, _runs[i]);
                to += _runs[i];
            }
    }
}

/// <summary>See <see cref="GatherNode"/>. Neighbouring indices that follow each other are copied as one run.</summary>
internal sealed unsafe class GatherStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly long _element;
    private readonly long _sourceRow;

    // Indices in the order of the result: the first of a run, and how many.
    private readonly (int First, int Count)[] _runs;

    public GatherStep(GatherNode node, Tensor source, Tensor destination)
    {
        (_source, _destination) = (source, destination);
        _element = Axes.Inner(source.Info.Shape, node.Axis) * ElementTypes.SizeOf(source.Type);
        _sourceRow = _element * source.Info.Shape[node.Axis];
        var indices = node.Indices.TryView<int>(out var view) ? view : [.. node.Indices.ToArray().Select(index => (int)index)];
        _runs = new (int First, int Count)[CountRuns(indices)];
        var run = -1;
        for (var i = 0; i < indices.Length; i++)
        {
            if (StartsRun(indices, i))
                _runs[++run] = (indices[i], 0);
            _runs[run].Count++;
        }
    }

    private static int CountRuns(ReadOnlySpan<int> indices)
    {
        var runs = 0;
        for (var i = 0; i < indices.Length; i++)
            runs += StartsRun(indices, i) ? 1 : 0;
        return runs;
    }

    private static bool StartsRun(ReadOnlySpan<int> indices, int i) => i == 0 || indices[i] != indices[i - 1] + 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var end = from + (_source.Elements * ElementTypes.SizeOf(_source.Type));
        var to = memory + _destination.Block.Offset;
        for (; from < end; from += _sourceRow)
            foreach (var (first, count) in _runs)
            {
                var length = count * _element;
                Bytes.Copy(from + (first * _element), to, length);
                to += length;
            }
    }
}

/// <summary>See <see cref="ConstantNode"/>.</summary>
internal sealed unsafe class ConstantStep(ConstantNode node, Tensor destination) : Step
{
    private readonly PinnedArray _value = PinnedArray.Of(node.Value);

    public override void Run(byte* memory) => Buffer.MemoryCopy(_value.Pointer, memory + destination.Block.Offset, _value.Length, _value.Length);
}

/// <summary>See <see cref="EmbeddingNode"/>. The analysis proved that every number is a row's.</summary>
internal sealed unsafe class EmbeddingStep(EmbeddingNode node, Tensor source, Tensor destination) : Step
{
    private readonly PinnedArray _table = PinnedArray.Of(node.Table);
    private readonly long _row = node.Table.Bytes.Length / node.Table.Shape[0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        for (var i = 0L; i < source.Elements; i++, to += _row)
            Bytes.Copy(_table.Pointer + (Elements.Load(from, source.Type, i) * _row), to, _row);
    }
}

internal static unsafe class Bytes
{
    /// <summary>An element or many: of one, a call would be most of the time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* from, byte* to, long length)
    {
        switch (length)
        {
            case 1:
                *to = *from;
                break;
            case 2:
                *(short*)to = *(short*)from;
                break;
            case 4:
                *(int*)to = *(int*)from;
                break;
            case 8:
                *(long*)to = *(long*)from;
                break;
            default:
                Buffer.MemoryCopy(from, to, length, length);
                break;
        }
    }
}

internal static class Axes
{
    /// <summary>Elements of one index of an axis, from there inwards.</summary>
    public static long Inner(Shape shape, int axis)
    {
        var inner = 1L;
        for (var i = axis + 1; i < shape.Rank; i++)
            inner *= shape[i];
        return inner;
    }
}
