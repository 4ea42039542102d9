using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>Chooses power-of-two scales. A finer scale rounds less and clips more; the one with the least squared error wins, the coarser on a tie.</summary>
internal static class Exponents
{
    /// <summary>How much finer than "nothing is clipped" is tried.</summary>
    private const int Tried = 4;

    /// <summary>Of this many values the error is measured, evenly spread over all.</summary>
    private const int MaxMeasured = 1 << 19;

    private static readonly double MaxMagnitude = ExactMath.PowerOfTwo(100);

    /// <summary>The exponent for integers in [-limit, limit].</summary>
    /// <param name="node">Whose values they are.</param>
    /// <param name="highest">The result is no finer than this.</param>
    public static int Choose(FloatNode node, IReadOnlyList<double[]> values, int limit, int highest)
    {
        var largest = Largest(node, values);
        if (largest == 0)
            return Math.Min(highest, 0);
        var coarsest = Math.Min(highest, ExactMath.Headroom(largest, limit + 0.499));
        var best = coarsest;
        var least = double.PositiveInfinity;
        for (var exponent = coarsest; exponent <= Math.Min(highest, coarsest + Tried); exponent++)
        {
            var error = SquaredError(values, exponent, limit);
            if (error >= least)
                continue;
            (best, least) = (exponent, error);
        }
        return best;
    }

    /// <summary>The largest magnitude. Values beyond 2^100, or that are no numbers, are refused.</summary>
    public static double Largest(FloatNode node, IReadOnlyList<double[]> values)
    {
        var largest = 0.0;
        foreach (var row in values)
        {
            foreach (var value in row)
                largest = Math.Max(largest, Math.Abs(value));
        }
        return largest < MaxMagnitude ? largest : throw Refusal.Operator(node, "its values are beyond 2^100, or not numbers");
    }

    /// <summary>The exponent for weights: a weight's error counts as much as the mean square of what it multiplies.</summary>
    public static int ForWeights(ReadOnlySpan<double> weights, ReadOnlySpan<double> importance, int limit, int highest)
    {
        var largest = 0.0;
        foreach (var weight in weights)
            largest = Math.Max(largest, Math.Abs(weight));
        if (largest == 0)
            return 0;
        var coarsest = Math.Min(highest, ExactMath.Headroom(largest, limit + 0.499));
        var best = coarsest;
        var least = double.PositiveInfinity;
        for (var exponent = coarsest; exponent <= Math.Min(highest, coarsest + Tried); exponent++)
        {
            var unit = ExactMath.PowerOfTwo(-exponent);
            var sum = 0.0;
            for (var i = 0; i < weights.Length; i++)
            {
                var error = weights[i] - Quantise(weights[i], exponent, limit) * unit;
                sum += error * error * importance[i];
            }
            if (sum < least)
                (best, least) = (exponent, sum);
        }
        return best;
    }

    /// <summary>The nearest integer to value * 2^exponent, halves upwards, within [-limit, limit]; 0 for what is no number, as a root of what is negative.</summary>
    public static double Quantise(double value, int exponent, int limit) =>
        double.IsNaN(value) ? 0 : Math.Min(Math.Max(Math.Floor(value * ExactMath.PowerOfTwo(exponent) + 0.5), -limit), limit);

    private static double SquaredError(IReadOnlyList<double[]> values, int exponent, int limit)
    {
        var total = values.Sum(row => (long)row.Length);
        // Odd: a power of two would look at the same channels of every row.
        var stride = (int)(total / MaxMeasured) | 1;
        var unit = ExactMath.PowerOfTwo(-exponent);
        var sum = 0.0;
        foreach (var row in values)
        {
            for (var i = 0; i < row.Length; i += stride)
            {
                var error = row[i] - Quantise(row[i], exponent, limit) * unit;
                sum += error * error;
            }
        }
        return sum;
    }
}
