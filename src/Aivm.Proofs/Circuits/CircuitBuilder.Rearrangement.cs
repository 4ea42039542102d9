using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Operators that only move elements: they cost no cell and no lookup, their results are the same addresses in another order.</summary>
internal sealed partial class CircuitBuilder
{
    /// <param name="source">The source's element for each element of the result.</param>
    private Error? Rearrange(int value, int sourceValue, Func<int, int> source)
    {
        var (from, info) = (_values[sourceValue], analysis.Values[value]);
        var elements = (int)info.Shape.Elements;
        var (addresses, strides) = (new int[elements], new int[elements]);
        for (var i = 0; i < elements; i++)
            (addresses[i], strides[i]) = (from.Addresses[source(i)], from.Strides[source(i)]);
        return Define(value, new CircuitValue(info, addresses, strides));
    }

    private Error? AddTranspose(TransposeNode node, int value)
    {
        var (from, shape) = (_values[node.Source].Info.Shape, analysis.Values[value].Shape);
        return Rearrange(value, node.Source, element =>
        {
            var index = new int[shape.Rank];
            for (var axis = shape.Rank - 1; axis >= 0; axis--)
                (element, index[node.Permutation[axis]]) = (element / shape[axis], element % shape[axis]);
            var source = 0;
            for (var axis = 0; axis < shape.Rank; axis++)
                source = (source * from[axis]) + index[axis];
            return source;
        });
    }

    private Error? AddGather(GatherNode node, int value)
    {
        var (from, shape) = (_values[node.Source].Info.Shape, analysis.Values[value].Shape);
        var inner = InnerOf(shape, node.Axis);
        return Rearrange(value, node.Source, element =>
        {
            var (outer, index) = (element / inner / shape[node.Axis], element / inner % shape[node.Axis]);
            return (((outer * from[node.Axis]) + (int)node.Indices[index]) * inner) + (element % inner);
        });
    }

    private Error? AddConcat(ConcatNode node, int value)
    {
        var info = analysis.Values[value];
        var (elements, inner) = ((int)info.Shape.Elements, InnerOf(info.Shape, node.Axis));
        var (addresses, strides) = (new int[elements], new int[elements]);
        var first = 0;
        foreach (var part in node.Parts)
        {
            var (source, length) = (_values[part], _values[part].Info.Shape[node.Axis]);
            for (var i = 0; i < source.Addresses.Length; i++)
            {
                var (outer, index) = (i / inner / length, i / inner % length);
                var element = (((outer * info.Shape[node.Axis]) + first + index) * inner) + (i % inner);
                (addresses[element], strides[element]) = (source.Addresses[i], source.Strides[i]);
            }
            first += length;
        }
        return Define(value, new CircuitValue(info, addresses, strides));
    }

    private static int InnerOf(Shape shape, int axis)
    {
        var inner = 1;
        for (var i = axis + 1; i < shape.Rank; i++)
            inner *= shape[i];
        return inner;
    }
}
