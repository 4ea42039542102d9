using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Primitives;

/// <summary>
/// An integer modulo p = 2^256 - 2^32 - 977, the field of secp256k1; always fully reduced. Runs in variable time: for public data only.
/// </summary>
internal readonly struct FieldElement : IEquatable<FieldElement>
{
    public const int Size = 32;

    /// <summary>2^256 modulo p: what a carry out of the highest limb is worth.</summary>
    private const ulong Fold = 0x1_0000_03D1;

    private const int WindowBits = 4;

    private static readonly UInt256 Prime = UInt256.MaxValue - (Fold - 1);

    // p is 3 modulo 4, so that a square's root is its ((p + 1) / 4)th power.
    private static readonly UInt256 RootExponent = (Prime >> 2) + UInt256.One;
    private static readonly UInt256 InverseExponent = Prime - 2;

    // Little-endian limbs.
    private readonly ulong _a0, _a1, _a2, _a3;

    private FieldElement(ulong a0, ulong a1, ulong a2, ulong a3) => (_a0, _a1, _a2, _a3) = (a0, a1, a2, a3);

    public static FieldElement One => new(1, 0, 0, 0);

    public bool IsZero => (_a0 | _a1 | _a2 | _a3) == 0;

    public bool IsOdd => (_a0 & 1) != 0;

    public static FieldElement Of(ulong small) => new(small, 0, 0, 0);

    /// <returns>False when the number is p or more.</returns>
    public static bool TryCreate(UInt256 value, out FieldElement element)
    {
        Span<byte> bytes = stackalloc byte[Size];
        value.WriteBigEndian(bytes);
        element = new FieldElement(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return value < Prime;
    }

    public void WriteBigEndian(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _a3);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _a2);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], _a1);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], _a0);
    }

    public static FieldElement operator +(in FieldElement left, in FieldElement right)
    {
        var carry = 0UL;
        var s0 = AddWithCarry(left._a0, right._a0, ref carry);
        var s1 = AddWithCarry(left._a1, right._a1, ref carry);
        var s2 = AddWithCarry(left._a2, right._a2, ref carry);
        var s3 = AddWithCarry(left._a3, right._a3, ref carry);
        return Reduce(s0, s1, s2, s3, carry);
    }

    public static FieldElement operator -(in FieldElement left, in FieldElement right)
    {
        var borrow = 0UL;
        var d0 = SubtractWithBorrow(left._a0, right._a0, ref borrow);
        var d1 = SubtractWithBorrow(left._a1, right._a1, ref borrow);
        var d2 = SubtractWithBorrow(left._a2, right._a2, ref borrow);
        var d3 = SubtractWithBorrow(left._a3, right._a3, ref borrow);
        if (borrow == 0)
            return new FieldElement(d0, d1, d2, d3);
        // The limbs hold the difference and 2^256; p would have been right.
        borrow = 0;
        d0 = SubtractWithBorrow(d0, Fold, ref borrow);
        d1 = SubtractWithBorrow(d1, 0, ref borrow);
        d2 = SubtractWithBorrow(d2, 0, ref borrow);
        d3 = SubtractWithBorrow(d3, 0, ref borrow);
        return new FieldElement(d0, d1, d2, d3);
    }

    public static FieldElement operator -(in FieldElement value) => default(FieldElement) - value;

    public static FieldElement operator *(in FieldElement left, in FieldElement right)
    {
        ulong a = left._a0, b0 = right._a0, b1 = right._a1, b2 = right._a2, b3 = right._a3;
        var carry = 0UL;
        var r0 = MultiplyAdd(a, b0, 0, ref carry);
        var r1 = MultiplyAdd(a, b1, 0, ref carry);
        var r2 = MultiplyAdd(a, b2, 0, ref carry);
        var r3 = MultiplyAdd(a, b3, 0, ref carry);
        var r4 = carry;
        (a, carry) = (left._a1, 0);
        r1 = MultiplyAdd(a, b0, r1, ref carry);
        r2 = MultiplyAdd(a, b1, r2, ref carry);
        r3 = MultiplyAdd(a, b2, r3, ref carry);
        r4 = MultiplyAdd(a, b3, r4, ref carry);
        var r5 = carry;
        (a, carry) = (left._a2, 0);
        r2 = MultiplyAdd(a, b0, r2, ref carry);
        r3 = MultiplyAdd(a, b1, r3, ref carry);
        r4 = MultiplyAdd(a, b2, r4, ref carry);
        r5 = MultiplyAdd(a, b3, r5, ref carry);
        var r6 = carry;
        (a, carry) = (left._a3, 0);
        r3 = MultiplyAdd(a, b0, r3, ref carry);
        r4 = MultiplyAdd(a, b1, r4, ref carry);
        r5 = MultiplyAdd(a, b2, r5, ref carry);
        r6 = MultiplyAdd(a, b3, r6, ref carry);
        var r7 = carry;

        carry = 0;
        r0 = MultiplyAdd(r4, Fold, r0, ref carry);
        r1 = MultiplyAdd(r5, Fold, r1, ref carry);
        r2 = MultiplyAdd(r6, Fold, r2, ref carry);
        r3 = MultiplyAdd(r7, Fold, r3, ref carry);
        // What is left over has 33 bits: folding it adds less than 2^67.
        var over = carry;
        carry = 0;
        r0 = MultiplyAdd(over, Fold, r0, ref carry);
        r1 = AddWithCarry(r1, 0, ref carry);
        r2 = AddWithCarry(r2, 0, ref carry);
        r3 = AddWithCarry(r3, 0, ref carry);
        return Reduce(r0, r1, r2, r3, carry);
    }

    public FieldElement Square() => this * this;

    public FieldElement Double() => this + this;

    /// <summary>Of zero: zero.</summary>
    public FieldElement Invert() => Power(InverseExponent);

    /// <returns>False when this is no square.</returns>
    public bool TrySquareRoot(out FieldElement root)
    {
        root = Power(RootExponent);
        return root.Square().Equals(this);
    }

    public bool Equals(FieldElement other) => _a0 == other._a0 && _a1 == other._a1 && _a2 == other._a2 && _a3 == other._a3;

    public override bool Equals(object? obj) => obj is FieldElement other && Equals(other);

    /// <summary>For dictionaries within one process only.</summary>
    public override int GetHashCode() => unchecked((int)_a0);

    private FieldElement Power(UInt256 exponent)
    {
        Span<FieldElement> powers = stackalloc FieldElement[1 << WindowBits];
        powers[0] = One;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * this;
        Span<byte> digits = stackalloc byte[Size];
        exponent.WriteBigEndian(digits);
        var result = One;
        foreach (var digit in digits)
        {
            result = result.Square().Square().Square().Square() * powers[digit >> WindowBits];
            result = result.Square().Square().Square().Square() * powers[digit & 0xF];
        }
        return result;
    }

    /// <summary>Of a number below 2p: four limbs and a carry of 0 or 1.</summary>
    private static FieldElement Reduce(ulong r0, ulong r1, ulong r2, ulong r3, ulong carry)
    {
        if (carry == 0 && r3 != ulong.MaxValue)
            return new FieldElement(r0, r1, r2, r3);
        // Adding 2^256 - p overflows 256 bits exactly when the number is p or more.
        var over = 0UL;
        var s0 = AddWithCarry(r0, Fold, ref over);
        var s1 = AddWithCarry(r1, 0, ref over);
        var s2 = AddWithCarry(r2, 0, ref over);
        var s3 = AddWithCarry(r3, 0, ref over);
        return (carry | over) != 0 ? new FieldElement(s0, s1, s2, s3) : new FieldElement(r0, r1, r2, r3);
    }

    /// <returns>The low half of a·b + c + carry; the high half goes to the carry. The sum cannot overflow 128 bits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MultiplyAdd(ulong a, ulong b, ulong c, ref ulong carry)
    {
        unchecked
        {
            // Math.BigMul hands out the low half through memory, which takes twice as long as multiplying again.
            var high = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b)
                : ArmBase.Arm64.IsSupported ? ArmBase.Arm64.MultiplyHigh(a, b)
                : Math.BigMul(a, b, out _);
            var low = (a * b) + c;
            high += low < c ? 1UL : 0;
            low += carry;
            high += low < carry ? 1UL : 0;
            carry = high;
            return low;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AddWithCarry(ulong a, ulong b, ref ulong carry)
    {
        unchecked
        {
            var sum = a + b;
            var first = sum < a ? 1UL : 0;
            sum += carry;
            carry = first + (sum < carry ? 1UL : 0);
            return sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SubtractWithBorrow(ulong a, ulong b, ref ulong borrow)
    {
        unchecked
        {
            var difference = a - b;
            var first = a < b ? 1UL : 0;
            var result = difference - borrow;
            borrow = first + (difference < borrow ? 1UL : 0);
            return result;
        }
    }
}
