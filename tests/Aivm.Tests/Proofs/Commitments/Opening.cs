using System.Runtime.InteropServices;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Arguments;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>A committed vector, its opening at a point, and the verifier's answer to any bytes in its place.</summary>
internal sealed class Opening : IDisposable
{
    private readonly FeltArray _cells;
    private readonly OracleCommitment _commitment;
    private readonly Ext4[] _pads;

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
        var layout = new PadLayout();
        Shape.Reserve(layout);
        _pads = ArgumentRun.PadsOf(layout, openings == 0 ? null : new Random(7));
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
        var value = _commitment.Open(Point(transcript), new ProverChannel(transcript, writer, _pads), writer);
        return (writer.ToArray(), value);
    }

    public Ext4 Value() => Multilinear(Cells, Point(Begin()));

    /// <summary>The positions that a proof opens.</summary>
    public int[] Positions(byte[] proof)
    {
        var transcript = Begin();
        Point(transcript);
        return Positions(Shape, new ProofReader(proof), transcript, out _);
    }

    /// <summary>The combination of rows that a proof sends: of the oracle, or of that of its combination.</summary>
    public Ext4[] SentCombination(byte[] proof)
    {
        var transcript = Begin();
        Point(transcript);
        var reader = new ProofReader(proof);
        var positions = Positions(Shape, reader, transcript, out var combination);
        if (Shape.Combination is not { } oracle)
            return combination;
        using var columns = OpenedColumns.TryRead(Root, Shape.CodeBits, Shape.ColumnHeight, Shape.Hiding, positions, reader);
        Assert.NotNull(columns);
        transcript.NextChallenge();
        ProductSumcheck.Verify(new VerifierChannel(transcript, reader), Hidden.Zero, oracle.Variables);
        Positions(oracle, reader, transcript, out combination);
        return combination;
    }

    private static int[] Positions(OracleShape shape, ProofReader reader, Transcript transcript, out Ext4[] combination)
    {
        combination = new Ext4[shape.Combination is null ? shape.MessageLength : 0];
        Assert.True(reader.TryRead(out Ext4 value));
        transcript.Absorb(value);
        if (shape.Masked)
        {
            Assert.True(reader.TryRead(out Ext4 maskValue));
            transcript.Absorb(maskValue);
            transcript.NextChallenge();
        }
        if (shape.Combination is null)
        {
            Assert.True(reader.TryRead(combination));
            transcript.Absorb(combination);
        }
        else
        {
            Assert.True(reader.TryRead(out Hash256 root));
            transcript.Absorb(root.Span);
        }
        Assert.True(reader.TryDrawPositions(transcript, shape.Queries, shape.CodeBits, shape.GrindingBits, out var positions));
        return positions;
    }

    public (Error? Error, Ext4 Value) Verify(ReadOnlyMemory<byte> proof)
    {
        var transcript = Begin();
        var reader = new ProofReader(proof);
        var point = Point(transcript);
        var channel = new VerifierChannel(transcript, reader);
        var accepted = OracleOpening.TryVerify(Shape, Root, point, channel, reader, out var value) && reader.TryFinish();
        Assert.Equal(accepted, reader.Error is null);
        return (accepted ? channel.CheckOpenly(_pads) : reader.Error, value);
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
