using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>Bounds and prices that convolutions and dense layers share. Weights are [Cout, Cin / groups, ...].</summary>
internal static class LinearWork
{
    /// <summary>By output channel: sum|w| * max|x| + |b|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long[] Magnitudes(Constant weights, Constant bias, long source)
    {
        var magnitudes = new long[weights.Shape[0]];
        var perChannel = weights.Count / magnitudes.Length;
        for (var o = 0; o < magnitudes.Length; o++)
        {
            var sum = SumOfMagnitudes(weights.Bytes.Slice(o * perChannel, perChannel));
            magnitudes[o] = (sum * source) + Inference.Magnitudes.Of(bias[o]);
        }
        return magnitudes;
    }

    /// <summary>sum|w| of S8 weights: at most 2^24 of 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long SumOfMagnitudes(ReadOnlySpan<byte> weights)
    {
        // 128 vectors of magnitudes up to 128 fit into 16 bits, two at a time.
        const int Batch = 128;
        var sum = 0L;
        unchecked
        {
            while (weights.Length >= Vector256<byte>.Count)
            {
                var vectors = Math.Min(Batch, weights.Length / Vector256<byte>.Count);
                var sums = Vector256<ushort>.Zero;
                for (var i = 0; i < vectors; i++)
                {
                    var (low, high) = Vector256.Widen(Vector256.Abs(Vector256.Create(weights[(i * Vector256<byte>.Count)..]).AsSByte()).AsByte());
                    sums += low + high;
                }
                var (first, second) = Vector256.Widen(sums);
                sum += Vector256.Sum(first + second);
                weights = weights[(vectors * Vector256<byte>.Count)..];
            }
            foreach (var weight in weights)
                sum += Math.Abs((int)(sbyte)weight);
        }
        return sum;
    }

    /// <summary>Vectors hold 8 output channels of one group, and 4 input channels each. The shapes may still be nonsense.</summary>
    public static Int128 PreparedBytes(Constant weights, int groups)
    {
        if (weights.Shape.Rank < 2 || groups < 1 || groups > weights.Shape[0] || weights.Shape[0] < 1 || weights.Shape[1] < 1)
            return 0;
        var packed = IsNarrow(weights, groups) || IsDepthwise(weights, groups) ? 8 * (Int128)weights.Count : 2 * VectorWeights(weights, groups);
        return packed + (16 * ((Int128)weights.Shape[0] + 8));
    }

    /// <param name="rows">Of the result: each has its share of the positions.</param>
    /// <param name="padded">Elements of the padded source.</param>
    public static Work Measure(Constant weights, int groups, Int128 rows, Int128 positions, Int128 padded, ValueInfo result, Requantise requantise)
    {
        var macs = positions * weights.Count;
        var channels = weights.Shape[0];
        var price = IsDepthwise(weights, groups) ? (positions * RoundUp(groups, 16) * RoundUp(weights.Count / groups, 2) * GasTable.DepthwiseMac) + (Sixteens(groups) * GasTable.Position)
            : IsNarrow(weights, groups) ? (macs * GasTable.NarrowMac) + ((weights.Count + (Int128)channels) * GasTable.NarrowTap) + (rows * weights.Count * GasTable.NarrowLine)
            : (VectorWeights(weights, groups) * ((positions * GasTable.Mac) + GasTable.Weight)) + (positions * groups * Sixteens(channels / groups) * GasTable.Position);
        return new(macs, price + (padded * GasTable.Gather) + Finish(result, requantise), padded * 4);
    }

    public static Int128 Finish(ValueInfo result, Requantise requantise) =>
        result.Shape.Elements * (Int128)(requantise.Activation is Activation.Table ? GasTable.Lookup : GasTable.Clamp);

    /// <summary>Every channel by itself, and enough of them to fill vectors.</summary>
    public static bool IsDepthwise(Constant weights, int groups) => groups >= 8 && groups == weights.Shape[0] && weights.Shape[1] == 1;

    /// <summary>Groups too small to fill a vector.</summary>
    public static bool IsNarrow(Constant weights, int groups) =>
        groups > 1 && !IsDepthwise(weights, groups) && (weights.Shape[0] / groups < 8 || weights.Shape[1] < 4);

    private static Int128 VectorWeights(Constant weights, int groups)
    {
        var channels = weights.Shape[0] / groups;
        var taps = weights.Count / weights.Shape[0] / weights.Shape[1];
        return (Int128)groups * RoundUp(channels, 8) * taps * RoundUp(weights.Shape[1], 4);
    }

    public static Int128 Sixteens(int count) => RoundUp(count, 16) / 16;

    public static Int128 RoundUp(int value, int multiple) => ((Int128)value + multiple - 1) / multiple * multiple;
}
