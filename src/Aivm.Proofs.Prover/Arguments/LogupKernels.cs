using System.Runtime.CompilerServices;

namespace Aivm.Proofs.Prover;

/// <summary>
/// What the fractions' layers need, in whole vectors: a stretch that ends within one has room behind it, and what is written there is
/// of no account. Each loop keeps to the registers there are, since spills of wide vectors are not aligned and cost twice.
/// </summary>
internal static unsafe class LogupKernels<TLanes, TVector>
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    // One loop a method: two in one would share registers.
    private const MethodImplOptions Loop = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary>n0 / d0 + n1 / d1, without division.</summary>
    public static void AddFractions(ExtPointer n0, ExtPointer n1, ExtPointer d0, ExtPointer d1, ExtPointer n, ExtPointer d, int count)
    {
        AddCrosswise(n0, n1, d0, d1, n, count);
        Multiply(d0, d1, d, count);
    }

    /// <summary>1 / d0 + 1 / d1.</summary>
    [MethodImpl(Loop)]
    public static void AddInverses(ExtPointer d0, ExtPointer d1, ExtPointer n, ExtPointer d, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
        {
            var (left, right) = (Load(d0, i), Load(d1, i));
            Store(ExtLanes<TLanes, TVector>.Add(left, right), n, i);
            Store(ExtLanes<TLanes, TVector>.Multiply(left, right), d, i);
        }
    }

    /// <summary>n0 / d0 + n1 / d1 for base elements n0, n1.</summary>
    public static void AddFractions(uint* n0, uint* n1, ExtPointer d0, ExtPointer d1, ExtPointer n, ExtPointer d, int count)
    {
        AddCrosswise(n0, n1, d0, d1, n, count);
        Multiply(d0, d1, d, count);
    }

    /// <summary>low + s (high - low), in the place of low.</summary>
    [MethodImpl(Loop)]
    public static void Fold(ExtPointer low, ExtPointer high, Ext4 s, int count)
    {
        var (factor, eleven) = (Broadcast(s), Broadcast(s * Ext4.NonResidue));
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
        {
            var start = Load(low, i);
            var step = ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Subtract(Load(high, i), start), factor, eleven);
            Store(ExtLanes<TLanes, TVector>.Add(start, step), low, i);
        }
    }

    /// <summary>a + k b, in the place of a.</summary>
    [MethodImpl(Loop)]
    public static void AddMultiple(ExtPointer a, ExtPointer b, Ext4 k, int count)
    {
        var (factor, eleven) = (Broadcast(k), Broadcast(k * Ext4.NonResidue));
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Add(Load(a, i), ExtLanes<TLanes, TVector>.Multiply(Load(b, i), factor, eleven)), a, i);
    }

    /// <summary>a + b, in the place of a.</summary>
    [MethodImpl(Loop)]
    public static void Add(ExtPointer a, ExtPointer b, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Add(Load(a, i), Load(b, i)), a, i);
    }

    /// <summary>n0 d1 + m1 d0.</summary>
    [MethodImpl(Loop)]
    public static void AddCrosswise(ExtPointer n0, ExtPointer m1, ExtPointer d0, ExtPointer d1, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(MultiplyAdd(Load(n0, i), Load(d1, i), Load(m1, i), Load(d0, i)), result, i);
    }

    /// <summary>The same of differences, from each element to that at <paramref name="half"/> on.</summary>
    [MethodImpl(Loop)]
    public static void AddCrosswise(ExtPointer n0, ExtPointer m1, ExtPointer d0, ExtPointer d1, nint half, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
        {
            var (n, d) = (Difference(n0, half, i), Difference(d1, half, i));
            Store(MultiplyAdd(n, d, Difference(m1, half, i), Difference(d0, half, i)), result, i);
        }
    }

    /// <summary>n0 d1 + n1 d0 for base elements n0, n1.</summary>
    [MethodImpl(Loop)]
    private static void AddCrosswise(uint* n0, uint* n1, ExtPointer d0, ExtPointer d1, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
        {
            var (left, right) = (Load(d0, i), Load(d1, i));
            var (a, b) = (ExtLanes<TLanes, TVector>.Factor(TLanes.Load(n0 + i)), ExtLanes<TLanes, TVector>.Factor(TLanes.Load(n1 + i)));
            var c0 = MultiplyAdd(a, right.C0, b, left.C0);
            var c1 = MultiplyAdd(a, right.C1, b, left.C1);
            var c2 = MultiplyAdd(a, right.C2, b, left.C2);
            var c3 = MultiplyAdd(a, right.C3, b, left.C3);
            Store(new(c0, c1, c2, c3), result, i);
        }
    }

    /// <summary>a + k.</summary>
    [MethodImpl(Loop)]
    public static void Add(ExtPointer a, Ext4 k, ExtPointer result, int count)
    {
        var constant = Broadcast(k);
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Add(Load(a, i), constant), result, i);
    }

    /// <summary>d0 d1 of differences, from each element to that at <paramref name="half"/> on.</summary>
    [MethodImpl(Loop)]
    public static void Multiply(ExtPointer d0, ExtPointer d1, nint half, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Multiply(Difference(d0, half, i), Difference(d1, half, i)), result, i);
    }

    /// <summary>d0 d1.</summary>
    [MethodImpl(Loop)]
    public static void Multiply(ExtPointer d0, ExtPointer d1, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Multiply(Load(d0, i), Load(d1, i)), result, i);
    }

    /// <summary>sum of eq a.</summary>
    [MethodImpl(Loop)]
    public static void Sum(WideSum<TLanes, TVector> sum, ExtPointer eq, ExtPointer a, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            sum.Add(Load(eq, i), Load(a, i));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> Broadcast(Ext4 element) => ExtLanes<TLanes, TVector>.Broadcast(element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> Load(ExtPointer from, nint i) => ExtLanes<TLanes, TVector>.Load(from, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ExtVector<TVector> elements, ExtPointer to, nint i) => ExtLanes<TLanes, TVector>.Store(elements, to, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> Difference(ExtPointer view, nint half, nint i) =>
        ExtLanes<TLanes, TVector>.Subtract(Load(view, unchecked(i + half)), Load(view, i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector MultiplyAdd(Pair<TVector> a, TVector x, Pair<TVector> b, TVector y) => ExtLanes<TLanes, TVector>.Reduce(
        ExtLanes<TLanes, TVector>.AddWide(
            ExtLanes<TLanes, TVector>.MultiplyWide(a, ExtLanes<TLanes, TVector>.Factor(x)),
            ExtLanes<TLanes, TVector>.MultiplyWide(b, ExtLanes<TLanes, TVector>.Factor(y))));

    /// <summary>a b + c d, with one reduction for each coefficient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> MultiplyAdd(ExtVector<TVector> a, ExtVector<TVector> b, ExtVector<TVector> c, ExtVector<TVector> d)
    {
        MultiplyAdd(a, b, c, d, out var e0, out var e1, out var e2, out var e3);
        MultiplyAdd(Odd(a), Odd(b), Odd(c), Odd(d), out var o0, out var o1, out var o2, out var o3);
        return new(TLanes.ReduceLong(e0, o0), TLanes.ReduceLong(e1, o1), TLanes.ReduceLong(e2, o2), TLanes.ReduceLong(e3, o3));
    }

    /// <summary>The wide coefficients of a b + c d in even lanes, each below 2^33 p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd(
        ExtVector<TVector> a, ExtVector<TVector> b, ExtVector<TVector> c, ExtVector<TVector> d,
        out TVector r0, out TVector r1, out TVector r2, out TVector r3)
    {
        // In units of p^2: a trimmed sum is below 2.14, 2^33 p is 4.27, and eleven times a sum of at most 4.27 is below 0.94.
        var left = TLanes.AddWide(TLanes.MultiplyEven(a.C1, b.C3), TLanes.MultiplyEven(a.C2, b.C2));
        var right = TLanes.AddWide(TLanes.MultiplyEven(c.C1, d.C3), TLanes.MultiplyEven(c.C2, d.C2));
        left = TLanes.Trim(TLanes.AddWide(left, TLanes.MultiplyEven(a.C3, b.C1)));
        right = TLanes.Trim(TLanes.AddWide(right, TLanes.MultiplyEven(c.C3, d.C1)));
        left = ExtLanes<TLanes, TVector>.ElevenTimes(TLanes.AddWide(left, right));
        right = TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C0), TLanes.MultiplyEven(c.C0, d.C0));
        r0 = TLanes.AddWide(left, right);

        left = TLanes.AddWide(TLanes.MultiplyEven(a.C2, b.C3), TLanes.MultiplyEven(a.C3, b.C2));
        right = TLanes.AddWide(TLanes.MultiplyEven(c.C2, d.C3), TLanes.MultiplyEven(c.C3, d.C2));
        r1 = ExtLanes<TLanes, TVector>.ElevenTimes(TLanes.AddWide(left, right));
        left = TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C1), TLanes.MultiplyEven(a.C1, b.C0));
        right = TLanes.AddWide(TLanes.MultiplyEven(c.C0, d.C1), TLanes.MultiplyEven(c.C1, d.C0));
        r1 = TLanes.AddWide(r1, TLanes.Trim(TLanes.AddWide(left, right)));

        r2 = ExtLanes<TLanes, TVector>.ElevenTimes(TLanes.AddWide(TLanes.MultiplyEven(a.C3, b.C3), TLanes.MultiplyEven(c.C3, d.C3)));
        left = TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C2), TLanes.MultiplyEven(a.C1, b.C1));
        right = TLanes.AddWide(TLanes.MultiplyEven(c.C0, d.C2), TLanes.MultiplyEven(c.C1, d.C1));
        left = TLanes.Trim(TLanes.AddWide(left, TLanes.MultiplyEven(a.C2, b.C0)));
        right = TLanes.AddWide(right, TLanes.MultiplyEven(c.C2, d.C0));
        r2 = TLanes.AddWide(left, TLanes.Trim(TLanes.AddWide(right, r2)));

        left = TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C3), TLanes.MultiplyEven(a.C1, b.C2));
        right = TLanes.AddWide(TLanes.MultiplyEven(c.C0, d.C3), TLanes.MultiplyEven(c.C1, d.C2));
        left = TLanes.AddWide(left, TLanes.AddWide(TLanes.MultiplyEven(a.C2, b.C1), TLanes.MultiplyEven(a.C3, b.C0)));
        right = TLanes.AddWide(right, TLanes.AddWide(TLanes.MultiplyEven(c.C2, d.C1), TLanes.MultiplyEven(c.C3, d.C0)));
        r3 = TLanes.AddWide(TLanes.Trim(left), TLanes.Trim(right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> Odd(ExtVector<TVector> a) =>
        new(TLanes.Odd(a.C0), TLanes.Odd(a.C1), TLanes.Odd(a.C2), TLanes.Odd(a.C3));
}
