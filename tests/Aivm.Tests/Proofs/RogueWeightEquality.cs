using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using static Aivm.Tests.Proofs.Commitments.NaiveVectors;

namespace Aivm.Tests.Proofs;

/// <summary>
/// A prover that two commitments hold the same weights, written apart from the real one. It commits to any cells, may deviate in one place, and keeps its
/// transcript consistent.
/// </summary>
internal sealed class RogueWeightEquality(WeightEqualityShape shape, Hash256 model, Hash256 context) : IDisposable
{
    private readonly SecretRandom _random = new();
    private readonly List<Oracle> _oracles = [];

    /// <summary>Claims the value of the fresh commitment that the sumcheck needs, instead of its own.</summary>
    public bool ClaimsWhatFits { get; init; }

    /// <summary>Then changes the combination of rows too, so that it has that value.</summary>
    public bool CombinesWhatFits { get; init; }

    /// <summary>Leaves an address out of the sum.</summary>
    public int? Ignored { get; init; }

    public void Dispose() => _oracles.ForEach(oracle => oracle.Matrix.Dispose());

    /// <summary>Commits, proves and asks the verifier.</summary>
    /// <param name="old">Of the weights' addresses; random cells are added.</param>
    public Error? Error(Felt[] old, Felt[] fresh)
    {
        var (first, second) = (Commit(old), Commit(fresh));
        var statement = new WeightEqualityStatement(model, context, first.Matrix.Root, second.Matrix.Root);
        var proof = Prove(statement, first, second);
        return WeightEqualityVerifier.TryVerify(shape, statement, proof, out var error) ? null : error;
    }

    private byte[] Prove(WeightEqualityStatement statement, Oracle old, Oracle fresh)
    {
        var (writer, transcript) = (new ProofWriter(), shape.Begin(statement));
        using var pads = PadCommitment.Commit(shape.Pads, shape.Layout, _random);
        writer.Write(pads.Root);
        transcript.Absorb(pads.Root.Span);
        var comparison = shape.DrawPoint(transcript);
        var channel = new ProverChannel(transcript, writer, pads.Pads);
        var weights = Equality(comparison);
        weights.AsSpan(shape.WeightCount).Clear();
        if (Ignored is { } ignored)
            weights[ignored] = Ext4.Zero;
        var differences = new Ext4[weights.Length];
        for (var i = 0; i < shape.Weights.Cells; i++)
            differences[i] = old.Cells[i] - fresh.Cells[i];

        var (claim, point) = (Hidden.Zero, new Ext4[comparison.Length]);
        for (var variable = point.Length - 1; variable >= 0; variable--)
        {
            var (atZero, leading) = (Ext4.Zero, Ext4.Zero);
            for (var (i, half) = (0, weights.Length / 2); i < half; i++)
            {
                atZero += weights[i] * differences[i];
                leading += (weights[i + half] - weights[i]) * (differences[i + half] - differences[i]);
            }
            var (sentAtZero, sentLeading) = (channel.Send(atZero), channel.Send(leading));
            point[variable] = transcript.NextChallenge();
            claim = ProductSumcheck.Bind(claim, sentAtZero, sentLeading, point[variable]);
            (weights, differences) = (Fold(weights, point[variable]), Fold(differences, point[variable]));
        }
        var coefficient = shape.EvaluateCoefficients(comparison, point);
        var oldValue = Open(old, point, Ext4.Zero, channel, writer);
        var wanted = oldValue - (claim.Value(pads.Pads) * coefficient.Inverse());
        var freshValue = Open(fresh, point, ClaimsWhatFits ? wanted - fresh.At(point) : Ext4.Zero, channel, writer);
        channel.RequireZero(claim - Hidden.Of(coefficient * (oldValue - freshValue)), WeightEqualityVerifier.Check);
        pads.Close(channel, writer);
        return writer.ToArray();
    }

    private Oracle Commit(Felt[] weights)
    {
        var cells = new Felt[shape.Weights.Cells];
        weights.CopyTo(cells, 0);
        for (var i = shape.WeightCount; i < cells.Length; i++)
            cells[i] = _random.NextFelt();
        var oracle = new Oracle(shape.Weights, cells, _random);
        _oracles.Add(oracle);
        return oracle;
    }

    /// <param name="lie">Added to the value.</param>
    /// <returns>What is claimed.</returns>
    private Ext4 Open(Oracle oracle, Ext4[] point, Ext4 lie, ProverChannel channel, ProofWriter writer)
    {
        var transcript = channel.Transcript;
        var (columns, rows) = (Equality(point[..shape.Weights.ColumnBits]), Equality(point[shape.Weights.ColumnBits..]));
        var combination = new Ext4[shape.Weights.MessageLength];
        for (var row = 0; row < oracle.Rows.Length; row++)
            for (var i = 0; i < combination.Length; i++)
                combination[i] += rows[row] * oracle.Rows[row][i];
        var value = Dot(combination, columns) + lie;
        transcript.Send([value], writer);
        if (CombinesWhatFits)
            combination[0] += lie * columns[0].Inverse();
        ProveCombination(oracle, combination, columns, channel, writer);
        return value;
    }

    /// <summary>Commits the combination, whatever it is, and proves what the opened columns would say of it.</summary>
    private void ProveCombination(Oracle oracle, Ext4[] combination, Ext4[] columns, ProverChannel channel, ProofWriter writer)
    {
        var (small, transcript) = (shape.Weights.Combination!, channel.Transcript);
        using var vector = ExtArray.Of([.. combination, _random.NextExt4()]);
        using var cells = new FeltArray(small.BaseElements);
        for (var i = 0; i < vector.Length; i++)
        {
            var (first, stride) = ((i / small.Columns * Ext4.Degree * small.Columns) + (i % small.Columns), small.Columns);
            (cells[first], cells[first + stride]) = (vector[i].C0, vector[i].C1);
            (cells[first + (2 * stride)], cells[first + (3 * stride)]) = (vector[i].C2, vector[i].C3);
        }
        using var commitment = OracleCommitment.Commit(small, cells, _random);
        writer.Write(commitment.Root);
        transcript.Absorb(commitment.Root.Span);
        var positions = transcript.DrawPositions(shape.Weights.Queries, shape.Weights.CodeBits, shape.Weights.GrindingBits, writer);
        oracle.Matrix.Open(positions, writer);
        var beta = transcript.NextChallenge();
        using var coefficients = new ExtArray(vector.Length);
        for (var i = 0; i < combination.Length; i++)
        {
            var (sum, power) = (i < columns.Length ? columns[i] : Ext4.Zero, beta);
            foreach (var position in positions)
                (sum, power) = (sum + (power * shape.Weights.Code.Point(position).Power((ulong)i)), power * beta);
            coefficients[i] = sum;
        }
        var (rest, coefficient, _) = ProductSumcheckProver.Prove(channel, Hidden.Zero, coefficients, vector, small.Variables);
        var opened = commitment.Open(rest.Point, channel, writer);
        channel.RequireZero(rest.Value - Hidden.Of(coefficient * opened), ProofChecks.Combination);
    }

    /// <summary>Cells in rows with random tails, committed.</summary>
    private sealed class Oracle
    {
        private readonly OracleShape _shape;

        public Oracle(OracleShape shape, Felt[] cells, SecretRandom random)
        {
            (_shape, Cells, Rows) = (shape, cells, new Felt[shape.Rows][]);
            Matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, random);
            for (var row = 0; row < Rows.Length; row++)
            {
                var first = row << shape.ColumnBits;
                Rows[row] = new Felt[shape.MessageLength];
                cells.AsSpan(first, Math.Min(shape.Columns, cells.Length - first)).CopyTo(Rows[row]);
                for (var i = shape.Columns; i < Rows[row].Length; i++)
                    Rows[row][i] = random.NextFelt();
                using var message = new FeltArray(Rows[row].Length);
                for (var i = 0; i < message.Length; i++)
                    message[i] = Rows[row][i];
                Matrix.Encode(row, shape.Code, message);
            }
            Matrix.Commit();
        }

        public Felt[] Cells { get; }

        public Felt[][] Rows { get; }

        public CommittedMatrix Matrix { get; }

        public Ext4 At(Ext4[] point) => Dot([.. Cells.Select(cell => (Ext4)cell)], Equality(point)[..Cells.Length]);
    }

    private static Ext4[] Fold(Ext4[] vector, Ext4 s) =>
        [.. Enumerable.Range(0, vector.Length / 2).Select(i => vector[i] + (s * (vector[i + (vector.Length / 2)] - vector[i])))];
}
