using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>high = r * low, low -= high: one variable more of an eq table.</summary>
internal readonly unsafe struct EqLoop(ExtPointer low, ExtPointer high, Ext4 r) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (a, b) = (low, high);
        var (k, eleven) = (ExtLanes<TLanes, TVector>.Broadcast(r), ExtLanes<TLanes, TVector>.Broadcast(r * Ext4.NonResidue));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var all = ExtLanes<TLanes, TVector>.Load(a, i);
            var part = ExtLanes<TLanes, TVector>.Multiply(all, k, eleven);
            ExtLanes<TLanes, TVector>.Store(part, b, i);
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Subtract(all, part), a, i);
        }
        return i;
    }
}

/// <summary>a += r * (b - a).</summary>
internal readonly unsafe struct FoldLoop(ExtPointer low, ExtPointer high, Ext4 r) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (a, b) = (low, high);
        var (k, eleven) = (ExtLanes<TLanes, TVector>.Broadcast(r), ExtLanes<TLanes, TVector>.Broadcast(r * Ext4.NonResidue));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var atZero = ExtLanes<TLanes, TVector>.Load(a, i);
            var slope = ExtLanes<TLanes, TVector>.Subtract(ExtLanes<TLanes, TVector>.Load(b, i), atZero);
            ExtLanes<TLanes, TVector>.Store(
                ExtLanes<TLanes, TVector>.Add(atZero, ExtLanes<TLanes, TVector>.Multiply(slope, k, eleven)), a, i);
        }
        return i;
    }
}

/// <summary>result = a + r * (b - a).</summary>
internal readonly unsafe struct FoldBaseLoop(uint* low, uint* high, Ext4 r, ExtPointer result) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (a, b, to) = ((nint)low, (nint)high, result);
        var k = ExtLanes<TLanes, TVector>.Broadcast(r);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var atZero = TLanes.Load(unchecked((uint*)a + i));
            var slope = ExtLanes<TLanes, TVector>.Factor(TLanes.Subtract(TLanes.Load(unchecked((uint*)b + i)), atZero));
            var product = ExtLanes<TLanes, TVector>.MultiplyFactor(k, slope);
            ExtLanes<TLanes, TVector>.Store(new(TLanes.Add(product.C0, atZero), product.C1, product.C2, product.C3), to, i);
        }
        return i;
    }
}

/// <summary>a *= k.</summary>
internal readonly unsafe struct ScaleLoop(ExtPointer a, Ext4 k) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var to = a;
        var (factor, eleven) = (ExtLanes<TLanes, TVector>.Broadcast(k), ExtLanes<TLanes, TVector>.Broadcast(k * Ext4.NonResidue));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(to, i), factor, eleven), to, i);
        return i;
    }
}

/// <summary>a *= b.</summary>
internal readonly unsafe struct ScaleBaseLoop(ExtPointer a, uint* b) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, right) = (a, (nint)b);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var factor = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(unchecked((uint*)right + i)));
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(to, i), factor), to, i);
        }
        return i;
    }
}

/// <summary>sums += k * terms.</summary>
internal readonly unsafe struct AddScaledLoop(ExtPointer sums, Ext4 k, ExtPointer terms) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, from) = (sums, terms);
        var (factor, eleven) = (ExtLanes<TLanes, TVector>.Broadcast(k), ExtLanes<TLanes, TVector>.Broadcast(k * Ext4.NonResidue));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var product = ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(from, i), factor, eleven);
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Add(ExtLanes<TLanes, TVector>.Load(to, i), product), to, i);
        }
        return i;
    }
}

/// <summary>sums += k * terms.</summary>
internal readonly unsafe struct AddScaledBaseLoop(ExtPointer sums, Ext4 k, uint* terms) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, from) = (sums, (nint)terms);
        var factor = ExtLanes<TLanes, TVector>.Broadcast(k);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var term = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(unchecked((uint*)from + i)));
            var product = ExtLanes<TLanes, TVector>.MultiplyFactor(factor, term);
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Add(ExtLanes<TLanes, TVector>.Load(to, i), product), to, i);
        }
        return i;
    }
}

/// <summary>sums += a * b.</summary>
internal readonly unsafe struct AddProductsLoop(ExtPointer sums, ExtPointer a, ExtPointer b) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, left, right) = (sums, a, b);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var product = ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(left, i), ExtLanes<TLanes, TVector>.Load(right, i));
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Add(ExtLanes<TLanes, TVector>.Load(to, i), product), to, i);
        }
        return i;
    }
}

/// <summary>sums += a * b.</summary>
internal readonly unsafe struct AddProductsBaseLoop(ExtPointer sums, ExtPointer a, uint* b) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, left, right) = (sums, a, (nint)b);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            var factor = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(unchecked((uint*)right + i)));
            var product = ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(left, i), factor);
            ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Add(ExtLanes<TLanes, TVector>.Load(to, i), product), to, i);
        }
        return i;
    }
}

/// <summary>
/// a = 1 / a. Each lane multiplies up its own elements, inverts their product and takes them off again from the end.
/// Zeros take part as ones.
/// </summary>
internal readonly unsafe struct InvertLoop(ExtPointer a, ExtPointer products) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var stopped = start + ((end - start) / TLanes.Count * TLanes.Count);
        if (stopped > start)
            Divide<TLanes, TVector>(ExtLanes<TLanes, TVector>.Inverse(Multiply<TLanes, TVector>(start, stopped)), start, stopped);
        return stopped;
    }

    /// <summary>Products of all before, and of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ExtVector<TVector> Multiply<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (from, to) = (a, products);
        var product = ExtLanes<TLanes, TVector>.Broadcast(Ext4.One);
        for (var i = start; i < end; i += TLanes.Count)
        {
            ExtLanes<TLanes, TVector>.Store(product, to, i);
            var element = ExtLanes<TLanes, TVector>.Load(from, i);
            product = ExtLanes<TLanes, TVector>.Multiply(product, PlusOne<TLanes, TVector>(element, OneForZero<TLanes, TVector>(element)));
        }
        return product;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Divide<TLanes, TVector>(ExtVector<TVector> inverse, nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (to, before) = (a, products);
        for (var i = end - TLanes.Count; i >= start; i -= TLanes.Count)
        {
            var element = ExtLanes<TLanes, TVector>.Load(to, i);
            var one = OneForZero<TLanes, TVector>(element);
            var result = ExtLanes<TLanes, TVector>.Multiply(inverse, ExtLanes<TLanes, TVector>.Load(before, i));
            inverse = ExtLanes<TLanes, TVector>.Multiply(inverse, PlusOne<TLanes, TVector>(element, one));
            ExtLanes<TLanes, TVector>.Store(new(TLanes.Subtract(result.C0, one), result.C1, result.C2, result.C3), to, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector OneForZero<TLanes, TVector>(ExtVector<TVector> element)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct =>
        TLanes.OneForZero(TLanes.Or(TLanes.Or(element.C0, element.C1), TLanes.Or(element.C2, element.C3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ExtVector<TVector> PlusOne<TLanes, TVector>(ExtVector<TVector> element, TVector one)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct =>
        new(TLanes.Add(element.C0, one), element.C1, element.C2, element.C3);
}
