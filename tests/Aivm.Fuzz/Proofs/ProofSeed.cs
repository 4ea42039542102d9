using Aivm.Tests.Proofs;

namespace Aivm.Fuzz.Proofs;

/// <summary>A valid proof, and where the columns lie that it opens.</summary>
internal sealed class ProofSeed
{
    private const int Runs = 5;

    public ProofSeed(string kind, SmallProof proof)
    {
        (Kind, Proof, Columns) = (kind, proof, proof.Columns());
        // What is made once in a process is no input's: the columns were found by a verifier.
        var before = GC.GetAllocatedBytesForCurrentThread();
        proof.Verify(proof.Bytes);
        Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // The longest of a few: a thread's own time is steadier than the clock, and not steady.
        Time = Enumerable.Range(0, Runs).Max(_ => ThreadTime.Of(() => proof.Verify(proof.Bytes)));
    }

    public string Kind { get; }

    public SmallProof Proof { get; }

    /// <summary>In the order of the openings.</summary>
    public IReadOnlyList<OpenedAt> Columns { get; }

    /// <summary>Managed memory that it takes to accept it.</summary>
    public long Allocated { get; }

    /// <summary>Of the processor, that it takes to accept it.</summary>
    public TimeSpan Time { get; }
}
