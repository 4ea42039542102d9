using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>The entry map y = clamp((x * M + B + 2^(k-1)) >> k): the widest multipliers that its fields hold.</summary>
internal static class EntryMap
{
    private const int MaxShift = 62;

    /// <summary>Bits of the largest multiplier.</summary>
    private const int MultiplierBits = 40;

    /// <param name="units">By channel: what one unit of x is worth in the result's integers.</param>
    /// <param name="offsets">By channel, in the result's integers.</param>
    /// <returns>Null when the scale is beyond what the fields hold.</returns>
    public static QuantiseNode? Quantise(int source, ElementType output, double[] units, double[] offsets, int multiplierBits = MultiplierBits)
    {
        var largest = units.Max(Math.Abs);
        var largestOffset = offsets.Max(Math.Abs);
        if (!double.IsFinite(largest) || !double.IsFinite(largestOffset))
            return null;
        var shift = largest == 0 ? 0 : ExactMath.Headroom(largest, ExactMath.PowerOfTwo(multiplierBits));
        if (largestOffset > 0)
            shift = Math.Min(shift, ExactMath.Headroom(largestOffset, ExactMath.PowerOfTwo(MaxShift)));
        shift = Math.Min(shift, MaxShift);
        if (shift < 0)
            return null;
        return new QuantiseNode
        {
            Source = source,
            Output = output,
            Multipliers = Fixed(units, shift),
            Offsets = Fixed(offsets, shift),
            Shift = shift,
        };
    }

    /// <summary>What the node computes.</summary>
    public static double[] Run(QuantiseNode node, long[] values)
    {
        var rounding = node.Shift == 0 ? Int128.Zero : Int128.One << (node.Shift - 1);
        var (low, high) = (ElementTypes.MinOf(node.Output), ElementTypes.MaxOf(node.Output));
        var result = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var channel = i % node.Multipliers.Count;
            var scaled = ((Int128)values[i] * node.Multipliers[channel] + node.Offsets[channel] + rounding) >> node.Shift;
            result[i] = (double)Int128.Clamp(scaled, low, high);
        }
        return result;
    }

    /// <summary>The least and the largest result over inputs in [low, high].</summary>
    public static (long Min, long Max) Range(QuantiseNode node, long low, long high)
    {
        double[] ends = [.. Run(node, Repeated(low)), .. Run(node, Repeated(high))];
        return ((long)ends.Min(), (long)ends.Max());

        long[] Repeated(long value) => [.. Enumerable.Repeat(value, node.Multipliers.Count)];
    }

    private static Constant Fixed(double[] values, int shift) => Constant.S64(
        [values.Length], [.. values.Select(value => (long)Math.Floor(value * ExactMath.PowerOfTwo(shift) + 0.5))]);
}
