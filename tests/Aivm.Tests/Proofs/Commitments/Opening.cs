using System.Runtime.InteropServices;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>A committed vector, its opening at a point, and the verifier's answer to any bytes in its place.</summary>
internal sealed class Opening : IDisposable
{
    private readonly FeltArray _cells;
    private readonly OracleCommitment _commitment;

    /// <param name="seed">Of the cells; null for zeros.</param>
    public Opening(int cells, int openings, int? seed = 1)
    {
        Shape = OracleShape.Choose(ProofParameters.Toy, cells, openings);
        var random = new Random(seed ?? 0);
        _cells = new FeltArray(cells);
        for (var i = 0; i < cells && seed is not null; i++)
            _cells[i] = Felt.From(random.Next());
        _commitment = OracleCommitment.Commit(Shape, _cells, new SecretRandom());
        Root = _commitment.Root;
    }

    public OracleShape Shape { get; }

    public Hash256 Root { get; set; }

    public CommittedMatrix Matrix => _commitment.Matrix;

    public ReadOnlySpan<Felt> Cells => MemoryMarshal.Cast<uint, Felt>(_cells.AsSpan());

    /// <summary>Distinguishes one proof from another.</summary>
    public string Context { get; init; } = "context";

    /// <summary>Hashes a matrix that was changed.</summary>
    public void Recommit()
    {
        Matrix.Commit();
        Root = Matrix.Root;
    }

    public (byte[] Proof, Ext4 Value) Open()
    {
        var transcript = Begin();
        var writer = new ProofWriter();
        var value = _commitment.Open(Point(transcript), transcript, writer);
        return (writer.ToArray(), value);
    }

    public Ext4 Value() => Multilinear(Cells, Point(Begin()));

    /// <summary>The positions that a proof opens.</summary>
    public int[] Positions(byte[] proof)
    {
        var transcript = Begin();
        Point(transcript);
        var reader = new ProofReader(proof);
        if (Shape.MaskApart)
        {
            Assert.True(reader.TryRead(out Hash256 maskRoot));
            transcript.Absorb(maskRoot.Span);
        }
        var claim = new Ext4[2];
        var combination = new Ext4[Shape.MessageLength];
        Assert.True(reader.TryRead(claim) && reader.TryRead(combination));
        transcript.Absorb(claim[0]);
        transcript.Absorb(claim[1]);
        transcript.NextChallenge();
        transcript.Absorb(combination);
        return transcript.NextPositions(Shape.Queries, Shape.CodeBits);
    }

    public (Error? Error, Ext4 Value) Verify(ReadOnlyMemory<byte> proof)
    {
        var transcript = Begin();
        var reader = new ProofReader(proof);
        var accepted = OracleOpening.TryVerify(Shape, Root, Point(transcript), transcript, reader, out var value) && reader.TryFinish();
        Assert.Equal(accepted, reader.Error is null);
        return (reader.Error, value);
    }

    public void Dispose()
    {
        _commitment.Dispose();
        _cells.Dispose();
    }

    private Transcript Begin()
    {
        var transcript = new Transcript(Context);
        transcript.Absorb(Root.Span);
        return transcript;
    }

    private Ext4[] Point(Transcript transcript)
    {
        var point = new Ext4[Shape.Variables];
        transcript.NextChallenges(point);
        return point;
    }

    /// <summary>By folding the lowest variable first.</summary>
    private static Ext4 Multilinear(ReadOnlySpan<Felt> cells, ReadOnlySpan<Ext4> point)
    {
        var values = new Ext4[1 << point.Length];
        for (var i = 0; i < cells.Length; i++)
            values[i] = cells[i];
        foreach (var coordinate in point)
        {
            var half = new Ext4[values.Length / 2];
            for (var i = 0; i < half.Length; i++)
                half[i] = values[2 * i] + (coordinate * (values[(2 * i) + 1] - values[2 * i]));
            values = half;
        }
        return values[0];
    }
}
