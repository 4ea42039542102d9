using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Primitives;

public readonly partial struct UInt256
{
    private const int Limbs = 4;

    /// <exception cref="DivideByZeroException"/>
    public static (UInt256 Quotient, UInt256 Remainder) DivRem(UInt256 dividend, UInt256 divisor)
    {
        if (divisor.IsZero)
            throw new DivideByZeroException();
        if (dividend < divisor)
            return (Zero, dividend);
        if (dividend.FitsUInt64)
        {
            var (quotient, remainder) = Math.DivRem(dividend._u0, divisor._u0);
            return (quotient, remainder);
        }
        return DivRemLimbs(dividend, divisor);
    }

    /// <summary>(left + right) modulo <paramref name="modulus"/>, the sum taken with all its 257 bits.</summary>
    /// <exception cref="DivideByZeroException"/>
    public static UInt256 AddMod(UInt256 left, UInt256 right, UInt256 modulus)
    {
        var carry = Add(left, right, out var sum);
        if (carry == 0)
            return DivRem(sum, modulus).Remainder;
        Span<ulong> wide = [sum._u0, sum._u1, sum._u2, sum._u3, carry, 0];
        return Reduce(wide, modulus);
    }

    /// <summary>(left * right) modulo <paramref name="modulus"/>, the product taken with all its 512 bits.</summary>
    /// <exception cref="DivideByZeroException"/>
    [SkipLocalsInit]
    public static UInt256 MulMod(UInt256 left, UInt256 right, UInt256 modulus)
    {
        Span<ulong> wide = stackalloc ulong[2 * Limbs + 1];
        MultiplyWide(left, right, wide);
        wide[2 * Limbs] = 0;
        return Reduce(wide, modulus);
    }

    [SkipLocalsInit]
    private static (UInt256 Quotient, UInt256 Remainder) DivRemLimbs(in UInt256 dividend, in UInt256 divisor)
    {
        Span<ulong> u = stackalloc ulong[Limbs + 1];
        Span<ulong> q = stackalloc ulong[Limbs];
        (u[0], u[1], u[2], u[3], u[4]) = (dividend._u0, dividend._u1, dividend._u2, dividend._u3, 0);
        q.Clear();
        var remainder = Divide(u, divisor, q);
        return (new UInt256(q[0], q[1], q[2], q[3]), remainder);
    }

    /// <param name="wide">The dividend, little-endian, and one more limb of zero; overwritten.</param>
    [SkipLocalsInit]
    private static UInt256 Reduce(Span<ulong> wide, in UInt256 modulus)
    {
        if (modulus.IsZero)
            throw new DivideByZeroException();
        Span<ulong> q = stackalloc ulong[2 * Limbs];
        return Divide(wide, modulus, q);
    }

    /// <summary>
    /// Knuth's algorithm D (The Art of Computer Programming, 4.3.1) on 64-bit limbs; each estimate of a quotient limb is a 2-by-1
    /// division by a precomputed reciprocal (Möller and Granlund, "Improved division by invariant integers").
    /// </summary>
    /// <param name="u">The dividend, little-endian, and one more limb of zero; overwritten.</param>
    /// <param name="q">Receives the quotient's limbs; those beyond what the division produces are left alone.</param>
    /// <returns>The remainder.</returns>
    [SkipLocalsInit]
    private static UInt256 Divide(Span<ulong> u, in UInt256 divisor, Span<ulong> q)
    {
        unchecked
        {
            if (divisor.FitsUInt64)
                return DivideByLimb(u[..^1], divisor._u0, q);

            var n = divisor._u3 != 0 ? 4 : divisor._u2 != 0 ? 3 : 2;
            var shift = n * 64 - divisor.BitLength;
            var normalised = divisor << shift;
            Span<ulong> v = [normalised._u0, normalised._u1, normalised._u2, normalised._u3];
            var top = v[n - 1];
            var reciprocal = Reciprocal(top);

            var length = u.Length;
            while (length > n + 1 && u[length - 2] == 0)
                length--;
            if (shift != 0)
            {
                for (var i = length - 1; i > 0; i--)
                    u[i] = (u[i] << shift) | (u[i - 1] >> (64 - shift));
                u[0] <<= shift;
            }

            for (var j = length - n - 1; j >= 0; j--)
            {
                var high = u[j + n];
                ulong estimate;
                if (high >= top)
                {
                    estimate = ulong.MaxValue;
                }
                else
                {
                    estimate = Divide2By1(high, u[j + n - 1], top, reciprocal, out var rest);
                    // The estimate is at most two too large; the second divisor limb tells.
                    for (var correction = 0; correction < 2; correction++)
                    {
                        var productHigh = Math.BigMul(estimate, v[n - 2], out var productLow);
                        if (productHigh < rest || (productHigh == rest && productLow <= u[j + n - 2]))
                            break;
                        estimate--;
                        rest += top;
                        if (rest < top)
                            break;
                    }
                }

                var borrow = SubtractProduct(u.Slice(j, n), v[..n], estimate);
                var below = u[j + n] < borrow;
                u[j + n] -= borrow;
                while (below)
                {
                    estimate--;
                    var carry = AddBack(u.Slice(j, n), v[..n]);
                    u[j + n] += carry;
                    below = carry == 0 || u[j + n] != 0;
                }
                q[j] = estimate;
            }

            var remainder = new UInt256(u[0], u[1], n > 2 ? u[2] : 0, n > 3 ? u[3] : 0);
            return remainder >> shift;
        }
    }

    private static ulong DivideByLimb(ReadOnlySpan<ulong> u, ulong divisor, Span<ulong> q)
    {
        var shift = BitOperations.LeadingZeroCount(divisor);
        var normalised = divisor << shift;
        var reciprocal = Reciprocal(normalised);
        // The dividend is shifted along with the divisor, limb by limb; two shifts, because one by 64 would be a shift by 0.
        var remainder = u[^1] >> 1 >> (63 - shift);
        for (var i = u.Length - 1; i >= 0; i--)
        {
            var low = i > 0 ? u[i - 1] >> 1 >> (63 - shift) : 0;
            q[i] = Divide2By1(remainder, (u[i] << shift) | low, normalised, reciprocal, out remainder);
        }
        return remainder >> shift;
    }

    private static ulong SubtractProduct(Span<ulong> u, ReadOnlySpan<ulong> v, ulong factor)
    {
        unchecked
        {
            ulong borrow = 0;
            for (var i = 0; i < u.Length; i++)
            {
                var high = Math.BigMul(v[i], factor, out var low);
                low += borrow;
                high += low < borrow ? 1ul : 0ul;
                var limb = u[i];
                u[i] = limb - low;
                borrow = high + (limb < low ? 1ul : 0ul);
            }
            return borrow;
        }
    }

    private static ulong AddBack(Span<ulong> u, ReadOnlySpan<ulong> v)
    {
        ulong carry = 0;
        for (var i = 0; i < u.Length; i++)
            u[i] = AddWithCarry(u[i], v[i], ref carry);
        return carry;
    }

    /// <summary>⌊(2^128 - 1) / divisor⌋ - 2^64 for a divisor whose highest bit is set.</summary>
    private static ulong Reciprocal(ulong divisor) => (ulong)(new UInt128(~divisor, ulong.MaxValue) / divisor);

    /// <summary>Divides high·2^64 + low by a divisor whose highest bit is set and that is larger than <paramref name="high"/>.</summary>
    private static ulong Divide2By1(ulong high, ulong low, ulong divisor, ulong reciprocal, out ulong remainder)
    {
        unchecked
        {
            var q1 = Math.BigMul(reciprocal, high, out var q0);
            q0 += low;
            q1 += high + (q0 < low ? 1ul : 0ul) + 1;
            remainder = low - q1 * divisor;
            if (remainder > q0)
            {
                q1--;
                remainder += divisor;
            }
            if (remainder >= divisor)
            {
                q1++;
                remainder -= divisor;
            }
            return q1;
        }
    }

    /// <param name="product">Receives eight limbs, little-endian.</param>
    private static void MultiplyWide(in UInt256 left, in UInt256 right, Span<ulong> product)
    {
        ReadOnlySpan<ulong> a = [left._u0, left._u1, left._u2, left._u3];
        ReadOnlySpan<ulong> b = [right._u0, right._u1, right._u2, right._u3];
        product[..(2 * Limbs)].Clear();
        for (var i = 0; i < Limbs; i++)
        {
            ulong carry = 0;
            for (var j = 0; j < Limbs; j++)
                product[i + j] = MultiplyAdd(a[i], b[j], product[i + j], ref carry);
            product[i + Limbs] = carry;
        }
    }
}
