using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>
/// A committed vector of base elements, with what its owner needs to open it. <see cref="OracleOpening"/> has the protocol.
/// </summary>
public sealed class OracleCommitment : IDisposable
{
    /// <summary>Columns that a thread combines at a time.</summary>
    private const int Piece = 1024;

    private readonly OracleShape _shape;
    private readonly FeltArray _cells;
    private readonly FeltArray _tails;
    private readonly ExtArray? _mask;

    private OracleCommitment(OracleShape shape, FeltArray cells, SecretRandom random)
    {
        (_shape, _cells) = (shape, cells);
        _tails = new FeltArray(shape.Rows * shape.Tail);
        random.Fill(_tails.AsSpan());
        _mask = shape.MaskWithin ? DrawMask(random) : null;
        Matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, shape.Hiding ? random : null);
        Parallel.For(0, shape.Rows, Encode);
        if (_mask is not null)
            WriteMask(Matrix, shape.Rows, _mask);
        Matrix.Commit();
    }

    public Hash256 Root => Matrix.Root;

    /// <summary>Openings made so far of an oracle that hides. Whoever keeps a commitment beyond a process must count on.</summary>
    public int Opened { get; private set; }

    internal CommittedMatrix Matrix { get; }

    /// <param name="cells">By address, the hiding cells last. Stays the caller's, to be kept while openings are to come.</param>
    /// <param name="random">For tails, salts and the mask within. The same seed makes the same commitment again.</param>
    /// <param name="opened">Openings made of the same commitment before.</param>
    internal static OracleCommitment Commit(OracleShape shape, FeltArray cells, SecretRandom random, int opened = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, shape.Cells);
        return new OracleCommitment(shape, cells, random) { Opened = opened };
    }

    /// <summary>Proves the value at a point.</summary>
    /// <param name="point">As <see cref="OracleOpening.TryVerify"/> has it.</param>
    /// <param name="transcript">Has absorbed <see cref="Root"/>.</param>
    /// <returns>The value.</returns>
    public Ext4 Open(ReadOnlySpan<Ext4> point, Transcript transcript, ProofWriter writer)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(point.Length, _shape.Variables);
        if (_shape.Hiding && Opened++ >= _shape.Openings)
            throw new InvalidOperationException("Another opening would disclose cells of the oracle.");
        if (!_shape.MaskApart)
            return Open(point, _mask, null, transcript, writer);

        // Fresh at each opening, never from a seed: two openings with one mask disclose a combination of rows.
        var random = new SecretRandom();
        using var mask = DrawMask(random);
        using var matrix = new CommittedMatrix(Ext4.Degree, _shape.CodeBits, random);
        WriteMask(matrix, 0, mask);
        matrix.Commit();
        writer.Write(matrix.Root);
        transcript.Absorb(matrix.Root.Span);
        return Open(point, mask, matrix, transcript, writer);
    }

    public void Dispose()
    {
        _tails.Dispose();
        _mask?.Dispose();
        Matrix.Dispose();
    }

    private Ext4 Open(ReadOnlySpan<Ext4> point, ExtArray? mask, CommittedMatrix? maskMatrix, Transcript transcript, ProofWriter writer)
    {
        using var combination = CombineRows(point[_shape.ColumnBits..]);
        using var columns = new ExtArray(_shape.Columns);
        ExtKernels.EqTable(point[.._shape.ColumnBits], Ext4.One, columns);
        var value = ExtKernels.Dot(combination, 0, columns, 0, _shape.Columns);
        transcript.Send([value], writer);
        if (mask is null)
            transcript.Send(combination.ToArray(), writer);
        else
        {
            transcript.Send([ExtKernels.Dot(mask, 0, columns, 0, _shape.Columns)], writer);
            using var masked = new ExtArray(mask.Length);
            ExtKernels.AddScaled(masked, 0, Ext4.One, mask, 0, mask.Length);
            ExtKernels.AddScaled(masked, 0, transcript.NextChallenge(), combination, 0, mask.Length);
            transcript.Send(masked.ToArray(), writer);
        }
        var positions = transcript.NextPositions(_shape.Queries, _shape.CodeBits);
        Matrix.Open(positions, writer);
        maskMatrix?.Open(positions, writer);
        return value;
    }

    /// <summary>The sum of the rows' polynomials, each times its weight at the point.</summary>
    private ExtArray CombineRows(ReadOnlySpan<Ext4> point)
    {
        using var weights = new ExtArray(1 << point.Length);
        ExtKernels.EqTable(point, Ext4.One, weights);
        weights.Truncate(_shape.Rows);
        var sum = new ExtArray(_shape.MessageLength);
        ExtKernels.CombineRows(sum, _shape.Columns, weights, _tails, 0, _shape.Tail, _shape.Tail);
        var last = _shape.Rows - 1;
        ExtKernels.AddScaled(sum, 0, weights[last], _cells, last << _shape.ColumnBits, _cells.Length - (last << _shape.ColumnBits));
        weights.Truncate(last);
        Parallel.For(0, (_shape.Columns + Piece - 1) / Piece, piece =>
        {
            var first = piece * Piece;
            ExtKernels.CombineRows(sum, first, weights, _cells, first, _shape.Columns, Math.Min(Piece, _shape.Columns - first));
        });
        return sum;
    }

    private void WriteMask(CommittedMatrix matrix, int firstRow, ExtArray mask)
    {
        using var codeword = new ExtArray(_shape.CodeLength);
        _shape.Code.Encode(mask, codeword);
        matrix.Write(firstRow, codeword);
    }

    private void Encode(int row)
    {
        using var polynomial = new FeltArray(_shape.MessageLength);
        var first = row << _shape.ColumnBits;
        _cells.AsSpan()[first..Math.Min(first + _shape.Columns, _cells.Length)].CopyTo(polynomial.AsSpan());
        _tails.AsSpan().Slice(row * _shape.Tail, _shape.Tail).CopyTo(polynomial.AsSpan()[_shape.Columns..]);
        Matrix.Encode(row, _shape.Code, polynomial);
    }

    private ExtArray DrawMask(SecretRandom random)
    {
        var mask = new ExtArray(_shape.MessageLength);
        for (var k = 0; k < Ext4.Degree; k++)
            random.Fill(mask.AsSpan(k));
        return mask;
    }
}
