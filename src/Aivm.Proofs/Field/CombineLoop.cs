using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>
/// sums[c] += sum over rows of weights[row] * matrix[row * stride + c]. Wide sums of a stretch of columns lie in the nearest cache;
/// a few rows at a time are added to them, so that rows are read in the order of memory.
/// </summary>
internal readonly unsafe struct CombineLoop(ExtPointer sums, ExtPointer weights, int rows, uint* matrix, nint stride) : IFieldLoop
{
    private const int Stretch = 16;
    private const int RowsAtOnce = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        // Aligned, as what the stack holds need not be.
        using var scratch = new FeltArray(Stretch * Unsafe.SizeOf<ExtSum<TVector>>() / sizeof(uint));
        ref var totals = ref Unsafe.AsRef<ExtSum<TVector>>(scratch.Data);
        while (start + TLanes.Count <= end)
        {
            var vectors = (int)Math.Min(Stretch, (end - start) / TLanes.Count);
            scratch.Clear();
            for (var row = 0; row < rows; row += RowsAtOnce)
                AddRows<TLanes, TVector>(ref totals, vectors, start, row, Math.Min(rows, row + RowsAtOnce));
            for (var i = 0; i < vectors; i++, start += TLanes.Count)
            {
                var sum = ExtLanes<TLanes, TVector>.Reduce(Unsafe.Add(ref totals, i));
                ExtLanes<TLanes, TVector>.Store(ExtLanes<TLanes, TVector>.Add(ExtLanes<TLanes, TVector>.Load(sums, start), sum), sums, start);
            }
        }
        return start;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRows<TLanes, TVector>(ref ExtSum<TVector> totals, int vectors, nint column, int row, int end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        unchecked
        {
            var (factors, rowStride) = (weights, stride);
            for (var v = 0; v < vectors; v++, column += TLanes.Count)
            {
                var sum = Unsafe.Add(ref totals, v);
                var element = matrix + (row * rowStride) + column;
                nint r = row;
                for (; r + 2 <= end; r += 2, element += 2 * rowStride)
                {
                    var first = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(element));
                    var second = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(element + rowStride));
                    sum.C0 = AddTwo<TLanes, TVector>(sum.C0, first, second, factors.C0 + r);
                    sum.C1 = AddTwo<TLanes, TVector>(sum.C1, first, second, factors.C1 + r);
                    sum.C2 = AddTwo<TLanes, TVector>(sum.C2, first, second, factors.C2 + r);
                    sum.C3 = AddTwo<TLanes, TVector>(sum.C3, first, second, factors.C3 + r);
                }
                if (r < end)
                {
                    var last = ExtLanes<TLanes, TVector>.Factor(TLanes.Load(element));
                    sum.C0 = AddOne<TLanes, TVector>(sum.C0, last, factors.C0[r]);
                    sum.C1 = AddOne<TLanes, TVector>(sum.C1, last, factors.C1[r]);
                    sum.C2 = AddOne<TLanes, TVector>(sum.C2, last, factors.C2[r]);
                    sum.C3 = AddOne<TLanes, TVector>(sum.C3, last, factors.C3[r]);
                }
                Unsafe.Add(ref totals, v) = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> AddTwo<TLanes, TVector>(Pair<TVector> sum, Pair<TVector> first, Pair<TVector> second, uint* factors)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var (k0, k1) = (TLanes.Broadcast(factors[0]), TLanes.Broadcast(unchecked(factors[1])));
        return ExtLanes<TLanes, TVector>.Trim(ExtLanes<TLanes, TVector>.AddWide(
            sum,
            ExtLanes<TLanes, TVector>.AddWide(
                ExtLanes<TLanes, TVector>.MultiplyWide(first, new(k0, k0)),
                ExtLanes<TLanes, TVector>.MultiplyWide(second, new(k1, k1)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> AddOne<TLanes, TVector>(Pair<TVector> sum, Pair<TVector> element, uint factor)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var k = TLanes.Broadcast(factor);
        return ExtLanes<TLanes, TVector>.Trim(ExtLanes<TLanes, TVector>.AddWide(sum, ExtLanes<TLanes, TVector>.MultiplyWide(element, new(k, k))));
    }
}
