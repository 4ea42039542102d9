using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>The extension's arithmetic in the lanes of vectors, with one reduction for each coefficient of a result.</summary>
internal static unsafe class ExtLanes<TLanes, TVector>
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : struct
{
    // Eleven times a wide sum, which has to become small: 11 (high 2^32 + low), with 11 * 2^32 mod p for the high half.
    private const uint ElevenHigh = 939524073;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Broadcast(Ext4 element) => new(
        TLanes.Broadcast(element.C0.Montgomery), TLanes.Broadcast(element.C1.Montgomery),
        TLanes.Broadcast(element.C2.Montgomery), TLanes.Broadcast(element.C3.Montgomery));

    /// <summary>An element in every lane, as a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> BroadcastFactor(Felt element)
    {
        var vector = TLanes.Broadcast(element.Montgomery);
        return new(vector, vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Load(ExtPointer from, nint at) =>
        unchecked(new(TLanes.Load(from.C0 + at), TLanes.Load(from.C1 + at), TLanes.Load(from.C2 + at), TLanes.Load(from.C3 + at)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ExtVector<TVector> elements, ExtPointer to, nint at)
    {
        unchecked
        {
            TLanes.Store(elements.C0, to.C0 + at);
            TLanes.Store(elements.C1, to.C1 + at);
            TLanes.Store(elements.C2, to.C2 + at);
            TLanes.Store(elements.C3, to.C3 + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Add(ExtVector<TVector> a, ExtVector<TVector> b) =>
        new(TLanes.Add(a.C0, b.C0), TLanes.Add(a.C1, b.C1), TLanes.Add(a.C2, b.C2), TLanes.Add(a.C3, b.C3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Subtract(ExtVector<TVector> a, ExtVector<TVector> b) =>
        new(TLanes.Subtract(a.C0, b.C0), TLanes.Subtract(a.C1, b.C1), TLanes.Subtract(a.C2, b.C2), TLanes.Subtract(a.C3, b.C3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> Factor(TVector elements) => new(elements, TLanes.Odd(elements));

    /// <summary>Wide products, each below p^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> MultiplyWide(Pair<TVector> a, Pair<TVector> b) =>
        new(TLanes.MultiplyEven(a.Even, b.Even), TLanes.MultiplyEven(a.Odd, b.Odd));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> AddWide(Pair<TVector> a, Pair<TVector> b) => new(TLanes.AddWide(a.Even, b.Even), TLanes.AddWide(a.Odd, b.Odd));

    /// <summary>Sums below 2^33 p become sums below 2^32 p. Those leave room for two products more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> Trim(Pair<TVector> wide) => new(TLanes.Trim(wide.Even), TLanes.Trim(wide.Odd));

    /// <summary>Of sums below 2^32 p, as those of two products are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Reduce(Pair<TVector> wide) => TLanes.Reduce(wide.Even, wide.Odd);

    /// <summary>Of sums below 2^33 p, as those of four products are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ReduceLong(Pair<TVector> wide) => TLanes.ReduceLong(wide.Even, wide.Odd);

    /// <summary>11 times a sum below 3 p^2, modulo p, as a sum below 0.66 p^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> ElevenTimes(Pair<TVector> wide) => new(ElevenTimes(wide.Even), ElevenTimes(wide.Odd));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ElevenTimes(TVector wide) => TLanes.AddWide(
        TLanes.MultiplyEven(TLanes.High(wide), TLanes.Broadcast(ElevenHigh)),
        TLanes.MultiplyEven(wide, TLanes.Broadcast(11)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Multiply(TVector a, TVector b) => Reduce(MultiplyWide(Factor(a), Factor(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Multiply(TVector a, Pair<TVector> b) => Reduce(MultiplyWide(Factor(a), b));

    /// <summary>One factor k in all lanes by base elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> MultiplyFactor(ExtVector<TVector> k, Pair<TVector> b) => new(
        Reduce(MultiplyWide(new(k.C0, k.C0), b)), Reduce(MultiplyWide(new(k.C1, k.C1), b)),
        Reduce(MultiplyWide(new(k.C2, k.C2), b)), Reduce(MultiplyWide(new(k.C3, k.C3), b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Multiply(ExtVector<TVector> a, Pair<TVector> b) => new(
        Reduce(MultiplyWide(Factor(a.C0), b)), Reduce(MultiplyWide(Factor(a.C1), b)),
        Reduce(MultiplyWide(Factor(a.C2), b)), Reduce(MultiplyWide(Factor(a.C3), b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Multiply(ExtVector<TVector> a, ExtVector<TVector> b)
    {
        // Even lanes first, then odd ones: half the products are under way at a time, and fit into sixteen registers.
        MultiplyEven(a, b, out var e0, out var e1, out var e2, out var e3);
        MultiplyEven(Odd(a), Odd(b), out var o0, out var o1, out var o2, out var o3);
        return new(TLanes.Reduce(e0, o0), TLanes.ReduceLong(e1, o1), TLanes.ReduceLong(e2, o2), TLanes.ReduceLong(e3, o3));
    }

    /// <summary>The wide coefficients of a b in even lanes: the first below 2^32 p, the others below 2^33 p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyEven(
        ExtVector<TVector> a, ExtVector<TVector> b, out TVector r0, out TVector r1, out TVector r2, out TVector r3)
    {
        r0 = TLanes.AddWide(TLanes.MultiplyEven(a.C1, b.C3), TLanes.MultiplyEven(a.C2, b.C2));
        r0 = ElevenTimes(TLanes.AddWide(r0, TLanes.MultiplyEven(a.C3, b.C1)));
        r0 = TLanes.AddWide(r0, TLanes.MultiplyEven(a.C0, b.C0));
        r1 = ElevenTimes(TLanes.AddWide(TLanes.MultiplyEven(a.C2, b.C3), TLanes.MultiplyEven(a.C3, b.C2)));
        r1 = TLanes.AddWide(r1, TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C1), TLanes.MultiplyEven(a.C1, b.C0)));
        r2 = ElevenTimes(TLanes.MultiplyEven(a.C3, b.C3));
        r2 = TLanes.AddWide(r2, TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C2), TLanes.MultiplyEven(a.C1, b.C1)));
        r2 = TLanes.AddWide(r2, TLanes.MultiplyEven(a.C2, b.C0));
        r3 = TLanes.AddWide(TLanes.MultiplyEven(a.C0, b.C3), TLanes.MultiplyEven(a.C1, b.C2));
        r3 = TLanes.AddWide(r3, TLanes.AddWide(TLanes.MultiplyEven(a.C2, b.C1), TLanes.MultiplyEven(a.C3, b.C0)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Odd(ExtVector<TVector> a) =>
        new(TLanes.Odd(a.C0), TLanes.Odd(a.C1), TLanes.Odd(a.C2), TLanes.Odd(a.C3));

    /// <summary>By one factor in all lanes, given with its elevenfold: <see cref="Broadcast"/> of k and of 11 k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Multiply(ExtVector<TVector> a, ExtVector<TVector> k, ExtVector<TVector> eleven)
    {
        MultiplyEven(a, k, eleven, out var e0, out var e1, out var e2, out var e3);
        MultiplyEven(Odd(a), k, eleven, out var o0, out var o1, out var o2, out var o3);
        return new(TLanes.ReduceLong(e0, o0), TLanes.ReduceLong(e1, o1), TLanes.ReduceLong(e2, o2), TLanes.ReduceLong(e3, o3));
    }

    /// <summary>The wide coefficients of a k in even lanes, each below 2^33 p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyEven(
        ExtVector<TVector> a, ExtVector<TVector> k, ExtVector<TVector> eleven, out TVector r0, out TVector r1, out TVector r2, out TVector r3)
    {
        r0 = SumOfProducts(a, k.C0, eleven.C3, eleven.C2, eleven.C1);
        r1 = SumOfProducts(a, k.C1, k.C0, eleven.C3, eleven.C2);
        r2 = SumOfProducts(a, k.C2, k.C1, k.C0, eleven.C3);
        r3 = SumOfProducts(a, k.C3, k.C2, k.C1, k.C0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SumOfProducts(ExtVector<TVector> a, TVector k0, TVector k1, TVector k2, TVector k3) => TLanes.AddWide(
        TLanes.AddWide(TLanes.MultiplyEven(a.C0, k0), TLanes.MultiplyEven(a.C1, k1)),
        TLanes.AddWide(TLanes.MultiplyEven(a.C2, k2), TLanes.MultiplyEven(a.C3, k3)));

    /// <summary>sum + a b, unreduced: three quarters of a product's time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref ExtSum<TVector> sum, ExtVector<TVector> a, ExtVector<TVector> b)
    {
        // 2^64 is 4.55 p^2, and a trimmed sum is below 2.14 p^2.
        MultiplyEven(a, b, out var e0, out var e1, out var e2, out var e3);
        MultiplyEven(Odd(a), Odd(b), out var o0, out var o1, out var o2, out var o3);
        sum.C0 = new(AddTrimmed(sum.C0.Even, e0), AddTrimmed(sum.C0.Odd, o0));
        sum.C1 = new(AddTrimmed(sum.C1.Even, TLanes.Trim(e1)), AddTrimmed(sum.C1.Odd, TLanes.Trim(o1)));
        sum.C2 = new(AddTrimmed(sum.C2.Even, TLanes.Trim(e2)), AddTrimmed(sum.C2.Odd, TLanes.Trim(o2)));
        sum.C3 = new(AddTrimmed(sum.C3.Even, TLanes.Trim(e3)), AddTrimmed(sum.C3.Odd, TLanes.Trim(o3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddTrimmed(TVector sum, TVector term) => TLanes.Trim(TLanes.AddWide(sum, term));

    /// <summary>sum + a b, untrimmed. Two of them fit onto a trimmed sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref ExtSum<TVector> sum, ExtVector<TVector> a, Pair<TVector> b)
    {
        sum.C0 = AddWide(sum.C0, MultiplyWide(Factor(a.C0), b));
        sum.C1 = AddWide(sum.C1, MultiplyWide(Factor(a.C1), b));
        sum.C2 = AddWide(sum.C2, MultiplyWide(Factor(a.C2), b));
        sum.C3 = AddWide(sum.C3, MultiplyWide(Factor(a.C3), b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Trim(ref ExtSum<TVector> sum)
    {
        sum.C0 = Trim(sum.C0);
        sum.C1 = Trim(sum.C1);
        sum.C2 = Trim(sum.C2);
        sum.C3 = Trim(sum.C3);
    }

    /// <summary>Of a trimmed sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Reduce(in ExtSum<TVector> sum) => new(Reduce(sum.C0), Reduce(sum.C1), Reduce(sum.C2), Reduce(sum.C3));

    /// <summary>Lane by lane; of zero, zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ExtVector<TVector> Inverse(ExtVector<TVector> elements)
    {
        var lanes = stackalloc uint[Ext4.Degree * FeltArray.Granule];
        var pointer = new ExtPointer(lanes, FeltArray.Granule);
        Store(elements, pointer, 0);
        for (var i = 0; i < TLanes.Count; i++)
            pointer[i] = pointer[i].Inverse();
        return Load(pointer, 0);
    }

    /// <summary>The sum of all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Ext4 Sum(ExtVector<TVector> elements)
    {
        var lanes = stackalloc uint[Ext4.Degree * FeltArray.Granule];
        var pointer = new ExtPointer(lanes, FeltArray.Granule);
        Store(elements, pointer, 0);
        var sum = Ext4.Zero;
        for (var i = 0; i < TLanes.Count; i++)
            sum += pointer[i];
        return sum;
    }
}
