using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Proofs;

/// <summary>
/// Products of 8-bit weights and extension elements. A Montgomery word times a weight has 38 bits, so that 64 bits hold the sum of 2^24 of them: one
/// reduction an element of the result, and every order of summation gives the same.
/// </summary>
internal static class SmallKernels
{
    /// <summary>result[j] = the sum over rows r of columns[firstColumn + r] * matrix[r, j].</summary>
    /// <param name="matrix">Signed bytes, rows of <paramref name="rowLength"/>.</param>
    public static void WeighRows(ReadOnlySpan<byte> matrix, int rowLength, ExtArray columns, int firstColumn, ExtArray result)
    {
        var rows = matrix.Length / rowLength;
        Span<long> sums = new long[Ext4.Degree * rowLength];
        for (var r = 0; r < rows; r++)
            AddRow(MemoryMarshal.Cast<byte, sbyte>(matrix.Slice(r * rowLength, rowLength)), columns[firstColumn + r], sums);
        for (var j = 0; j < rowLength; j++)
            result[j] = new(
                Reduced(sums[j]), Reduced(sums[rowLength + j]), Reduced(sums[(2 * rowLength) + j]), Reduced(sums[(3 * rowLength) + j]));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void AddRow(ReadOnlySpan<sbyte> row, Ext4 column, Span<long> sums)
    {
        var j = 0;
        fixed (sbyte* weights = row)
        fixed (long* first = sums)
        {
            long* s0 = first, s1 = first + row.Length, s2 = first + (2 * row.Length), s3 = first + (3 * row.Length);
            if (FieldSimd.Level == FieldLevel.Avx512)
            {
                var (c0, c1) = (Vector512.Create((long)column.C0.Montgomery).AsInt32(), Vector512.Create((long)column.C1.Montgomery).AsInt32());
                var (c2, c3) = (Vector512.Create((long)column.C2.Montgomery).AsInt32(), Vector512.Create((long)column.C3.Montgomery).AsInt32());
                for (; j + 8 <= row.Length; j += 8)
                {
                    var w = Avx512F.ConvertToVector512Int64(Vector128.CreateScalarUnsafe(*(long*)(weights + j)).AsSByte()).AsInt32();
                    (Vector512.Load(s0 + j) + Avx512F.Multiply(w, c0)).Store(s0 + j);
                    (Vector512.Load(s1 + j) + Avx512F.Multiply(w, c1)).Store(s1 + j);
                    (Vector512.Load(s2 + j) + Avx512F.Multiply(w, c2)).Store(s2 + j);
                    (Vector512.Load(s3 + j) + Avx512F.Multiply(w, c3)).Store(s3 + j);
                }
            }
            else if (FieldSimd.Level == FieldLevel.Avx2)
            {
                var (c0, c1) = (Vector256.Create((long)column.C0.Montgomery).AsInt32(), Vector256.Create((long)column.C1.Montgomery).AsInt32());
                var (c2, c3) = (Vector256.Create((long)column.C2.Montgomery).AsInt32(), Vector256.Create((long)column.C3.Montgomery).AsInt32());
                for (; j + 4 <= row.Length; j += 4)
                {
                    var w = Avx2.ConvertToVector256Int64(Vector128.CreateScalarUnsafe(*(int*)(weights + j)).AsSByte()).AsInt32();
                    (Vector256.Load(s0 + j) + Avx2.Multiply(w, c0)).Store(s0 + j);
                    (Vector256.Load(s1 + j) + Avx2.Multiply(w, c1)).Store(s1 + j);
                    (Vector256.Load(s2 + j) + Avx2.Multiply(w, c2)).Store(s2 + j);
                    (Vector256.Load(s3 + j) + Avx2.Multiply(w, c3)).Store(s3 + j);
                }
            }
            for (; j < row.Length; j++)
            {
                s0[j] += weights[j] * (long)column.C0.Montgomery;
                s1[j] += weights[j] * (long)column.C1.Montgomery;
                s2[j] += weights[j] * (long)column.C2.Montgomery;
                s3[j] += weights[j] * (long)column.C3.Montgomery;
            }
        }
    }

    /// <summary>The sum over j of row[j] * vector[first + j].</summary>
    /// <param name="row">Signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe Ext4 Dot(ReadOnlySpan<byte> row, ExtArray vector, int first)
    {
        uint* v0 = vector.Plane(0) + first, v1 = vector.Plane(1) + first, v2 = vector.Plane(2) + first, v3 = vector.Plane(3) + first;
        var (j, s0, s1, s2, s3) = (0, 0L, 0L, 0L, 0L);
        fixed (byte* bytes = row)
        {
            var weights = (sbyte*)bytes;
            if (FieldSimd.Level == FieldLevel.Avx512)
            {
                var (a0, a1, a2, a3) = (Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero);
                for (; j + 8 <= row.Length; j += 8)
                {
                    var w = Avx512F.ConvertToVector512Int64(Vector128.CreateScalarUnsafe(*(long*)(weights + j)).AsSByte()).AsInt32();
                    a0 += Avx512F.Multiply(w, Widen(v0 + j));
                    a1 += Avx512F.Multiply(w, Widen(v1 + j));
                    a2 += Avx512F.Multiply(w, Widen(v2 + j));
                    a3 += Avx512F.Multiply(w, Widen(v3 + j));
                }
                (s0, s1, s2, s3) = (Vector512.Sum(a0), Vector512.Sum(a1), Vector512.Sum(a2), Vector512.Sum(a3));
            }
            for (; j < row.Length; j++)
            {
                s0 += weights[j] * (long)v0[j];
                s1 += weights[j] * (long)v1[j];
                s2 += weights[j] * (long)v2[j];
                s3 += weights[j] * (long)v3[j];
            }
        }
        return new(Reduced(s0), Reduced(s1), Reduced(s2), Reduced(s3));
    }

    private static unsafe Vector512<int> Widen(uint* words) => Avx512F.ConvertToVector512Int64(Vector256.Load(words)).AsInt32();

    /// <summary>A sum of Montgomery words times integers, modulo p: the Montgomery word of the sum.</summary>
    private static Felt Reduced(long sum)
    {
        var remainder = sum % Felt.Modulus;
        return Felt.FromMontgomery((uint)(remainder < 0 ? remainder + Felt.Modulus : remainder));
    }
}
