using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>An element c0 + c1 x + c2 x^2 + c3 x^3 of the quartic extension F[x] / (x^4 - 11) of BabyBear: about 2^123.6 elements.</summary>
public readonly record struct Ext4(Felt C0, Felt C1, Felt C2, Felt C3)
{
    public const int Degree = 4;

    /// <summary>Bytes of the encoding: four canonical numbers, little-endian.</summary>
    public const int Bytes = 16;

    /// <summary>x^4.</summary>
    internal static Felt NonResidue { get; } = Felt.From(11);

    public static Ext4 Zero => default;

    public static Ext4 One { get; } = Felt.One;

    public static implicit operator Ext4(Felt value) => new(value, default, default, default);

    /// <summary>An integer, modulo p.</summary>
    public static Ext4 From(long value) => Felt.From(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ext4 operator +(Ext4 a, Ext4 b) => new(a.C0 + b.C0, a.C1 + b.C1, a.C2 + b.C2, a.C3 + b.C3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ext4 operator -(Ext4 a, Ext4 b) => new(a.C0 - b.C0, a.C1 - b.C1, a.C2 - b.C2, a.C3 - b.C3);

    public static Ext4 operator -(Ext4 a) => new(-a.C0, -a.C1, -a.C2, -a.C3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ext4 operator *(Ext4 a, Felt k) => new(a.C0 * k, a.C1 * k, a.C2 * k, a.C3 * k);

    /// <summary>One reduction for each coefficient: see <see cref="ExtLanes{TLanes, TVector}"/> for the bounds of the sums.</summary>
    public static Ext4 operator *(Ext4 a, Ext4 b)
    {
        unchecked
        {
            ulong a0 = a.C0.Montgomery, a1 = a.C1.Montgomery, a2 = a.C2.Montgomery, a3 = a.C3.Montgomery;
            ulong b0 = b.C0.Montgomery, b1 = b.C1.Montgomery, b2 = b.C2.Montgomery, b3 = b.C3.Montgomery;
            return new(
                Reduced((a0 * b0) + ElevenTimes((a1 * b3) + (a2 * b2) + (a3 * b1))),
                Reduced((a0 * b1) + (a1 * b0) + ElevenTimes((a2 * b3) + (a3 * b2))),
                Reduced((a0 * b2) + (a1 * b1) + (a2 * b0) + ElevenTimes(a3 * b3)),
                Reduced((a0 * b3) + (a1 * b2) + (a2 * b1) + (a3 * b0)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ElevenTimes(ulong wide) => ExtLanes<ScalarLanes, ulong>.ElevenTimes(wide);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Felt Reduced(ulong wide) => Felt.FromMontgomery(Felt.Reduce(ScalarLanes.Trim(wide)));

    /// <summary>The inverse; of zero, zero. By the norm to F[y] / (y^2 - 11), y = x^2, and then to F.</summary>
    public Ext4 Inverse()
    {
        // a = (c0 + c2 y) + x (c1 + c3 y); a * conjugate = (c0 + c2 y)^2 - y (c1 + c3 y)^2 = n0 + n1 y.
        var w = NonResidue;
        var n0 = (C0 * C0) + (w * (C2 * C2)) - (w * ((C1 * C3) + (C1 * C3)));
        var n1 = (C0 * C2) + (C0 * C2) - (C1 * C1) - (w * (C3 * C3));
        var inverse = ((n0 * n0) - (w * (n1 * n1))).Inverse();
        var (m0, m1) = (n0 * inverse, -(n1 * inverse));
        return new Ext4(C0, -C1, C2, -C3) * new Ext4(m0, default, m1, default);
    }

    public bool IsZero => this == default;
}
