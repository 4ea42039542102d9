using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>The sum of a.</summary>
internal unsafe struct SumLoop(ExtPointer a) : IFieldLoop
{
    public Ext4 Sum { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var sum = default(ExtVector<TVector>);
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            sum = ExtLanes<TLanes, TVector>.Add(sum, ExtLanes<TLanes, TVector>.Load(a, i));
        Sum += ExtLanes<TLanes, TVector>.Sum(sum);
        return i;
    }
}

/// <summary>The sum of a * b.</summary>
internal unsafe struct DotLoop(ExtPointer a, ExtPointer b) : IFieldLoop
{
    public Ext4 Sum { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var sum = default(ExtSum<TVector>);
        var stopped = ExtSums<TLanes, TVector>.Add(ref sum, a, b, start, end);
        Sum += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(sum));
        return stopped;
    }
}

/// <summary>The sum of a * b.</summary>
internal unsafe struct DotBaseLoop(ExtPointer a, uint* b) : IFieldLoop
{
    public Ext4 Sum { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var sum = default(ExtSum<TVector>);
        var stopped = ExtSums<TLanes, TVector>.Add(ref sum, a, b, start, end);
        Sum += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(sum));
        return stopped;
    }
}

/// <summary>The sums of a v and of (aHigh - a) (vHigh - v).</summary>
internal unsafe struct RoundLoop(ExtPointer a, ExtPointer aHigh, ExtPointer v, ExtPointer vHigh) : IFieldLoop
{
    public Ext4 AtZero { get; private set; }

    public Ext4 Leading { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (low, slope) = (default(ExtSum<TVector>), default(ExtSum<TVector>));
        while (start + TLanes.Count <= end)
        {
            // One sum at a time leaves registers enough; the block is in the nearest cache for the second.
            var block = Math.Min(end, start + ExtSums<TLanes, TVector>.Block);
            ExtSums<TLanes, TVector>.Add(ref low, a, v, start, block);
            start = ExtSums<TLanes, TVector>.AddDifferences(ref slope, a, aHigh, v, vHigh, start, block);
        }
        AtZero += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(low));
        Leading += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(slope));
        return start;
    }
}

/// <summary>The sums of a v and of (aHigh - a) (vHigh - v).</summary>
internal unsafe struct RoundBaseLoop(ExtPointer a, ExtPointer aHigh, uint* v, uint* vHigh) : IFieldLoop
{
    public Ext4 AtZero { get; private set; }

    public Ext4 Leading { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (low, slope) = (default(ExtSum<TVector>), default(ExtSum<TVector>));
        while (start + TLanes.Count <= end)
        {
            var block = Math.Min(end, start + ExtSums<TLanes, TVector>.Block);
            ExtSums<TLanes, TVector>.Add(ref low, a, v, start, block);
            start = ExtSums<TLanes, TVector>.AddDifferences(ref slope, a, aHigh, v, vHigh, start, block);
        }
        AtZero += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(low));
        Leading += ExtLanes<TLanes, TVector>.Sum(ExtLanes<TLanes, TVector>.Reduce(slope));
        return start;
    }
}

/// <summary>Sums of products over whole vectors; they return where they stopped.</summary>
internal static unsafe class ExtSums<TLanes, TVector>
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : struct
{
    /// <summary>Elements of which four arrays fit into the nearest cache.</summary>
    public const int Block = 256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Add(ref ExtSum<TVector> total, ExtPointer a, ExtPointer b, nint start, nint end)
    {
        var sum = total;
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            ExtLanes<TLanes, TVector>.AddProduct(ref sum, ExtLanes<TLanes, TVector>.Load(a, i), ExtLanes<TLanes, TVector>.Load(b, i));
        total = sum;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint AddDifferences(
        ref ExtSum<TVector> total, ExtPointer a, ExtPointer aHigh, ExtPointer b, ExtPointer bHigh, nint start, nint end)
    {
        var sum = total;
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            ExtLanes<TLanes, TVector>.AddProduct(
                ref sum,
                ExtLanes<TLanes, TVector>.Subtract(ExtLanes<TLanes, TVector>.Load(aHigh, i), ExtLanes<TLanes, TVector>.Load(a, i)),
                ExtLanes<TLanes, TVector>.Subtract(ExtLanes<TLanes, TVector>.Load(bHigh, i), ExtLanes<TLanes, TVector>.Load(b, i)));
        total = sum;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Add(ref ExtSum<TVector> total, ExtPointer a, uint* b, nint start, nint end)
    {
        var sum = total;
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            ExtLanes<TLanes, TVector>.AddProduct(
                ref sum, ExtLanes<TLanes, TVector>.Load(a, i), ExtLanes<TLanes, TVector>.Factor(TLanes.Load(unchecked(b + i))));
            ExtLanes<TLanes, TVector>.Trim(ref sum);
        }
        total = sum;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint AddDifferences(
        ref ExtSum<TVector> total, ExtPointer a, ExtPointer aHigh, uint* b, uint* bHigh, nint start, nint end)
    {
        var sum = total;
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
        {
            ExtLanes<TLanes, TVector>.AddProduct(
                ref sum,
                ExtLanes<TLanes, TVector>.Subtract(ExtLanes<TLanes, TVector>.Load(aHigh, i), ExtLanes<TLanes, TVector>.Load(a, i)),
                ExtLanes<TLanes, TVector>.Factor(TLanes.Subtract(TLanes.Load(unchecked(bHigh + i)), TLanes.Load(unchecked(b + i)))));
            ExtLanes<TLanes, TVector>.Trim(ref sum);
        }
        total = sum;
        return i;
    }
}
