using System.Numerics;

namespace Aivm.Primitives;

public readonly partial struct UInt256
{
    /// <summary>The position of the highest set bit plus one; 0 for zero.</summary>
    public int BitLength =>
        _u3 != 0 ? 256 - BitOperations.LeadingZeroCount(_u3)
        : _u2 != 0 ? 192 - BitOperations.LeadingZeroCount(_u2)
        : _u1 != 0 ? 128 - BitOperations.LeadingZeroCount(_u1)
        : 64 - BitOperations.LeadingZeroCount(_u0);

    /// <summary>How many bytes the value needs; 0 for zero.</summary>
    public int ByteLength => (BitLength + 7) / 8;

    public static UInt256 operator +(UInt256 left, UInt256 right)
    {
        Add(left, right, out var sum);
        return sum;
    }

    public static UInt256 operator -(UInt256 left, UInt256 right)
    {
        Subtract(left, right, out var difference);
        return difference;
    }

    public static UInt256 operator -(UInt256 value) => Zero - value;

    public static UInt256 operator *(UInt256 left, UInt256 right)
    {
        unchecked
        {
            if ((left._u1 | left._u2 | left._u3 | right._u1 | right._u2 | right._u3) == 0)
            {
                var high = Math.BigMul(left._u0, right._u0, out var low);
                return new UInt256(low, high);
            }
            // Schoolbook by rows; what reaches beyond limb 3 is dropped.
            var c = Math.BigMul(left._u0, right._u0, out var r0);
            var r1 = MultiplyAdd(left._u0, right._u1, 0, ref c);
            var r2 = MultiplyAdd(left._u0, right._u2, 0, ref c);
            var r3 = left._u0 * right._u3 + c;

            c = 0;
            r1 = MultiplyAdd(left._u1, right._u0, r1, ref c);
            r2 = MultiplyAdd(left._u1, right._u1, r2, ref c);
            r3 += left._u1 * right._u2 + c;

            c = 0;
            r2 = MultiplyAdd(left._u2, right._u0, r2, ref c);
            r3 += left._u2 * right._u1 + c;

            r3 += left._u3 * right._u0;
            return new UInt256(r0, r1, r2, r3);
        }
    }

    /// <exception cref="DivideByZeroException"/>
    public static UInt256 operator /(UInt256 left, UInt256 right) => DivRem(left, right).Quotient;

    /// <exception cref="DivideByZeroException"/>
    public static UInt256 operator %(UInt256 left, UInt256 right) => DivRem(left, right).Remainder;

    public static UInt256 operator &(UInt256 left, UInt256 right) =>
        new(left._u0 & right._u0, left._u1 & right._u1, left._u2 & right._u2, left._u3 & right._u3);

    public static UInt256 operator |(UInt256 left, UInt256 right) =>
        new(left._u0 | right._u0, left._u1 | right._u1, left._u2 | right._u2, left._u3 | right._u3);

    public static UInt256 operator ^(UInt256 left, UInt256 right) =>
        new(left._u0 ^ right._u0, left._u1 ^ right._u1, left._u2 ^ right._u2, left._u3 ^ right._u3);

    public static UInt256 operator ~(UInt256 value) => new(~value._u0, ~value._u1, ~value._u2, ~value._u3);

    /// <summary>Shifts in zeros; a shift of 256 or more gives zero, unlike C#'s built-in integers, which mask the count.</summary>
    /// <param name="shift">Not negative.</param>
    public static UInt256 operator <<(UInt256 value, int shift)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shift);
        var (u0, u1, u2, u3) = (value._u0, value._u1, value._u2, value._u3);
        switch (shift / 64)
        {
            case 0: break;
            case 1: (u0, u1, u2, u3) = (0, u0, u1, u2); break;
            case 2: (u0, u1, u2, u3) = (0, 0, u0, u1); break;
            case 3: (u0, u1, u2, u3) = (0, 0, 0, u0); break;
            default: return Zero;
        }
        var bits = shift % 64;
        return bits == 0
            ? new UInt256(u0, u1, u2, u3)
            : new UInt256(u0 << bits, (u1 << bits) | (u0 >> (64 - bits)), (u2 << bits) | (u1 >> (64 - bits)), (u3 << bits) | (u2 >> (64 - bits)));
    }

    /// <summary>Shifts in zeros; a shift of 256 or more gives zero.</summary>
    /// <param name="shift">Not negative.</param>
    public static UInt256 operator >>(UInt256 value, int shift)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shift);
        var (u0, u1, u2, u3) = (value._u0, value._u1, value._u2, value._u3);
        switch (shift / 64)
        {
            case 0: break;
            case 1: (u0, u1, u2, u3) = (u1, u2, u3, 0); break;
            case 2: (u0, u1, u2, u3) = (u2, u3, 0, 0); break;
            case 3: (u0, u1, u2, u3) = (u3, 0, 0, 0); break;
            default: return Zero;
        }
        var bits = shift % 64;
        return bits == 0
            ? new UInt256(u0, u1, u2, u3)
            : new UInt256((u0 >> bits) | (u1 << (64 - bits)), (u1 >> bits) | (u2 << (64 - bits)), (u2 >> bits) | (u3 << (64 - bits)), u3 >> bits);
    }

    /// <returns>False when the sum needs more than 256 bits; the result is then the wrapped sum.</returns>
    public static bool TryAdd(UInt256 left, UInt256 right, out UInt256 sum) => Add(left, right, out sum) == 0;

    /// <returns>False when <paramref name="right"/> is the larger; the result is then the wrapped difference.</returns>
    public static bool TrySubtract(UInt256 left, UInt256 right, out UInt256 difference) => Subtract(left, right, out difference) == 0;

    /// <returns>False when the product needs more than 256 bits; the result is then the wrapped product.</returns>
    public static bool TryMultiply(UInt256 left, UInt256 right, out UInt256 product)
    {
        product = left * right;
        var bits = left.BitLength + right.BitLength;
        if (bits <= 256)
            return true;
        if (bits > 257)
            return false;
        // The product needs 256 or 257 bits: only a comparison of the high half decides.
        Span<ulong> wide = stackalloc ulong[8];
        MultiplyWide(left, right, wide);
        return (wide[4] | wide[5] | wide[6] | wide[7]) == 0;
    }

    public static UInt256 Min(UInt256 left, UInt256 right) => left < right ? left : right;

    public static UInt256 Max(UInt256 left, UInt256 right) => left > right ? left : right;

    /// <summary>The base to the power of the exponent, modulo 2^256; 0^0 is 1.</summary>
    public static UInt256 Exp(UInt256 @base, UInt256 exponent)
    {
        var result = One;
        for (var bit = exponent.BitLength - 1; bit >= 0; bit--)
        {
            result *= result;
            if (!((exponent >> bit) & One).IsZero)
                result *= @base;
        }
        return result;
    }

    /// <returns>The carry out of the highest limb.</returns>
    private static ulong Add(in UInt256 left, in UInt256 right, out UInt256 sum)
    {
        ulong carry = 0;
        var u0 = AddWithCarry(left._u0, right._u0, ref carry);
        var u1 = AddWithCarry(left._u1, right._u1, ref carry);
        var u2 = AddWithCarry(left._u2, right._u2, ref carry);
        var u3 = AddWithCarry(left._u3, right._u3, ref carry);
        sum = new UInt256(u0, u1, u2, u3);
        return carry;
    }

    /// <returns>The borrow out of the highest limb.</returns>
    private static ulong Subtract(in UInt256 left, in UInt256 right, out UInt256 difference)
    {
        ulong borrow = 0;
        var u0 = SubtractWithBorrow(left._u0, right._u0, ref borrow);
        var u1 = SubtractWithBorrow(left._u1, right._u1, ref borrow);
        var u2 = SubtractWithBorrow(left._u2, right._u2, ref borrow);
        var u3 = SubtractWithBorrow(left._u3, right._u3, ref borrow);
        difference = new UInt256(u0, u1, u2, u3);
        return borrow;
    }

    private static ulong AddWithCarry(ulong left, ulong right, ref ulong carry)
    {
        unchecked
        {
            var partial = left + carry;
            var sum = partial + right;
            carry = (partial < carry ? 1ul : 0ul) | (sum < right ? 1ul : 0ul);
            return sum;
        }
    }

    private static ulong SubtractWithBorrow(ulong left, ulong right, ref ulong borrow)
    {
        unchecked
        {
            var partial = left - right;
            var difference = partial - borrow;
            borrow = (left < right ? 1ul : 0ul) | (partial < borrow ? 1ul : 0ul);
            return difference;
        }
    }

    /// <summary>left * right + addend + carry, which never exceeds 128 bits: the low limb is returned, the high one is the new carry.</summary>
    private static ulong MultiplyAdd(ulong left, ulong right, ulong addend, ref ulong carry)
    {
        unchecked
        {
            var high = Math.BigMul(left, right, out var low);
            low += addend;
            high += low < addend ? 1ul : 0ul;
            low += carry;
            high += low < carry ? 1ul : 0ul;
            carry = high;
            return low;
        }
    }
}
