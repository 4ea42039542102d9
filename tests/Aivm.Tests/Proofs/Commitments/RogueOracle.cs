using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Arguments;
using static Aivm.Tests.Proofs.Commitments.NaiveVectors;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>
/// A prover of openings written apart from the real one, element by element, that may deviate in one place and keeps its transcript
/// consistent. Its combination of rows is sent behind a mask, or committed, as the shape has it.
/// </summary>
internal sealed unsafe class RogueOracle : IDisposable
{
    private readonly OracleShape _shape;
    private readonly Felt[][] _rows;
    private readonly Ext4[] _mask;

    public RogueOracle(OracleShape shape, int seed)
    {
        _shape = shape;
        var random = new Random(seed);
        Felt NextFelt() => Felt.From(random.Next());
        _rows = Draw(shape.Rows, () => Draw(shape.MessageLength, NextFelt));
        _mask = Draw(shape.MessageLength, () => new Ext4(NextFelt(), NextFelt(), NextFelt(), NextFelt()));
        Matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, new SecretRandom());
        for (var position = 0; position < shape.CodeLength; position++)
        {
            var point = shape.Code.Point(position);
            for (var row = 0; row < shape.Rows; row++)
                Matrix.Row(row)[position] = At(_rows[row].Select(element => (Ext4)element), point).C0.Montgomery;
            if (!shape.Masked)
                continue;
            var mask = At(_mask, point);
            (Matrix.Row(shape.Rows)[position], Matrix.Row(shape.Rows + 1)[position]) = (mask.C0.Montgomery, mask.C1.Montgomery);
            (Matrix.Row(shape.Rows + 2)[position], Matrix.Row(shape.Rows + 3)[position]) = (mask.C2.Montgomery, mask.C3.Montgomery);
        }
    }

    public CommittedMatrix Matrix { get; }

    /// <summary>Added to the value.</summary>
    public Ext4 ValueLie { get; init; }

    /// <summary>Added to the mask's value.</summary>
    public Ext4 MaskLie { get; init; }

    /// <summary>Changes the combination of rows; knows the weights of the columns and rho.</summary>
    public Action<Ext4[], Ext4[], Ext4> Change { get; init; } = (_, _, _) => { };

    /// <summary>Commits, opens at a point and asks the verifier.</summary>
    public Error? Error(string context)
    {
        Matrix.Commit();
        var (transcript, writer) = (new Transcript(context), new ProofWriter());
        transcript.Absorb(Matrix.Root.Span);
        var point = Draw(_shape.Variables, transcript.NextChallenge);
        var (columns, weights) = (Equality(point[.._shape.ColumnBits]), Equality(point[_shape.ColumnBits..]));
        var combination = new Ext4[_shape.MessageLength];
        for (var row = 0; row < _rows.Length; row++)
            for (var i = 0; i < combination.Length; i++)
                combination[i] += weights[row] * _rows[row][i];
        transcript.Send([Dot(combination, columns) + ValueLie], writer);
        if (_shape.Combination is { } oracle)
            return CommittedError(oracle, combination, columns, point, transcript, writer, context);
        transcript.Send([Dot(_mask, columns) + MaskLie], writer);
        var rho = transcript.NextChallenge();
        for (var i = 0; i < combination.Length; i++)
            combination[i] = _mask[i] + (rho * combination[i]);
        Change(combination, columns, rho);
        transcript.Send(combination, writer);
        Matrix.Open(transcript.DrawPositions(_shape.Queries, _shape.CodeBits, _shape.GrindingBits, writer), writer);

        var reader = new ProofReader(writer.ToArray());
        var verifier = new Transcript(context);
        verifier.Absorb(Matrix.Root.Span);
        Draw(_shape.Variables, verifier.NextChallenge);
        return OracleOpening.TryVerify(_shape, Matrix.Root, point, new VerifierChannel(verifier, reader), reader, out _) && reader.TryFinish() ? null : reader.Error;
    }

    private Error? CommittedError(
        OracleShape oracle, Ext4[] combination, Ext4[] columns, Ext4[] point, Transcript transcript, ProofWriter writer, string context)
    {
        Change(combination, columns, Ext4.One);
        var layout = new PadLayout();
        _shape.Reserve(layout);
        var pads = ArgumentRun.PadsOf(layout, new Random(3));
        var channel = new ProverChannel(transcript, writer, pads);
        using var vector = ExtArray.Of([.. combination, Ext4.From(12345)]);
        using var cells = new FeltArray(oracle.BaseElements);
        for (var i = 0; i < vector.Length; i++)
        {
            var (first, stride) = ((i / oracle.Columns * Ext4.Degree * oracle.Columns) + (i % oracle.Columns), oracle.Columns);
            (cells[first], cells[first + stride]) = (vector[i].C0, vector[i].C1);
            (cells[first + (2 * stride)], cells[first + (3 * stride)]) = (vector[i].C2, vector[i].C3);
        }
        using var commitment = OracleCommitment.Commit(oracle, cells, new SecretRandom());
        writer.Write(commitment.Root);
        transcript.Absorb(commitment.Root.Span);
        var positions = transcript.DrawPositions(_shape.Queries, _shape.CodeBits, _shape.GrindingBits, writer);
        Matrix.Open(positions, writer);
        var beta = transcript.NextChallenge();
        using var coefficients = new ExtArray(vector.Length);
        for (var i = 0; i < combination.Length; i++)
        {
            var (sum, power) = (i < columns.Length ? columns[i] : Ext4.Zero, beta);
            foreach (var position in positions)
                (sum, power) = (sum + (power * _shape.Code.Point(position).Power((ulong)i)), power * beta);
            coefficients[i] = sum;
        }
        var (rest, _, _) = ProductSumcheckProver.Prove(channel, Hidden.Zero, coefficients, vector, oracle.Variables);
        commitment.Open(rest.Point, channel, writer);

        var reader = new ProofReader(writer.ToArray());
        var verifier = new Transcript(context);
        verifier.Absorb(Matrix.Root.Span);
        Draw(_shape.Variables, verifier.NextChallenge);
        var end = new VerifierChannel(verifier, reader);
        return OracleOpening.TryVerify(_shape, Matrix.Root, point, end, reader, out _) && reader.TryFinish() ? end.CheckOpenly(pads) : reader.Error;
    }

    public void Dispose() => Matrix.Dispose();

    private static T[] Draw<T>(int count, Func<T> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    private static Ext4 At(IEnumerable<Ext4> polynomial, Felt point) =>
        polynomial.Reverse().Aggregate(Ext4.Zero, (sum, coefficient) => (sum * point) + coefficient);
}
