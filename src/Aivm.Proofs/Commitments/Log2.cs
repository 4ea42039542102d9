using System.Numerics;

namespace Aivm.Proofs;

/// <summary>log2 of whole numbers in units of 2^-20, rounded to a known side: soundness is reckoned without floating point.</summary>
internal static class Log2
{
    public const int FractionBits = 20;

    /// <summary>log2 of the extension's size, rounded down.</summary>
    public static long OfField { get; } = Ext4.Degree * Floor(Felt.Modulus);

    /// <summary>At most log2(x), and less by at most two units.</summary>
    /// <param name="x">Not zero.</param>
    /// <remarks>
    /// The fraction's bits by squaring a mantissa in [1, 2), 63 bits behind the point, rounded down each time. That makes the result the
    /// one of a number smaller by a factor 1 - 2^-61 at most.
    /// </remarks>
    public static long Floor(ulong x)
    {
        ArgumentOutOfRangeException.ThrowIfZero(x);
        var log = (long)BitOperations.Log2(x);
        var mantissa = x << (63 - (int)log);
        for (var bit = 0; bit < FractionBits; bit++)
        {
            var square = Math.BigMul(mantissa, mantissa, out var low);
            var carry = square >> 63;
            mantissa = carry != 0 ? square : (square << 1) | (low >> 63);
            log = (log << 1) | (long)carry;
        }
        return log;
    }

    /// <summary>At least log2(x), and more by at most two units.</summary>
    /// <param name="x">Not zero.</param>
    public static long Ceiling(ulong x) => BitOperations.IsPow2(x) ? Floor(x) : Floor(x) + 2;

    /// <summary>At least 2^log, and hardly more.</summary>
    /// <param name="log">0 to 62, in units of 2^-20.</param>
    public static ulong Power(long log)
    {
        var (low, high) = (1UL, 1UL << 62);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(log, Floor(high));
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Floor(middle) >= log ? (low, middle) : (middle + 1, high);
        }
        return high;
    }
}
