using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>Adds to eight accumulators the products of a chunk: four bytes of the source against eight channels' weights.</summary>
internal interface IDot
{
    static abstract Vector256<int> Add(Vector256<int> accumulators, Vector256<byte> source, Vector256<byte> weights);
}

/// <summary>Sources of S8 that are never negative. 2 * 127 * 127 fits into 16 bits, so that pmaddubsw does not saturate.</summary>
internal readonly struct DotUnsigned : IDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> accumulators, Vector256<byte> source, Vector256<byte> weights) =>
        accumulators + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(source, weights.AsSByte()), Vector256<short>.One);
}

/// <summary>Sources of S16, or of S8 widened to it.</summary>
internal readonly struct DotWide : IDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> accumulators, Vector256<byte> source, Vector256<byte> weights) =>
        accumulators + Avx2.MultiplyAddAdjacent(source.AsInt16(), weights.AsInt16());
}

/// <summary>Tiles of positions by blocks of eight channels, their accumulators in registers. Unchecked: pointers stay inside blocks and their slack. Optimised from the first call: a block may hold a model's first run.</summary>
internal static unsafe class TileAvx2<TDot>
    where TDot : struct, IDot
{
    /// <summary>4 positions, 2 blocks; accumulators go to [position][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run4x2(byte* p0, byte* p1, byte* p2, byte* p3, ReadOnlySpan<int> taps, int chunks, byte* w0, byte* w1, int* bias, int* accumulators)
    {
        var a00 = Vector256.Load(bias);
        var a01 = Vector256.Load(bias + 8);
        var (a10, a20, a30) = (a00, a00, a00);
        var (a11, a21, a31) = (a01, a01, a01);
        unchecked
        {
            foreach (var tap in taps)
            {
                var end = tap + ((long)chunks * 4);
                for (long offset = tap; offset < end; offset += 4)
                {
                    var x0 = Broadcast(p0 + offset);
                    var x1 = Broadcast(p1 + offset);
                    var x2 = Broadcast(p2 + offset);
                    var x3 = Broadcast(p3 + offset);
                    var v0 = Vector256.Load(w0);
                    var v1 = Vector256.Load(w1);
                    w0 += PackedWeights.ChunkBytes;
                    w1 += PackedWeights.ChunkBytes;
                    a00 = TDot.Add(a00, x0, v0);
                    a01 = TDot.Add(a01, x0, v1);
                    a10 = TDot.Add(a10, x1, v0);
                    a11 = TDot.Add(a11, x1, v1);
                    a20 = TDot.Add(a20, x2, v0);
                    a21 = TDot.Add(a21, x2, v1);
                    a30 = TDot.Add(a30, x3, v0);
                    a31 = TDot.Add(a31, x3, v1);
                }
            }
        }
        a00.Store(accumulators);
        a01.Store(accumulators + 8);
        a10.Store(accumulators + 16);
        a11.Store(accumulators + 24);
        a20.Store(accumulators + 32);
        a21.Store(accumulators + 40);
        a30.Store(accumulators + 48);
        a31.Store(accumulators + 56);
    }

    /// <summary>4 positions, 1 block; accumulators go to [position][16], the first eight of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run4x1(byte* p0, byte* p1, byte* p2, byte* p3, ReadOnlySpan<int> taps, int chunks, byte* weights, int* bias, int* accumulators)
    {
        var a0 = Vector256.Load(bias);
        var (a1, a2, a3) = (a0, a0, a0);
        unchecked
        {
            foreach (var tap in taps)
            {
                var end = tap + ((long)chunks * 4);
                for (long offset = tap; offset < end; offset += 4)
                {
                    var v = Vector256.Load(weights);
                    weights += PackedWeights.ChunkBytes;
                    a0 = TDot.Add(a0, Broadcast(p0 + offset), v);
                    a1 = TDot.Add(a1, Broadcast(p1 + offset), v);
                    a2 = TDot.Add(a2, Broadcast(p2 + offset), v);
                    a3 = TDot.Add(a3, Broadcast(p3 + offset), v);
                }
            }
        }
        a0.Store(accumulators);
        a1.Store(accumulators + 16);
        a2.Store(accumulators + 32);
        a3.Store(accumulators + 48);
    }

    /// <summary>1 position, 4 blocks that follow each other; accumulators go to [32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run1x4(byte* position, ReadOnlySpan<int> taps, int chunks, byte* weights, long blockBytes, int* bias, int* accumulators)
    {
        var a0 = Vector256.Load(bias);
        var a1 = Vector256.Load(bias + 8);
        var a2 = Vector256.Load(bias + 16);
        var a3 = Vector256.Load(bias + 24);
        unchecked
        {
            foreach (var tap in taps)
            {
                var end = tap + ((long)chunks * 4);
                for (long offset = tap; offset < end; offset += 4)
                {
                    var x = Broadcast(position + offset);
                    a0 = TDot.Add(a0, x, Vector256.Load(weights));
                    a1 = TDot.Add(a1, x, Vector256.Load(weights + blockBytes));
                    a2 = TDot.Add(a2, x, Vector256.Load(weights + (2 * blockBytes)));
                    a3 = TDot.Add(a3, x, Vector256.Load(weights + (3 * blockBytes)));
                    weights += PackedWeights.ChunkBytes;
                }
            }
        }
        a0.Store(accumulators);
        a1.Store(accumulators + 8);
        a2.Store(accumulators + 16);
        a3.Store(accumulators + 24);
    }

    /// <summary>1 position, 1 block. Two accumulators hide the latency.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run1x1(byte* position, ReadOnlySpan<int> taps, int chunks, byte* weights, int* bias, int* accumulators)
    {
        var a0 = Vector256.Load(bias);
        var a1 = Vector256<int>.Zero;
        unchecked
        {
            foreach (var tap in taps)
            {
                var end = tap + ((long)chunks * 4);
                long offset = tap;
                for (; offset + 4 < end; offset += 8)
                {
                    a0 = TDot.Add(a0, Broadcast(position + offset), Vector256.Load(weights));
                    a1 = TDot.Add(a1, Broadcast(position + offset + 4), Vector256.Load(weights + PackedWeights.ChunkBytes));
                    weights += 2 * PackedWeights.ChunkBytes;
                }
                if (offset < end)
                {
                    a0 = TDot.Add(a0, Broadcast(position + offset), Vector256.Load(weights));
                    weights += PackedWeights.ChunkBytes;
                }
            }
        }
        (a0 + a1).Store(accumulators);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Broadcast(byte* source) => Vector256.Create(*(uint*)source).AsByte();
}
