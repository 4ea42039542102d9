using Aivm.Tests.Proofs;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Fuzz.Proofs;

/// <summary>A valid proof, and where the columns lie that it opens.</summary>
internal sealed class ProofSeed
{
    public ProofSeed(string kind, SmallProof proof)
    {
        (Kind, Proof, Columns) = (kind, proof, Find(proof));
        // What is made once in a process is no input's.
        var before = GC.GetAllocatedBytesForCurrentThread();
        proof.Verify(proof.Bytes);
        Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public string Kind { get; }

    public SmallProof Proof { get; }

    /// <summary>In the order of the openings.</summary>
    public IReadOnlyList<OpenedAt> Columns { get; }

    /// <summary>Managed memory that it takes to accept it.</summary>
    public long Allocated { get; }

    private static List<OpenedAt> Find(SmallProof proof)
    {
        var recorder = new TranscriptRecorder();
        if (proof.Verify(proof.Bytes, recorder) is { } error)
            throw new InvalidOperationException($"a seed is refused: {error}");
        var (columns, sizes, said, at) = (new List<OpenedAt>(), proof.Opened().ToList(), proof.Stated().Length, 0);
        foreach (var each in recorder.Events)
        {
            if (each.Message is not null)
                at += said-- > 0 ? 0 : each.Message.Length;
            if (each.Positions is null)
                continue;
            columns.Add(new OpenedAt(at, each.Positions.Length, sizes[columns.Count].Bytes / sizeof(uint)));
            at += sizes[columns.Count - 1].Length(each);
        }
        return columns;
    }
}

/// <summary>Columns in a proof: row by row a word of each, salts first.</summary>
internal sealed record OpenedAt(int Start, int Queries, int Rows);
