using System.Numerics;
using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>
/// Keeps the memory that field arrays free for those that come after, while somebody holds a <see cref="Lease"/>. A proof takes and frees hundreds of
/// megabytes: asked of the system each time, first touching them took a sixth to a third of a transformer's processor time. A block is used again for its own size alone, so
/// that after one proof of a prover its next finds all that it takes. Without a lease, memory comes from the system and goes back to it.
/// </summary>
internal static unsafe class BlockPool
{
    /// <summary>Bytes from which blocks are kept. Shorter ones an allocator keeps by itself.</summary>
    private const int Least = 128 << 10;

    /// <summary>Bytes that are kept at most, by all leases together.</summary>
    private const long Most = 768L << 20;

    /// <summary>Sizes between a power of two and the next: a block has up to a quarter more than what was asked for.</summary>
    private const int StepBits = 2;

    private const int Alignment = 64;

    private static readonly Lock Gate = new();
    private static readonly Stack<nint>?[] Kept = new Stack<nint>?[64 << StepBits];
    private static int _leases;
    private static long _keptBytes;

    internal static long KeptBytes
    {
        get
        {
            lock (Gate)
                return _keptBytes;
        }
    }

    /// <summary>From now until it is disposed of, freed blocks are kept.</summary>
    public static Lease Open()
    {
        lock (Gate)
            _leases++;
        return new Lease();
    }

    /// <summary>A block of at least so many bytes, of any content, aligned to cache lines, or to large pages where it is as large.</summary>
    /// <param name="bytes">Becomes what the block has.</param>
    public static void* Take(ref nuint bytes)
    {
        if (bytes < Least)
            return NativeMemory.AlignedAlloc(bytes, Alignment);
        var size = SizeAbove(bytes);
        bytes = BytesOf(size);
        lock (Gate)
            if (Kept[size] is { Count: > 0 } blocks)
            {
                _keptBytes -= (long)bytes;
                return (void*)blocks.Pop();
            }
        var isLarge = bytes >= LargePages.Least;
        var block = NativeMemory.AlignedAlloc(bytes, isLarge ? (nuint)LargePages.Size : Alignment);
        if (isLarge)
            LargePages.Advise(block, bytes);
        return block;
    }

    /// <param name="block">Or null.</param>
    /// <param name="bytes">What <see cref="Take"/> said.</param>
    public static void Give(void* block, nuint bytes)
    {
        if (bytes < Least || !TryKeep(block, bytes))
            NativeMemory.AlignedFree(block);
    }

    /// <summary>The latest are kept: blocks of other sizes, the largest first, make room.</summary>
    private static bool TryKeep(void* block, nuint bytes)
    {
        var size = SizeAbove(bytes);
        lock (Gate)
        {
            if (_leases == 0)
                return false;
            for (var other = Kept.Length - 1; other >= 0 && _keptBytes + (long)bytes > Most; other--)
                while (other != size && _keptBytes + (long)bytes > Most && Kept[other] is { } blocks && blocks.TryPop(out var dropped))
                {
                    _keptBytes -= (long)BytesOf(other);
                    NativeMemory.AlignedFree((void*)dropped);
                }
            if (_keptBytes + (long)bytes > Most)
                return false;
            _keptBytes += (long)bytes;
            (Kept[size] ??= new()).Push((nint)block);
            return true;
        }
    }

    private static void Close()
    {
        var blocks = new List<nint>();
        lock (Gate)
        {
            if (--_leases > 0)
                return;
            foreach (var ofSize in Kept)
                while (ofSize is not null && ofSize.TryPop(out var block))
                    blocks.Add(block);
            _keptBytes = 0;
        }
        foreach (var block in blocks)
            NativeMemory.AlignedFree((void*)block);
    }

    /// <summary>The number of the least size that has so many bytes.</summary>
    private static int SizeAbove(nuint bytes)
    {
        var shift = BitOperations.Log2(bytes - 1) - StepBits;
        return (shift << StepBits) + (int)((bytes - 1) >> shift) + 1;
    }

    private static nuint BytesOf(int size)
    {
        var (shift, steps) = ((size >> StepBits) - 1, (1 << StepBits) + (size & ((1 << StepBits) - 1)));
        return (nuint)steps << shift;
    }

    /// <summary>Somebody's wish that memory be kept.</summary>
    public sealed class Lease : IDisposable
    {
        private bool _isClosed;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isClosed, true))
                Close();
        }
    }
}
