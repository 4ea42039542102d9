using Aivm.Tests.Proofs;

namespace Aivm.Fuzz.Proofs;

/// <summary>A valid proof, and where the columns lie that it opens.</summary>
internal sealed class ProofSeed
{
    public ProofSeed(SmallProof proof)
    {
        (Proof, Columns) = (proof, proof.Columns());
        // What is made once in a process is no input's: the columns were found by a verifier.
        var before = GC.GetAllocatedBytesForCurrentThread();
        proof.Verify(proof.Bytes);
        Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public SmallProof Proof { get; }

    /// <summary>In the order of the openings.</summary>
    public IReadOnlyList<OpenedAt> Columns { get; }

    /// <summary>Managed memory that it takes to accept it.</summary>
    public long Allocated { get; }
}
