namespace Aivm.Proofs.Prover;

/// <summary>Memory of a logup prover. Kept from proof to proof, it spares the system the clearing of fresh pages.</summary>
internal sealed unsafe class LogupWorkspace : IDisposable
{
    public const int ChunkVariables = 10;

    /// <summary>
    /// Fractions that are worked at once. Several passes over a chunk find it in the second cache, and each of its planes is long enough
    /// for memory to be fetched ahead: shorter ones cost up to a third more.
    /// </summary>
    public const int Chunk = 1 << ChunkVariables;

    // Short stretches are read in whole vectors from any element on.
    private const int LeastRoom = 2 * FeltArray.Granule;

    private FieldMemory _memory;
    private long _used;

    /// <summary>Room for <paramref name="stretches"/> of <paramref name="elements"/> altogether; earlier stretches are void.</summary>
    public void Reserve(int stretches, long elements)
    {
        _memory.Reserve(Ext4.Degree * (elements + ((long)stretches * (LeastRoom + FeltArray.Stagger))));
        Rewind();
    }

    /// <summary>Hands the same memory out again, from its start.</summary>
    public void Rewind() => _used = 0;

    /// <summary>A stretch of any content.</summary>
    public ExtView Take(int length)
    {
        var stride = FeltArray.Padded(Math.Max(length, LeastRoom)) + FeltArray.Stagger;
        var view = new ExtView(unchecked(_memory.Pointer + (nint)_used), stride);
        _used += (long)Ext4.Degree * stride;
        return view;
    }

    public void Dispose() => _memory.Free();
}
