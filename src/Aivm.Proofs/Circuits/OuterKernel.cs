using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>sums[p * width + c] += sum over taps of rows[tap, p] * columns[tap, c]: the transpose of a layer, over a rectangle of cells.</summary>
internal static class OuterKernel
{
    /// <summary>Columns of a tap lie so far apart at least: whole vectors of them can be read.</summary>
    public static int StrideOf(int width) => Math.Max(width, FeltArray.Granule);

    /// <param name="at">The rectangle's first cell among the sums.</param>
    /// <param name="rows">Tap after tap, <paramref name="rowStride"/> apart, from <paramref name="firstRow"/> on.</param>
    /// <param name="columns">Tap after tap, <see cref="StrideOf"/> apart; 0 between the channels and the width, and repeated from there on where the width is less than the stride.</param>
    /// <param name="width">A power of two.</param>
    public static void Add(ExtArray sums, int at, ExtArray rows, int firstRow, int rowStride, ExtArray columns, int taps, int positions, int width)
    {
        // A row's factor is spread over the vector once, and not for each stretch of the row.
        if (taps == 1 && width >= FeltArray.Granule)
        {
            for (var p = 0; p < positions; p++)
                ExtKernels.AddScaled(sums, at + (p * width), rows[firstRow + p], columns, 0, width);
            return;
        }
        var loop = new Loop(sums.At(at), rows.At(firstRow), rowStride, columns.At(0), StrideOf(width), taps, width);
        FieldLoop.Run(ref loop, 0, (nint)positions * width);
    }

    /// <summary>Columns of one tap as <see cref="Add"/> reads them.</summary>
    public static void Lay(ExtArray source, int first, int channels, int width, ExtArray columns, int tap)
    {
        var stride = StrideOf(width);
        for (var c = 0; c < channels; c++)
            for (var copy = c; copy < stride; copy += width)
                columns[(tap * stride) + copy] = source[first + c];
    }

    private readonly unsafe struct Loop(ExtPointer sums, ExtPointer rows, nint rowStride, ExtPointer columns, nint columnStride, int taps, int width) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            for (; start + TLanes.Count <= end; start += TLanes.Count)
            {
                var sum = ExtLanes<TLanes, TVector>.Load(sums, start);
                for (var tap = 0; tap < taps; tap++)
                {
                    var row = TLanes.Count <= width
                        ? ExtLanes<TLanes, TVector>.Broadcast(rows[(nint)((tap * rowStride) + (start / width))])
                        : Repeat<TLanes, TVector>((tap * rowStride) + (start / width));
                    var column = ExtLanes<TLanes, TVector>.Load(columns, (tap * columnStride) + (start & (width - 1)));
                    sum = ExtLanes<TLanes, TVector>.Add(sum, ExtLanes<TLanes, TVector>.Multiply(column, row));
                }
                ExtLanes<TLanes, TVector>.Store(sum, sums, start);
            }
            return start;
        }

        /// <summary>Each row's factor in as many lanes as the width.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private ExtVector<TVector> Repeat<TLanes, TVector>(nint first)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            var lanes = stackalloc uint[Ext4.Degree * FeltArray.Granule];
            var repeated = new ExtPointer(lanes, FeltArray.Granule);
            for (var lane = 0; lane < TLanes.Count; lane++)
                repeated[lane] = rows[(nint)(first + (lane / width))];
            return ExtLanes<TLanes, TVector>.Load(repeated, 0);
        }
    }
}
