using System.Diagnostics;
using System.Runtime.CompilerServices;
using Aivm.Proofs;

namespace Aivm.Benchmarks.Proofs;

/// <summary>The field's kernels, in nanoseconds for each element, on arrays that fit into the nearer caches: medians, beside what the design counts on.</summary>
internal static unsafe class FieldKernels
{
    private const int Count = 4096;
    private const int Rows = 64;
    private const int Tail = 152;
    private const int Samples = 101;
    private const int Repetitions = 16;

    public static IReadOnlyList<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var random = new Random(1);
        using var a = Elements(random, Count);
        using var b = Elements(random, Count);
        using var sums = new ExtArray(Count);
        using var weights = Elements(random, Rows);
        using var matrix = BaseElements(random, Rows * Count);
        using var message = BaseElements(random, Count + Tail);
        using var extMessage = Elements(random, Count + Tail);
        using var codeword = new FeltArray(4 * Count);
        var code = new ReedSolomon(12, 14);
        var positions = Enumerable.Range(0, Tail).Select(i => i * 107).ToArray();
        var symbols = new Ext4[Tail];
        var k = a[0];
        Ext4[] point = [.. Enumerable.Range(1, 12).Select(i => a[i])];
        return
        [
            Measure("base product", Count, 0.16, () => Multiply(matrix.At(0), matrix.At(Count), codeword.At(0))),
            Measure("extension product", Count, 1.7, () => Multiply(a.At(0), b.At(0), sums.At(0))),
            Measure("sum += base * constant", Count, null, () => ExtKernels.AddScaled(sums, 0, k, matrix, 0, Count)),
            Measure("sum += extension * constant", Count, null, () => ExtKernels.AddScaled(sums, 0, k, a, 0, Count)),
            Measure("sum += a * b", Count, null, () => ExtKernels.AddProducts(sums, 0, a, 0, b, 0, Count)),
            Measure("inner product", Count, null, () => ExtKernels.Dot(a, 0, b, 0, Count)),
            Measure("inner product with base", Count, null, () => ExtKernels.Dot(a, 0, matrix, 0, Count)),
            Measure("sumcheck round", Count, null, () => ExtKernels.SumcheckRound(a, b, Count / 2)),
            Measure("eq table", Count, null, () => ExtKernels.EqTable(point, k, sums)),
            Measure("inversion", Count, null, () => ExtKernels.Invert(a)),
            Measure("rows combined, an element", Rows * Count, 0.2, () => ExtKernels.CombineRows(sums, 0, weights, matrix, 0, Count, Count)),
            Measure("Reed-Solomon 1/4, an element", Count + Tail, 5.7, () => code.Encode(message, 0, Count + Tail, codeword, 0)),
            Measure("152 symbols of the verifier", 1, null, () => code.EncodeAt(extMessage, positions, symbols)),
        ];

        BenchmarkResult Measure(string name, int elements, double? expected, Action kernel)
        {
            cancellation.ThrowIfCancellationRequested();
            var times = new double[Samples];
            for (var i = -Samples / 2; i < Samples; i++)
            {
                var start = Stopwatch.GetTimestamp();
                for (var r = 0; r < Repetitions; r++)
                    kernel();
                if (i >= 0)
                    times[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Repetitions / elements;
            }
            Array.Sort(times);
            return BenchmarkResult.LowerIsBetter($"field: {name}", times[Samples / 2], "ns", "design", expected);
        }
    }

    private static ExtArray Elements(Random random, int count)
    {
        var array = new ExtArray(count);
        for (var i = 0; i < count; i++)
            array[i] = new(Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()));
        return array;
    }

    private static FeltArray BaseElements(Random random, int count)
    {
        var array = new FeltArray(count);
        for (var i = 0; i < count; i++)
            array[i] = Felt.From(random.Next());
        return array;
    }

    private static void Multiply(uint* a, uint* b, uint* result)
    {
        var loop = new BaseLoop(a, b, result);
        FieldLoop.Run(ref loop, 0, Count);
    }

    private static void Multiply(ExtPointer a, ExtPointer b, ExtPointer result)
    {
        var loop = new ExtLoop(a, b, result);
        FieldLoop.Run(ref loop, 0, Count);
    }

    private readonly struct BaseLoop(uint* a, uint* b, uint* result) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            for (; start + TLanes.Count <= end; start += TLanes.Count)
                TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(a + start), TLanes.Load(b + start)), result + start);
            return start;
        }
    }

    private readonly struct ExtLoop(ExtPointer a, ExtPointer b, ExtPointer result) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            var (left, right, to) = (a, b, result);
            for (; start + TLanes.Count <= end; start += TLanes.Count)
                ExtLanes<TLanes, TVector>.Store(
                    ExtLanes<TLanes, TVector>.Multiply(ExtLanes<TLanes, TVector>.Load(left, start), ExtLanes<TLanes, TVector>.Load(right, start)), to, start);
            return start;
        }
    }
}
