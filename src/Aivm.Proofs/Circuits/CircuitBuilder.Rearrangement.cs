using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Operators that only move elements: they cost no cell and no lookup, their results are the same addresses in another order.</summary>
internal sealed partial class CircuitBuilder
{
    /// <param name="source">The source's element for each element of the result.</param>
    private Error? Rearrange(int value, int sourceValue, Func<int, int> source) =>
        Define(value, _values[sourceValue].Rearranged(_infos[value], source));

    private Error? AddTranspose(TransposeNode node, int value)
    {
        var (from, shape) = (_values[node.Source].Info.Shape, _infos[value].Shape);
        var (lengths, steps) = (new int[shape.Rank], new int[shape.Rank]);
        for (var axis = 0; axis < shape.Rank; axis++)
            (lengths[axis], steps[axis]) = (shape[axis], InnerOf(from, node.Permutation[axis]));
        return Rearrange(value, node.Source, element =>
        {
            var source = 0;
            for (var axis = lengths.Length - 1; axis >= 0; axis--)
            {
                (element, var index) = Math.DivRem(element, lengths[axis]);
                source += index * steps[axis];
            }
            return source;
        });
    }

    private Error? AddGather(GatherNode node, int value)
    {
        var (from, shape) = (_values[node.Source].Info.Shape, _infos[value].Shape);
        var inner = InnerOf(shape, node.Axis);
        return Rearrange(value, node.Source, element =>
        {
            var (outer, index) = (element / inner / shape[node.Axis], element / inner % shape[node.Axis]);
            return (((outer * from[node.Axis]) + (int)node.Indices[index]) * inner) + (element % inner);
        });
    }

    private Error? AddConcat(ConcatNode node, int value)
    {
        var info = _infos[value];
        CircuitValue[] parts = [.. node.Parts.Select(part => _values[part])];
        // Numbers that are known to both need limbs only beside others that have some.
        if (!Array.Exists(parts, part => part.IsWide) && (CircuitValue.IsNarrow(info) || Array.TrueForAll(parts, part => part.IsPublic)))
            return Define(value, Concatenated(info, parts, node.Axis));
        return Define(value, JoinedLimbs(info, parts, (limbInfo, limbs) => Concatenated(limbInfo, limbs, node.Axis)));
    }

    /// <summary>What elements of several values come together to, limb by limb: a value without limbs is its own lowest one.</summary>
    private CircuitValue JoinedLimbs(ValueInfo info, CircuitValue[] parts, Func<ValueInfo, CircuitValue[], CircuitValue> join)
    {
        for (var i = 0; i < parts.Length; i++)
            if (!parts[i].IsWide && !CircuitValue.IsNarrow(parts[i].Info))
                parts[i] = Public.AddLimbs(parts[i]);
        var limbs = new CircuitValue[parts.Max(part => Math.Max(1, part.Limbs.Length))];
        for (var k = 0; k < limbs.Length; k++)
        {
            CircuitValue[] limbsOfParts = [.. parts.Select(part => part.IsWide ? LimbOf(part, k) : k == 0 ? part : Zeros(part.Info.Shape))];
            var limbInfo = new ValueInfo(ElementType.S32, info.Shape, limbsOfParts.Min(limb => limb.Info.Min), limbsOfParts.Max(limb => limb.Info.Max));
            limbs[k] = join(limbInfo, limbsOfParts);
        }
        return CircuitValue.OfLimbs(info, [.. limbs]);
    }

    private CircuitValue LimbOf(CircuitValue value, int limb) => limb < value.Limbs.Length ? value.Limbs[limb] : Zeros(value.Info.Shape);

    private CircuitValue Zeros(Shape shape) => Zero.Rearranged(Zero.Info with { Shape = shape }, _ => 0);

    private CircuitValue Zero => _zero ??= Public.AddConstant(new ValueInfo(ElementType.S32, [1], 0, 0), Constant.S32([1], [0]));

    private CircuitValue? _zero;

    private static CircuitValue Concatenated(ValueInfo info, CircuitValue[] parts, int axis)
    {
        var (elements, inner) = ((int)info.Shape.Elements, InnerOf(info.Shape, axis));
        var (addresses, strides) = (new int[elements], new int[elements]);
        var first = 0;
        foreach (var source in parts)
        {
            var length = source.Info.Shape[axis];
            for (var i = 0; i < source.Addresses.Length; i++)
            {
                var (outer, index) = (i / inner / length, i / inner % length);
                var element = (((outer * info.Shape[axis]) + first + index) * inner) + (i % inner);
                (addresses[element], strides[element]) = (source.Addresses[i], source.Strides[i]);
            }
            first += length;
        }
        return new CircuitValue(info, addresses, strides) { Grid = parts[0].RearrangedGrid(info.Shape) };
    }

    private static int InnerOf(Shape shape, int axis)
    {
        var inner = 1;
        for (var i = axis + 1; i < shape.Rank; i++)
            inner *= shape[i];
        return inner;
    }
}
