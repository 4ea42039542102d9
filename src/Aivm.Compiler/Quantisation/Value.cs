using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// A value of the integer graph, with what the calibration samples hold there in real arithmetic and in integers.
/// </summary>
/// <param name="Number">In the integer graph.</param>
/// <param name="Exponent">The integer n means n / 2^Exponent.</param>
/// <param name="Min">No element is lower.</param>
/// <param name="Max">No element is higher.</param>
/// <param name="Reals">By sample: what real arithmetic yields.</param>
/// <param name="Integers">By sample: what a run yields, exactly. Null for wide values, which nothing quantises again; an input's are in its callers' unit.</param>
internal sealed record Value(
    int Number, Shape Shape, ElementType Type, int Exponent, long Min, long Max, double[][] Reals, double[][]? Integers)
{
    /// <summary>The input that this still is, as its callers wrote it; null once it is quantised or anything else.</summary>
    public InputPort? Port { get; init; }

    public long Magnitude => Math.Max(Math.Abs(Min), Math.Abs(Max));

    public bool IsNarrow => Type is ElementType.S8 or Inference.ElementType.S16;
}
