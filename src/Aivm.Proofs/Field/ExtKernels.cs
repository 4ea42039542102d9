using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>Arithmetic on whole arrays of field elements.</summary>
internal static unsafe class ExtKernels
{
    /// <summary>result[i] = scale * eq(point, i) for i below 2^n: bit k of i belongs to point[k].</summary>
    public static void EqTable(ReadOnlySpan<Ext4> point, Ext4 scale, ExtArray result)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(1L << point.Length, result.Length);
        result[0] = scale;
        for (var k = 0; k < point.Length; k++)
        {
            var half = 1 << k;
            var loop = new EqLoop(result.At(0), result.At(half), point[k]);
            FieldLoop.Run(ref loop, 0, half);
        }
    }

    /// <summary>sums[i] += k * terms[i].</summary>
    public static void AddScaled(ExtArray sums, int sumsAt, Ext4 k, ExtArray terms, int termsAt, int count)
    {
        Check(sums.Length, sumsAt, count);
        Check(terms.Length, termsAt, count);
        var loop = new AddScaledLoop(sums.At(sumsAt), k, terms.At(termsAt));
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>sums[i] += k * terms[i].</summary>
    public static void AddScaled(ExtArray sums, int sumsAt, Ext4 k, FeltArray terms, int termsAt, int count)
    {
        Check(sums.Length, sumsAt, count);
        Check(terms.Length, termsAt, count);
        var loop = new AddScaledBaseLoop(sums.At(sumsAt), k, terms.At(termsAt));
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>a[i] *= k.</summary>
    public static void Scale(ExtArray a, Ext4 k)
    {
        var loop = new ScaleLoop(a.At(0), k);
        FieldLoop.Run(ref loop, 0, a.Length);
    }

    /// <summary>a[i] *= b[i].</summary>
    public static void Scale(ExtArray a, FeltArray b)
    {
        Check(b.Length, 0, a.Length);
        var loop = new ScaleBaseLoop(a.At(0), b.At(0));
        FieldLoop.Run(ref loop, 0, a.Length);
    }

    /// <summary>sums[i] += a[i] * b[i].</summary>
    public static void AddProducts(ExtArray sums, int sumsAt, ExtArray a, int aAt, ExtArray b, int bAt, int count)
    {
        Check(sums.Length, sumsAt, count);
        Check(a.Length, aAt, count);
        Check(b.Length, bAt, count);
        var loop = new AddProductsLoop(sums.At(sumsAt), a.At(aAt), b.At(bAt));
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>sums[i] += a[i] * b[i].</summary>
    public static void AddProducts(ExtArray sums, int sumsAt, ExtArray a, int aAt, FeltArray b, int bAt, int count)
    {
        Check(sums.Length, sumsAt, count);
        Check(a.Length, aAt, count);
        Check(b.Length, bAt, count);
        var loop = new AddProductsBaseLoop(sums.At(sumsAt), a.At(aAt), b.At(bAt));
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>sums[i] += a[i] * b[i].</summary>
    public static void AddProducts(ExtArray sums, int sumsAt, ExtArray a, int aAt, ReadOnlySpan<Felt> b)
    {
        Check(sums.Length, sumsAt, b.Length);
        Check(a.Length, aAt, b.Length);
        fixed (Felt* factors = b)
        {
            var loop = new AddProductsBaseLoop(sums.At(sumsAt), a.At(aAt), (uint*)factors);
            FieldLoop.Run(ref loop, 0, b.Length);
        }
    }

    /// <summary>
    /// Binds the highest variable to r: a[i] += r * (a[i + half] - a[i]), and a gets at most <paramref name="half"/> elements.
    /// What lies past a's end counts as zero.
    /// </summary>
    public static void Fold(ExtArray a, int half, Ext4 r)
    {
        Fold(a, half, r, 0, half);
        a.Truncate(Math.Min(half, a.Length));
    }

    /// <summary>The elements from one to before another, without shortening a: part of the work.</summary>
    public static void Fold(ExtArray a, int half, Ext4 r, int from, int to)
    {
        var (whole, low) = Halves(a.Length, half);
        var loop = new FoldLoop(a.At(0), a.At(low), r);
        FieldLoop.Run(ref loop, Math.Min(from, whole), Math.Min(to, whole));
        var rest = new ScaleLoop(a.At(0), Ext4.One - r);
        FieldLoop.Run(ref rest, Math.Max(from, whole), Math.Min(to, low));
    }

    /// <summary>The same of base elements into an array of the extension.</summary>
    public static void Fold(FeltArray a, int half, Ext4 r, ExtArray result)
    {
        result.Resize(Math.Min(half, a.Length));
        Fold(a, half, r, result, 0, half);
    }

    /// <summary>The elements from one to before another of a result that is long enough.</summary>
    public static void Fold(FeltArray a, int half, Ext4 r, ExtArray result, int from, int to)
    {
        var (whole, low) = Halves(a.Length, half);
        var loop = new FoldBaseLoop(a.At(0), a.At(low), r, result.At(0));
        FieldLoop.Run(ref loop, Math.Min(from, whole), Math.Min(to, whole));
        var (first, end) = (Math.Max(from, whole), Math.Min(to, low));
        if (first >= end)
            return;
        for (var k = 0; k < Ext4.Degree; k++)
            result.AsSpan(k)[first..end].Clear();
        var rest = new AddScaledBaseLoop(result.At(0), Ext4.One - r, a.At(0));
        FieldLoop.Run(ref rest, first, end);
    }

    /// <summary>The pairs that are whole, and the elements of the lower half.</summary>
    private static (int Whole, int Low) Halves(int length, int half)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 2L * half);
        return (Math.Max(0, length - half), Math.Min(half, length));
    }

    /// <summary>
    /// Writes elements into pairs, the first into the second of its pair if <paramref name="offset"/> is 1: those at even places of the pairs to result[to ...],
    /// those at odd ones a half further. Folding the halves binds the lowest variable.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unzip(ExtArray a, int at, int count, int offset, ExtArray result, int to, int half)
    {
        Check(a.Length, at, count);
        Check(result.Length, to, half);
        Check(half, to, (offset + count + 1) / 2);
        unchecked
        {
            for (var k = 0; k < Ext4.Degree; k++)
            {
                uint* from = a.Plane(k) + at, even = result.Plane(k) + to + offset, odd = result.Plane(k) + to + half;
                for (nint i = offset, pair = 0; i < count; i += 2, pair++)
                    even[pair] = from[i];
                for (nint i = 1 - offset, pair = 0; i < count; i += 2, pair++)
                    odd[pair] = from[i];
            }
        }
    }

    /// <summary>The sum of a[i] * b[i].</summary>
    public static Ext4 Dot(ExtArray a, int aAt, ExtArray b, int bAt, int count)
    {
        Check(a.Length, aAt, count);
        Check(b.Length, bAt, count);
        return Dot(a.At(aAt), b.At(bAt), 0, count);
    }

    /// <summary>The sum of a[i] * b[i].</summary>
    public static Ext4 Dot(ExtArray a, int aAt, FeltArray b, int bAt, int count)
    {
        Check(a.Length, aAt, count);
        Check(b.Length, bAt, count);
        return Dot(a.At(aAt), b.At(bAt), 0, count);
    }

    /// <summary>The sum of a[i] * b[i].</summary>
    public static Ext4 Dot(ExtArray a, int aAt, ReadOnlySpan<Felt> b)
    {
        Check(a.Length, aAt, b.Length);
        fixed (Felt* factors = b)
            return Dot(a.At(aAt), (uint*)factors, 0, b.Length);
    }

    /// <summary>The sum of a[i].</summary>
    public static Ext4 Sum(ExtArray a, int at, int count)
    {
        Check(a.Length, at, count);
        var loop = new SumLoop(a.At(at));
        FieldLoop.Run(ref loop, 0, count);
        return loop.Sum;
    }

    /// <summary>
    /// A round of the sumcheck of sum_i a[i] v[i], about the highest variable X: the round's polynomial
    /// sum_{i &lt; half} (a[i] + X (a[i + half] - a[i])) (v[i] + X (v[i + half] - v[i])) by its value at 0 and its coefficient of X^2.
    /// What lies past the ends counts as zero. The value at 1 is the claim less the value at 0.
    /// </summary>
    public static (Ext4 AtZero, Ext4 Leading) SumcheckRound(ExtArray a, ExtArray v, int half) => SumcheckRound(a, v, half, 0, half);

    /// <summary>What the pairs from one to before another contribute.</summary>
    public static (Ext4 AtZero, Ext4 Leading) SumcheckRound(ExtArray a, ExtArray v, int half, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(a.Length, v.Length);
        return SumcheckRound(a, v, a.Length, half, from, to);
    }

    /// <summary>The same of arrays of which the last round's challenge leaves so many elements.</summary>
    public static (Ext4 AtZero, Ext4 Leading) SumcheckRound(ExtArray a, ExtArray v, int length, int half, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, a.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, v.Length);
        var (whole, low) = Halves(length, half);
        var loop = new RoundLoop(a.At(0), a.At(low), v.At(0), v.At(low));
        FieldLoop.Run(ref loop, Math.Min(from, whole), Math.Min(to, whole));
        var rest = Dot(a.At(0), v.At(0), Math.Max(from, whole), Math.Min(to, low));
        return (loop.AtZero + rest, loop.Leading + rest);
    }

    /// <summary>The same of base elements v.</summary>
    public static (Ext4 AtZero, Ext4 Leading) SumcheckRound(ExtArray a, FeltArray v, int half) => SumcheckRound(a, v, half, 0, half);

    /// <summary>What the pairs from one to before another contribute.</summary>
    public static (Ext4 AtZero, Ext4 Leading) SumcheckRound(ExtArray a, FeltArray v, int half, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(a.Length, v.Length);
        var (whole, low) = Halves(a.Length, half);
        var loop = new RoundBaseLoop(a.At(0), a.At(low), v.At(0), v.At(low));
        FieldLoop.Run(ref loop, Math.Min(from, whole), Math.Min(to, whole));
        var rest = Dot(a.At(0), v.At(0), Math.Max(from, whole), Math.Min(to, low));
        return (loop.AtZero + rest, loop.Leading + rest);
    }

    /// <summary>
    /// sums[c] += sum over rows of weights[row] * matrix[at + row * stride + c], for c below <paramref name="columns"/>: one pass over the matrix.
    /// </summary>
    public static void CombineRows(ExtArray sums, int sumsAt, ExtArray weights, FeltArray matrix, int at, int stride, int columns) =>
        CombineRows(sums, sumsAt, weights, 0, weights.Length, matrix, at, stride, columns);

    /// <summary>The same with weights from one on.</summary>
    public static void CombineRows(ExtArray sums, int sumsAt, ExtArray weights, int weightsAt, int rows, FeltArray matrix, int at, int stride, int columns)
    {
        Check(sums.Length, sumsAt, columns);
        Check(weights.Length, weightsAt, rows);
        ArgumentOutOfRangeException.ThrowIfNegative(stride);
        if (rows == 0)
            return;
        Check(matrix.Length, at, checked(((rows - 1) * stride) + columns));
        var loop = new CombineLoop(sums.At(sumsAt), weights.At(weightsAt), rows, matrix.At(at), stride);
        FieldLoop.Run(ref loop, 0, columns);
    }

    /// <summary>result[at + i] = integers[i].</summary>
    public static void FromIntegers(ReadOnlySpan<sbyte> integers, FeltArray result, int at)
    {
        Check(result.Length, at, integers.Length);
        fixed (sbyte* source = integers)
        {
            var loop = new FromBytesLoop(source, result.At(at));
            FieldLoop.Run(ref loop, 0, integers.Length);
        }
    }

    /// <summary>result[at + i] = integers[i].</summary>
    public static void FromIntegers(ReadOnlySpan<short> integers, FeltArray result, int at)
    {
        Check(result.Length, at, integers.Length);
        fixed (short* source = integers)
        {
            var loop = new FromShortsLoop(source, result.At(at));
            FieldLoop.Run(ref loop, 0, integers.Length);
        }
    }

    /// <summary>result[at + i] = integers[i] modulo p.</summary>
    public static void FromIntegers(ReadOnlySpan<int> integers, FeltArray result, int at)
    {
        Check(result.Length, at, integers.Length);
        fixed (int* source = integers)
        {
            var loop = new FromWordsLoop(source, result.At(at));
            FieldLoop.Run(ref loop, 0, integers.Length);
        }
    }

    /// <summary>result[at + i] = integers[i] modulo p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromIntegers(ReadOnlySpan<long> integers, FeltArray result, int at)
    {
        Check(result.Length, at, integers.Length);
        var elements = result.AsSpan().Slice(at, integers.Length);
        for (var i = 0; i < integers.Length; i++)
            elements[i] = Felt.From(integers[i]).Montgomery;
    }

    /// <summary>Each element becomes its inverse, zero stays zero: one inversion a lane and three products an element (Montgomery 1987).</summary>
    public static void Invert(ExtArray a)
    {
        using var products = new ExtArray(a.Length);
        var loop = new InvertLoop(a.At(0), products.At(0));
        FieldLoop.Run(ref loop, 0, a.Length);
    }

    private static Ext4 Dot(ExtPointer a, ExtPointer b, nint start, nint end)
    {
        var loop = new DotLoop(a, b);
        FieldLoop.Run(ref loop, start, end);
        return loop.Sum;
    }

    private static Ext4 Dot(ExtPointer a, uint* b, nint start, nint end)
    {
        var loop = new DotBaseLoop(a, b);
        FieldLoop.Run(ref loop, start, end);
        return loop.Sum;
    }

    private static void Check(int length, int at, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(at);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, length - at);
    }
}
