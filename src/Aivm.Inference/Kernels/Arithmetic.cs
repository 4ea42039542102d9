using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Floors of quotients by one positive divisor, exact, with a multiplication in place of each division.</summary>
internal readonly struct Divisor(long divisor)
{
    private readonly long _divisor = divisor;
    private readonly ulong _inverse = ulong.MaxValue / (ulong)divisor;

    /// <summary>The floor of dividend / divisor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Floor(long dividend)
    {
        unchecked
        {
            // floor(-1 - x) = -1 - floor(x): below zero, the complement is divided.
            var sign = dividend >> 63;
            var magnitude = dividend ^ sign;
            // The inverse is at most 1 below 2^64 / divisor, the magnitude below 2^63: the estimate is the quotient or one less.
            var quotient = (long)Math.BigMul((ulong)magnitude, _inverse, out _);
            if (magnitude - (quotient * _divisor) >= _divisor)
                quotient++;
            return quotient ^ sign;
        }
    }
}

internal static class SquareRoot
{
    /// <summary>The largest r with r * r at most x; x is not negative. Newton's iteration from above falls until it is there.</summary>
    public static long Floor(long x)
    {
        if (x < 2)
            return x;
        var root = 1L << ((65 - System.Numerics.BitOperations.LeadingZeroCount((ulong)x)) / 2);
        while (true)
        {
            var next = (root + (x / root)) / 2;
            if (next >= root)
                return root;
            root = next;
        }
    }
}
