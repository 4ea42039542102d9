using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>
/// A committed vector of base elements, with what its owner needs to open it. <see cref="OracleOpening"/> has the protocol.
/// </summary>
public sealed class OracleCommitment : IDisposable
{
    /// <summary>Columns that a thread combines at a time.</summary>
    private const int Piece = 1024;

    /// <summary>Low powers of a point.</summary>
    private const int PowerPiece = 256;

    private readonly OracleShape _shape;
    private readonly FeltArray _cells;
    private readonly FeltArray _tails;
    private readonly ExtArray? _mask;
    private readonly int _threads;

    private OracleCommitment(OracleShape shape, FeltArray cells, SecretRandom random, int threads)
    {
        (_shape, _cells, _threads) = (shape, cells, threads);
        _tails = FeltArray.Uninitialised(shape.Rows * shape.Tail);
        random.Fill(_tails.AsSpan());
        _mask = shape.Masked ? DrawMask(random) : null;
        Matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, shape.Hiding ? random : null, threads);
        Parts.Each(threads, shape.Rows, Encode);
        if (_mask is not null)
            WriteMask(_mask);
        Matrix.Commit();
    }

    public Hash256 Root => Matrix.Root;

    /// <summary>Openings made so far of an oracle that hides. Whoever keeps a commitment beyond a process must count on.</summary>
    public int Opened { get; private set; }

    internal CommittedMatrix Matrix { get; }

    /// <param name="cells">By address, the hiding cells last. Stays the caller's, to be kept while openings are to come.</param>
    /// <param name="random">For tails, salts and the mask within. The same seed makes the same commitment again.</param>
    /// <param name="threads">Of this and of the openings. They change nothing but the time.</param>
    /// <param name="opened">Openings made of the same commitment before.</param>
    internal static OracleCommitment Commit(OracleShape shape, FeltArray cells, SecretRandom random, int threads = 1, int opened = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, shape.BaseElements);
        return new OracleCommitment(shape, cells, random, threads) { Opened = opened };
    }

    /// <summary>Proves the value at a point.</summary>
    /// <param name="point">As <see cref="OracleOpening.TryVerify"/> has it.</param>
    /// <param name="channel">Its transcript has absorbed <see cref="Root"/>.</param>
    /// <param name="writer">The channel's.</param>
    /// <returns>The value.</returns>
    public Ext4 Open(ReadOnlySpan<Ext4> point, ProverChannel channel, ProofWriter writer)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(point.Length, _shape.Variables);
        if (_shape.Hiding && Opened++ >= _shape.Openings)
            throw new InvalidOperationException("Another opening would disclose cells of the oracle.");
        using var combination = CombineRows(point[_shape.ColumnBits..]);
        using var columns = new ExtArray(_shape.Columns);
        ExtKernels.EqTable(point[.._shape.ColumnBits], Ext4.One, columns);
        var value = ExtKernels.Dot(combination, 0, columns, 0, _shape.Columns);
        channel.Transcript.Send([value], writer);
        if (_shape.Combination is null)
            Send(combination, columns, channel.Transcript, writer);
        else
            ProveCombination(combination, point[.._shape.ColumnBits], channel, writer);
        return value;
    }

    public void Dispose()
    {
        _tails.Dispose();
        _mask?.Dispose();
        Matrix.Dispose();
    }

    private void Send(ExtArray combination, ExtArray columns, Transcript transcript, ProofWriter writer)
    {
        if (_mask is null)
            transcript.Send(combination.ToArray(), writer);
        else
        {
            transcript.Send([ExtKernels.Dot(_mask, 0, columns, 0, _shape.Columns)], writer);
            using var masked = new ExtArray(_mask.Length);
            ExtKernels.AddScaled(masked, 0, Ext4.One, _mask, 0, _mask.Length);
            ExtKernels.AddScaled(masked, 0, transcript.NextChallenge(), combination, 0, _mask.Length);
            transcript.Send(masked.ToArray(), writer);
        }
        Matrix.Open(transcript.DrawPositions(_shape.Queries, _shape.CodeBits, _shape.GrindingBits, writer), writer);
    }

    /// <summary>Commits the combination, and shows that it has the value and what the opened columns say.</summary>
    private void ProveCombination(ExtArray combination, ReadOnlySpan<Ext4> columnPoint, ProverChannel channel, ProofWriter writer)
    {
        // Fresh at each opening, never from a seed: two openings that share randomness disclose combinations of rows.
        var (transcript, oracle, random) = (channel.Transcript, _shape.Combination!, new SecretRandom());
        using var vector = new ExtArray(oracle.Cells);
        ExtKernels.AddScaled(vector, 0, Ext4.One, combination, 0, combination.Length);
        if (oracle.Hiding)
            vector[^1] = random.NextExt4();
        using var cells = LayOut(vector, oracle);
        using var commitment = Commit(oracle, cells, random, _threads);
        writer.Write(commitment.Root);
        transcript.Absorb(commitment.Root.Span);
        var positions = transcript.DrawPositions(_shape.Queries, _shape.CodeBits, _shape.GrindingBits, writer);
        Matrix.Open(positions, writer);

        var claims = new CombinationClaims(_shape, columnPoint, positions, transcript.NextChallenge());
        using var coefficients = CoefficientsOf(claims);
        // The claim is known: it changes no pad's coefficient.
        var (rest, coefficient, _) = ProductSumcheckProver.Prove(channel, Hidden.Zero, coefficients, vector, oracle.Variables);
        var opened = commitment.Open(rest.Point, channel, writer);
        channel.RequireZero(rest.Value - Hidden.Of(coefficient * opened), ProofChecks.Combination);
    }

    /// <summary>The claims' vector: powers of each point are products of a low and a high one.</summary>
    private ExtArray CoefficientsOf(CombinationClaims claims)
    {
        var (length, count, coefficients) = (_shape.MessageLength, claims.Points.Length, new ExtArray(_shape.Combination!.Cells));
        ExtKernels.EqTable(claims.ColumnPoint, Ext4.One, coefficients);
        using var low = new FeltArray(count * PowerPiece);
        for (var i = 0; i < count; i++)
            for (var (k, power) = (0, Felt.One); k < PowerPiece; k++, power *= claims.Points[i])
                low[(i * PowerPiece) + k] = power;
        Parts.Each(_threads, (length + PowerPiece - 1) / PowerPiece, piece =>
        {
            var first = piece * PowerPiece;
            using var high = new ExtArray(count);
            for (var i = 0; i < count; i++)
                high[i] = claims.Powers[i] * claims.Points[i].Power((ulong)first);
            ExtKernels.CombineRows(coefficients, first, high, low, 0, PowerPiece, Math.Min(PowerPiece, length - first));
        });
        return coefficients;
    }

    /// <summary>Elements of the extension as four rows of base elements for each row of theirs.</summary>
    private static FeltArray LayOut(ExtArray vector, OracleShape oracle)
    {
        var cells = new FeltArray(oracle.BaseElements);
        for (var row = 0; row < oracle.Rows; row++)
        {
            var first = row / oracle.Degree * oracle.Columns;
            vector.AsSpan(row % oracle.Degree)[first..Math.Min(first + oracle.Columns, vector.Length)].CopyTo(cells.AsSpan()[(row * oracle.Columns)..]);
        }
        return cells;
    }

    /// <summary>The sum of the rows' polynomials, each times its weight at the point.</summary>
    private ExtArray CombineRows(ReadOnlySpan<Ext4> point)
    {
        using var weights = _shape.RowWeights(point, Ext4.One);
        var sum = new ExtArray(_shape.MessageLength);
        ExtKernels.CombineRows(sum, _shape.Columns, weights, _tails, 0, _shape.Tail, _shape.Tail);
        var last = _shape.Rows - 1;
        ExtKernels.AddScaled(sum, 0, weights[last], _cells, last << _shape.ColumnBits, _cells.Length - (last << _shape.ColumnBits));
        weights.Truncate(last);
        Parts.Each(_threads, (_shape.Columns + Piece - 1) / Piece, piece =>
        {
            var first = piece * Piece;
            ExtKernels.CombineRows(sum, first, weights, _cells, first, _shape.Columns, Math.Min(Piece, _shape.Columns - first));
        });
        return sum;
    }

    private void WriteMask(ExtArray mask)
    {
        using var codeword = new ExtArray(_shape.CodeLength);
        _shape.Code.Encode(mask, codeword);
        Matrix.Write(_shape.Rows, codeword);
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
