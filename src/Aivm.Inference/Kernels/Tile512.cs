using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>A tile of accumulators: six rows by thirty-two columns, in twelve vectors of 512 bits.</summary>
internal static unsafe class Tile512
{
    public const int Rows = 6;
    public const int Columns = 32;

    /// <summary>tile = biases + rows by weights.</summary>
    /// <param name="taps">Where in each row a run of bytes begins.</param>
    /// <param name="length">Bytes of a run; every four of them go with a vector of weights of each half of the columns.</param>
    /// <param name="weights">Of the first half of the columns.</param>
    /// <param name="second">Bytes to those of the second half.</param>
    /// <remarks>
    /// A method of its own, so that nothing but the loop asks for registers: a vector that is spilled lies across two lines of the cache.
    /// The loop's order is for the ports of Zen 4, all of which are busy: a sum right behind its product takes one that another product
    /// waits for. Six products and then their sums, the last one first, are a fifth faster.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill<TProduct>(
        int* tile, int* biases, byte* r0, byte* r1, byte* r2, byte* r3, byte* r4, byte* r5, ReadOnlySpan<int> taps, long length, byte* weights, long second)
        where TProduct : struct, IProduct512
    {
        unchecked
        {
            var (a00, a01) = (Vector512.Load(biases), Vector512.Load(biases + 16));
            var (a10, a20, a30, a40, a50) = (a00, a00, a00, a00, a00);
            var (a11, a21, a31, a41, a51) = (a01, a01, a01, a01, a01);
            foreach (var tap in taps)
            {
                var end = tap + length;
                for (long offset = tap; offset < end; offset += 4)
                {
                    var w = Vector512.Load((int*)weights);
                    var x0 = Vector512.Create(*(int*)(r0 + offset));
                    var x1 = Vector512.Create(*(int*)(r1 + offset));
                    var x2 = Vector512.Create(*(int*)(r2 + offset));
                    var x3 = Vector512.Create(*(int*)(r3 + offset));
                    var x4 = Vector512.Create(*(int*)(r4 + offset));
                    var x5 = Vector512.Create(*(int*)(r5 + offset));
                    var p0 = TProduct.Multiply(x0, w);
                    var p1 = TProduct.Multiply(x1, w);
                    var p2 = TProduct.Multiply(x2, w);
                    var p3 = TProduct.Multiply(x3, w);
                    var p4 = TProduct.Multiply(x4, w);
                    var p5 = TProduct.Multiply(x5, w);
                    a50 += p5;
                    a40 += p4;
                    a30 += p3;
                    a20 += p2;
                    a10 += p1;
                    a00 += p0;
                    w = Vector512.Load((int*)(weights + second));
                    weights += 2 * PackedWeights.ChunkBytes;
                    p0 = TProduct.Multiply(x0, w);
                    p1 = TProduct.Multiply(x1, w);
                    p2 = TProduct.Multiply(x2, w);
                    p3 = TProduct.Multiply(x3, w);
                    p4 = TProduct.Multiply(x4, w);
                    p5 = TProduct.Multiply(x5, w);
                    a51 += p5;
                    a41 += p4;
                    a31 += p3;
                    a21 += p2;
                    a11 += p1;
                    a01 += p0;
                }
            }
            a00.Store(tile);
            a01.Store(tile + 16);
            a10.Store(tile + 32);
            a11.Store(tile + 48);
            a20.Store(tile + 64);
            a21.Store(tile + 80);
            a30.Store(tile + 96);
            a31.Store(tile + 112);
            a40.Store(tile + 128);
            a41.Store(tile + 144);
            a50.Store(tile + 160);
            a51.Store(tile + 176);
        }
    }
}
