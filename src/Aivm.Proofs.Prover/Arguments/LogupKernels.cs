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
    public static void AddCrosswise(ExtPointer n0, ExtPointer m1, ExtPointer d0, ExtPointer d1, ExtPointer result, int count)
    {
        Multiply(n0, d1, result, count);
        AddProduct(m1, d0, result, count);
    }

    /// <summary>The same of differences, from each element to that at <paramref name="half"/> on.</summary>
    public static void AddCrosswise(ExtPointer n0, ExtPointer m1, ExtPointer d0, ExtPointer d1, nint half, ExtPointer result, int count)
    {
        Multiply(n0, d1, half, result, count);
        AddProduct(m1, d0, half, result, count);
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

    /// <summary>result + a b of differences, from each element to that at <paramref name="half"/> on.</summary>
    [MethodImpl(Loop)]
    private static void AddProduct(ExtPointer a, ExtPointer b, nint half, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
        {
            var product = ExtLanes<TLanes, TVector>.Multiply(Difference(a, half, i), Difference(b, half, i));
            Store(ExtLanes<TLanes, TVector>.Add(Load(result, i), product), result, i);
        }
    }

    /// <summary>result + a b.</summary>
    [MethodImpl(Loop)]
    private static void AddProduct(ExtPointer a, ExtPointer b, ExtPointer result, int count)
    {
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            Store(ExtLanes<TLanes, TVector>.Add(Load(result, i), ExtLanes<TLanes, TVector>.Multiply(Load(a, i), Load(b, i))), result, i);
    }

    /// <summary>total + sum of eq a, lane by lane.</summary>
    [MethodImpl(Loop)]
    public static void Sum(ref ExtSum<TVector> total, ExtPointer eq, ExtPointer a, int count)
    {
        var sum = total;
        for (nint i = 0; i < count; i = unchecked(i + TLanes.Count))
            ExtLanes<TLanes, TVector>.AddProduct(ref sum, Load(eq, i), Load(a, i));
        total = sum;
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
}
