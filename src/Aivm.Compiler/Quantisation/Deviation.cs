using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>How far a value's integers are from real arithmetic on the calibration samples.</summary>
/// <param name="Rms">Root mean square of integers minus reals.</param>
/// <param name="Max">The largest of these.</param>
/// <param name="Signal">Root mean square of the reals.</param>
internal sealed record Deviation(double Rms, double Max, double Signal)
{
    public double Relative => Signal == 0 ? 0 : Rms / Signal;

    /// <summary>Null where integers are exact, or wide and not followed.</summary>
    public static Deviation? Of(Value value)
    {
        if (value.Integers is null || value.Port is not null)
            return null;
        var unit = ExactMath.PowerOfTwo(-value.Exponent);
        double squares = 0, largest = 0, signal = 0;
        var count = 0L;
        for (var s = 0; s < value.Reals.Length; s++)
        {
            for (var i = 0; i < value.Reals[s].Length; i++)
            {
                var error = value.Integers[s][i] * unit - value.Reals[s][i];
                squares += error * error;
                largest = Math.Max(largest, Math.Abs(error));
                signal += value.Reals[s][i] * value.Reals[s][i];
                count++;
            }
        }
        return count == 0 ? null : new Deviation(Math.Sqrt(squares / count), largest, Math.Sqrt(signal / count));
    }
}
