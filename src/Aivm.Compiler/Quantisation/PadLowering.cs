using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Padding that no window took in: a constant is joined to each padded axis, then the axis is chosen from.</summary>
internal static class PadLowering
{
    public static Value Lower(GraphBuilder builder, FloatPad pad, Value source)
    {
        var padded = builder.Reshaped(source, Lowering.Natural(pad.Source.Shape));
        var fill = Exponents.Quantise(pad.Value, source.Exponent, (int)ElementTypes.MaxOf(source.Type));
        padded = Along(builder, padded, 1, pad.Padding.Top, pad.Padding.Bottom, (int)fill);
        padded = Along(builder, padded, 2, pad.Padding.Left, pad.Padding.Right, (int)fill);
        return builder.Reported(pad, source, padded with
        {
            Min = Math.Min(source.Min, (long)fill),
            Max = Math.Max(source.Max, (long)fill),
            Reals = Lowering.EachSample(source.Reals, row => FloatInterpreter.Pad(pad, row, pad.Value)),
            Integers = Lowering.EachSample(source.Integers!, row => FloatInterpreter.Pad(pad, row, fill)),
        });
    }

    private static Value Along(GraphBuilder builder, Value value, int axis, int before, int after, int fill)
    {
        if (before + after == 0)
            return value;
        var extent = value.Shape[axis];
        Shape slab = [.. value.Shape.Dimensions.SetItem(axis, 1)];
        Shape unit = [.. Enumerable.Repeat(1, slab.Rank)];
        var constant = builder.Constant(value.Type == ElementType.S8 ? Constant.S8(unit, [(sbyte)fill]) : Constant.S16(unit, [(short)fill]));
        var joined = builder.Add(new ConcatNode { Parts = [value.Number, builder.Expanded(constant, unit, slab)], Axis = axis });
        int[] indices = [.. Enumerable.Repeat(extent, before), .. Enumerable.Range(0, extent), .. Enumerable.Repeat(extent, after)];
        return value with
        {
            Number = builder.Add(new GatherNode { Source = joined, Axis = axis, Indices = Constant.S32([indices.Length], indices) }),
            Shape = [.. value.Shape.Dimensions.SetItem(axis, indices.Length)],
        };
    }
}
