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
        var (a0, a1, a2, a3) = (Factor(a.C0), Factor(a.C1), Factor(a.C2), Factor(a.C3));
        var (b0, b1, b2, b3) = (Factor(b.C0), Factor(b.C1), Factor(b.C2), Factor(b.C3));
        return new(
            Reduce(AddWide(
                MultiplyWide(a0, b0),
                ElevenTimes(AddWide(AddWide(MultiplyWide(a1, b3), MultiplyWide(a2, b2)), MultiplyWide(a3, b1))))),
            ReduceLong(AddWide(
                AddWide(MultiplyWide(a0, b1), MultiplyWide(a1, b0)),
                ElevenTimes(AddWide(MultiplyWide(a2, b3), MultiplyWide(a3, b2))))),
            ReduceLong(AddWide(
                AddWide(AddWide(MultiplyWide(a0, b2), MultiplyWide(a1, b1)), MultiplyWide(a2, b0)),
                ElevenTimes(MultiplyWide(a3, b3)))),
            ReduceLong(AddWide(
                AddWide(MultiplyWide(a0, b3), MultiplyWide(a1, b2)),
                AddWide(MultiplyWide(a2, b1), MultiplyWide(a3, b0)))));
    }

    /// <summary>By one factor in all lanes, given with its elevenfold: <see cref="Broadcast"/> of k and of 11 k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtVector<TVector> Multiply(ExtVector<TVector> a, ExtVector<TVector> k, ExtVector<TVector> eleven)
    {
        var (a0, a1, a2, a3) = (Factor(a.C0), Factor(a.C1), Factor(a.C2), Factor(a.C3));
        return new(
            SumOfProducts(a0, k.C0, a1, eleven.C3, a2, eleven.C2, a3, eleven.C1),
            SumOfProducts(a0, k.C1, a1, k.C0, a2, eleven.C3, a3, eleven.C2),
            SumOfProducts(a0, k.C2, a1, k.C1, a2, k.C0, a3, eleven.C3),
            SumOfProducts(a0, k.C3, a1, k.C2, a2, k.C1, a3, k.C0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SumOfProducts(
        Pair<TVector> a0, TVector k0, Pair<TVector> a1, TVector k1, Pair<TVector> a2, TVector k2, Pair<TVector> a3, TVector k3) =>
        ReduceLong(AddWide(
            AddWide(MultiplyWide(a0, new(k0, k0)), MultiplyWide(a1, new(k1, k1))),
            AddWide(MultiplyWide(a2, new(k2, k2)), MultiplyWide(a3, new(k3, k3)))));

    /// <summary>sum + a b, unreduced: three quarters of a product's time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref ExtSum<TVector> sum, ExtVector<TVector> a, ExtVector<TVector> b)
    {
        var (a0, a1, a2, a3) = (Factor(a.C0), Factor(a.C1), Factor(a.C2), Factor(a.C3));
        var (b0, b1, b2, b3) = (Factor(b.C0), Factor(b.C1), Factor(b.C2), Factor(b.C3));
        // 2^64 is 4.55 p^2: a trimmed sum is below 2.14 p^2, an elevenfold below 0.66 p^2.
        sum.C0 = Trim(AddWide(sum.C0, AddWide(
            MultiplyWide(a0, b0),
            ElevenTimes(AddWide(AddWide(MultiplyWide(a1, b3), MultiplyWide(a2, b2)), MultiplyWide(a3, b1))))));
        sum.C1 = Trim(AddWide(sum.C1, Trim(AddWide(
            AddWide(MultiplyWide(a0, b1), MultiplyWide(a1, b0)),
            ElevenTimes(AddWide(MultiplyWide(a2, b3), MultiplyWide(a3, b2)))))));
        sum.C2 = Trim(AddWide(sum.C2, Trim(AddWide(
            AddWide(AddWide(MultiplyWide(a0, b2), MultiplyWide(a1, b1)), MultiplyWide(a2, b0)),
            ElevenTimes(MultiplyWide(a3, b3))))));
        sum.C3 = Trim(AddWide(sum.C3, Trim(AddWide(
            AddWide(MultiplyWide(a0, b3), MultiplyWide(a1, b2)),
            AddWide(MultiplyWide(a2, b1), MultiplyWide(a3, b0))))));
    }

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
