using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>
/// An element of BabyBear, the integers modulo p = 2^31 - 2^27 + 1. Held in Montgomery form, x * 2^32 mod p, always below p,
/// so that two equal elements have equal bits.
/// </summary>
public readonly record struct Felt
{
    public const uint Modulus = 0x78000001;

    /// <summary>p^-1 mod 2^32.</summary>
    internal const uint InverseOfModulus = 0x88000001;

    /// <summary>2^64 mod p: brings an integer into Montgomery form.</summary>
    internal const uint SquareOfRadix = 1172168163;

    /// <summary>2^96 mod p: brings the high half of an integer of 64 bits into Montgomery form.</summary>
    internal const uint CubeOfRadix = 317946875;

    /// <summary>2^32 mod p: one, in Montgomery form.</summary>
    internal const uint MontgomeryOne = 268435454;

    /// <summary>The multiplicative group has order 2^27 * 15; this generates it.</summary>
    internal const int GeneratorOfUnits = 31;

    /// <summary>log2 of the largest power of two that divides p - 1.</summary>
    public const int TwoAdicity = 27;

    private Felt(uint montgomery) => Montgomery = montgomery;

    /// <summary>x * 2^32 mod p.</summary>
    internal uint Montgomery { get; }

    public static Felt Zero => default;

    public static Felt One { get; } = From(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Felt FromMontgomery(uint montgomery) => new(montgomery);

    /// <summary>Any integer, modulo p.</summary>
    public static Felt From(long value)
    {
        var (low, high) = unchecked(((uint)value, (int)(value >> 32)));
        return new(Add(Multiply(low, SquareOfRadix), Multiply(NotNegative(high), CubeOfRadix)));
    }

    /// <summary>A number below 2^32, the same modulo p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint NotNegative(int value) => unchecked((uint)value + ((uint)(value >> 31) & (2 * Modulus)));

    /// <summary>The canonical representative, below p.</summary>
    public uint ToUInt32() => Reduce(Montgomery);

    /// <summary>Reads the one encoding of an element: a number below p.</summary>
    public static bool TryFromCanonical(uint value, out Felt element)
    {
        element = value < Modulus ? new(Multiply(value, SquareOfRadix)) : default;
        return value < Modulus;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Felt operator +(Felt a, Felt b) => new(Add(a.Montgomery, b.Montgomery));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Felt operator -(Felt a, Felt b) => new(Subtract(a.Montgomery, b.Montgomery));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Felt operator -(Felt a) => new(Subtract(0, a.Montgomery));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Felt operator *(Felt a, Felt b) => new(Multiply(a.Montgomery, b.Montgomery));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Felt Power(ulong exponent)
    {
        var (result, square) = (One, this);
        for (; exponent != 0; exponent >>= 1, square *= square)
            if ((exponent & 1) != 0)
                result *= square;
        return result;
    }

    /// <summary>The inverse; of zero, zero.</summary>
    public Felt Inverse() => Power(Modulus - 2);

    /// <summary>A primitive root of unity of order 2^bits, bits at most <see cref="TwoAdicity"/>.</summary>
    public static Felt RootOfUnity(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bits, (uint)TwoAdicity);
        return From(GeneratorOfUnits).Power((Modulus - 1) >> bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Add(uint a, uint b) => AddIfNegative(unchecked(a + b - Modulus));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Subtract(uint a, uint b) => AddIfNegative(unchecked(a - b));

    /// <summary>From -p to p - 1, to 0 to p - 1. Without a branch, which nothing could predict.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint AddIfNegative(uint value) => unchecked(value + (Modulus & (uint)((int)value >> 31)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Multiply(uint a, uint b) => Reduce((ulong)a * b);

    /// <summary>x * 2^-32 mod p, for x below 2^32 * p (Montgomery 1985).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Reduce(ulong x)
    {
        unchecked
        {
            var quotient = (uint)x * InverseOfModulus;
            return AddIfNegative((uint)(x >> 32) - (uint)(((ulong)quotient * Modulus) >> 32));
        }
    }

    public override string ToString() => ToUInt32().ToString(System.Globalization.NumberFormatInfo.InvariantInfo);
}
