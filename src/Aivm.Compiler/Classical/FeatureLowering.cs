using System.Numerics;
using Aivm.Compiler.Network;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;

namespace Aivm.Compiler.Classical;

/// <summary>Prepared features in wide integers, for the linear models behind them.</summary>
internal static class FeatureLowering
{
    private const int NormalisedExponent = 30;

    /// <summary>Bits that the largest factor of a map gives to the least digit of an input, beyond the digit itself.</summary>
    private const int ExtraBits = 4;

    /// <summary>0 or 1, exactly: how far the integer is beyond the cut, clamped.</summary>
    public static Value Binary(GraphBuilder builder, FloatBinary binary, Value input)
    {
        var cuts = new FeatureCuts(binary, binary.Paths, input.Port!);
        var multipliers = new long[binary.Paths.Count];
        var offsets = new long[multipliers.Length];
        for (var i = 0; i < multipliers.Length; i++)
        {
            var (cut, below) = cuts.Find(binary.Paths[i], x => x > 0);
            // n - (cut - 1), cut - n, or a constant.
            (multipliers[i], offsets[i]) = cut == FeatureCuts.Lowest ? (0, below ? 0 : 1) : below ? (-1, cut) : (1, 1 - cut);
        }
        var source = builder.Reshaped(input, [multipliers.Length]);
        var distance = builder.Add(new QuantiseNode
        {
            Source = source.Number,
            Output = ElementType.S64,
            Multipliers = Constant.S64([multipliers.Length], multipliers),
            Offsets = Constant.S64([offsets.Length], offsets),
            Shift = 0,
        });
        var reals = Lowering.EachSample(input.Reals, row => FloatInterpreter.Run(binary, [row]));
        return builder.Reported(binary, source, new Value(
            builder.Add(new ClampNode { Source = distance, Low = 0, High = 1 }), source.Shape, ElementType.S64, 0, 0, 1, reals, null));
    }

    /// <summary>Rows divided by their norm. The norm does not ask for a scale: raw integers are normalised as they are.</summary>
    public static Value Normalise(GraphBuilder builder, FloatNormalise node, Value source)
    {
        var port = source.Port;
        if (node.Norm == Norm.Max && !(node.Map is null && port?.Format is InputFormat.U8))
            throw Refusal.Operator(node, "its norm MAX divides by the largest element, which may be 0 while others are negative; it is supported for u8 inputs only");
        var reals = Lowering.EachSample(source.Reals, node.Run);
        var value = builder.Reshaped(source, Lowering.Natural(node.Shape));
        if (port is not null)
            value = value with { Number = Wide(builder, node, value, port), Port = null };
        // Squares of wide integers would leave 64 bits: they are divided by their sum first, which changes no ratio.
        if (node.Norm == Norm.L2 && !value.IsNarrow)
            value = value with { Number = Normalised(builder, value.Number, Norm.L1, SquareExponent(node.Shape[^1])) };
        var result = new Value(
            Normalised(builder, value.Number, node.Norm, NormalisedExponent), value.Shape, ElementType.S32, NormalisedExponent, -int.MaxValue, int.MaxValue, reals, null);
        return builder.Reported(node, source, result);
    }

    private static int Normalised(GraphBuilder builder, int source, Norm norm, int exponent) =>
        builder.Add(new NormaliseNode { Source = source, Norm = norm, OutputExponent = exponent });

    /// <summary>The finest exponent at which the squares of a row of ones add up to less than 2^62.</summary>
    private static int SquareExponent(int count) => Math.Clamp((61 - BitOperations.Log2((uint)count)) / 2, 1, NormalisedExponent);

    /// <summary>The caller's integers, or the map of them at about their own resolution, within what the norm can add up.</summary>
    private static int Wide(GraphBuilder builder, FloatNormalise node, Value input, InputPort port)
    {
        var source = input.Number;
        if (node.Map is { } map)
        {
            var largest = map.Scale.Max(scale => Math.Abs(scale * port.Unit));
            var exponent = largest == 0 ? 0 : ExactMath.Headroom(largest, 1 << ExtraBits);
            double[] units = [.. map.Scale.Select(scale => scale * port.Unit * ExactMath.PowerOfTwo(exponent))];
            double[] offsets = [.. map.Shift.Select(shift => shift * ExactMath.PowerOfTwo(exponent))];
            source = builder.Add(EntryMap.Quantise(source, ElementType.S64, units, offsets) ?? throw Refusal.Operator(node, "its scale is out of range"));
        }
        var limit = (1L << 61) / node.Shape[^1];
        return port.Format is InputFormat.U8 && node.Map is null ? source : builder.Add(new ClampNode { Source = source, Low = -limit, High = limit });
    }
}
