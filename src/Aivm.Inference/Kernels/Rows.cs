using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>One number of a row of elements.</summary>
internal static unsafe class Rows
{
    /// <summary>The largest element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Max<T>(SimdLevel level, T* row, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (max, done) = (row[0], 1);
        unchecked
        {
            if (level != SimdLevel.Scalar && length >= Vector128<T>.Count)
            {
                var lanes = Vector128.Load(row);
                for (done = Vector128<T>.Count; done <= length - Vector128<T>.Count; done += Vector128<T>.Count)
                    lanes = Vector128.Max(lanes, Vector128.Load(row + done));
                max = lanes[0];
                for (var i = 1; i < Vector128<T>.Count; i++)
                    max = T.Max(max, lanes[i]);
            }
            for (; done < length; done++)
                max = T.Max(max, row[done]);
        }
        return max;
    }

    /// <summary>The sum of elements, which the analysis bounds below 2^29 in any order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Sum<T>(SimdLevel level, T* row, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (sum, done) = (0, 0);
        if (level != SimdLevel.Scalar && length >= 16)
            (sum, done) = level == SimdLevel.Vector128 ? SumLanes<T, Lanes128>(row, length) : SumLanes<T, Lanes256>(row, length);
        unchecked
        {
            for (; done < length; done++)
                sum += int.CreateTruncating(row[done]);
        }
        return sum;
    }

    /// <returns>Besides the sum, of how many elements it is: a multiple of eight.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Sum, int Done) SumLanes<T, TLanes>(T* row, int length)
        where T : unmanaged
        where TLanes : struct, ILanes<TLanes>
    {
        var sums = stackalloc int[8];
        var (lanes, sum, done) = (TLanes.Create(0), 0, 0);
        unchecked
        {
            for (; done <= length - 8; done += 8)
                lanes = TLanes.Add(lanes, Widen<T, TLanes>(row + done));
            TLanes.Store(lanes, sums);
            for (var i = 0; i < 8; i++)
                sum += sums[i];
        }
        return (sum, done);
    }

    /// <summary>Eight elements of S8, S16 or S32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Widen<T, TLanes>(T* from)
        where T : unmanaged
        where TLanes : struct, ILanes<TLanes> =>
        typeof(T) == typeof(sbyte) ? TLanes.Widen((sbyte*)from)
        : typeof(T) == typeof(short) ? TLanes.Widen((short*)from)
        : TLanes.Load((int*)from);

    /// <summary>The sum of elements and that of their squares, both of them within 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long Sum, long Squares) Moments<T>(SimdLevel level, T* row, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (sum, squares, done) = (0L, 0L, 0);
        unchecked
        {
            if (level != SimdLevel.Scalar && typeof(T) == typeof(short))
                (sum, squares, done) = Moments((short*)row, length);
            for (; done < length; done++)
            {
                var x = long.CreateTruncating(row[done]);
                sum += x;
                squares += x * x;
            }
        }
        return (sum, squares);
    }

    /// <returns>Besides the moments, of how many elements they are: a multiple of eight.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Sum, long Squares, int Done) Moments(short* row, int length)
    {
        var (sums, squares, done) = (Vector128<long>.Zero, Vector128<long>.Zero, 0);
        unchecked
        {
            for (; done <= length - 8; done += 8)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(row + done));
                // Each square is at most 2^30, two of them below 2^31.
                var (first, second) = Vector128.Widen((low * low) + (high * high));
                squares += first + second;
                (first, second) = Vector128.Widen(low + high);
                sums += first + second;
            }
        }
        return (Vector128.Sum(sums), Vector128.Sum(squares), done);
    }
}
