using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>
/// y = floor((d * 2^q + floor(s/2)) / s) of eight d at a time, for one divisor s and results of 16 bits. The quotient is computed with
/// twelve bits of fraction, a little too small; where those leave in doubt which side of an integer it lies on, nothing is said.
/// </summary>
internal readonly struct QuotientsAvx2
{
    private const int FractionBits = 12;

    // Each result's magnitude is at most 2^15: so z * 2^12 fits into 32 bits.
    private const long LargestResult = 1 << 15;

    private readonly Vector256<int> _limit;
    private readonly Vector256<long> _inverse;
    private readonly Vector256<long> _bias;
    private readonly Vector256<int> _offset;
    private readonly Vector128<long> _shift;

    private QuotientsAvx2(long divisor, int exponent, int log, int shift)
    {
        // A d beyond this one has a result beyond 2^15, as this one has. Divisors from 2^46 on have no such d.
        _limit = Vector256.Create((int)Math.Min(int.MaxValue, ((LargestResult * Math.Min(divisor, 1L << 46)) >> exponent) + 1));
        // 2^(30 + log) / divisor, which lies between 2^29 and 2^30; of a long divisor 32 bits are enough.
        var dropped = Math.Max(0, log - 32);
        _inverse = Vector256.Create((1L << (30 + log - dropped)) / ((divisor + (1L << dropped) - 1) >> dropped));
        // Products are shifted as unsigned numbers; what is added is taken off again, together with the half that rounds.
        _bias = Vector256.Create(1L << 62);
        _offset = Vector256.Create(unchecked((int)((divisor / 2 << FractionBits) / divisor) - (int)((1L << 62) >> shift)));
        _shift = Vector128.CreateScalar((long)shift);
    }

    /// <returns>Whether the divisor is one that this can divide by.</returns>
    public static bool TryCreate(SimdLevel level, long divisor, int exponent, out QuotientsAvx2 quotients)
    {
        var log = BitOperations.Log2((ulong)divisor);
        var shift = 30 + log - exponent - FractionBits;
        var fits = level >= SimdLevel.Avx2 && divisor < 1L << 50 && shift is >= 0 and <= 62;
        quotients = fits ? new(divisor, exponent, log, shift) : default;
        return fits;
    }

    /// <returns>False where a quotient is too close to an integer: its neighbour may be the right one.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryDivide(Vector256<int> dividends, out Vector256<int> results)
    {
        unchecked
        {
            var d = Vector256.Min(Vector256.Max(dividends, -_limit), _limit);
            var even = Avx2.ShiftRightLogical(Avx2.Multiply(d, _inverse.AsInt32()) + _bias, _shift);
            var odd = Avx2.ShiftRightLogical(Avx2.Multiply(Vector256.ShiftRightLogical(d.AsInt64(), 32).AsInt32(), _inverse.AsInt32()) + _bias, _shift);
            var z = Avx2.Blend(even.AsInt32(), Vector256.ShiftLeft(odd, 32).AsInt32(), 0b10101010) + _offset;
            results = Vector256.ShiftRightArithmetic(z, FractionBits);
            // The inverse takes off less than 1/4, or adds it below zero; the shift and the half's floor less than 1 each.
            var fraction = (z + Vector256.Create(3)) & Vector256.Create((1 << FractionBits) - 1);
            return !Vector256.LessThanAny(fraction, Vector256.Create(4));
        }
    }
}
