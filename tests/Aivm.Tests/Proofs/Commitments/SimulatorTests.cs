using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Transcripts;
using static Aivm.Tests.Proofs.Commitments.NaiveVectors;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>
/// The simulators of the specification: they know no cells and no pads, choose the challenges before the messages, and are believed. What a proof shows is therefore what
/// anybody could have drawn; that provers draw it alike is <see cref="HidingTests"/>'.
/// </summary>
public sealed unsafe class SimulatorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    [InlineData(1000)]
    public void An_opening_is_simulated_without_the_cells(int cells)
    {
        const int Seed = 7;
        var shape = OracleShape.Choose(ProofParameters.Toy, cells, openings: 1);
        var (random, program) = (new SecretRandom(), new ProgrammedChallenges(Seed));
        Ext4[] point = [.. Enumerable.Range(0, shape.Variables).Select(_ => program.Challenge(default))];
        var (rho, positions) = (program.Challenge(default), program.Positions(new int[shape.Queries], shape.CodeBits));

        var (value, combination) = (random.NextExt4(), random.NextElements(shape.MessageLength));
        var maskValue = Dot(combination, Equality(point[..shape.ColumnBits])) - (rho * value);
        var weights = Equality(point[shape.ColumnBits..]);
        using var matrix = Random(shape.ColumnHeight, shape.CodeBits, random);
        using var codeword = new ExtArray(shape.CodeLength);
        using var message = ExtArray.Of(combination);
        shape.Code.Encode(message, codeword);
        foreach (var position in positions)
        {
            var mask = codeword[position];
            for (var row = 0; row < shape.Rows; row++)
                mask -= rho * weights[row] * Felt.FromMontgomery(matrix.Row(row)[position]);
            Write(matrix, shape.Rows, position, mask);
        }
        matrix.Commit();
        var writer = new ProofWriter();
        writer.Write(value);
        writer.Write(maskValue);
        writer.Write(combination);
        matrix.Open(positions, writer);

        Assert.Null(Verify(new ProgrammedChallenges(Seed)));
        Assert.Equal("proof-rejected", Verify(null)?.Code);

        Error? Verify(TranscriptProbe? probe)
        {
            var (transcript, drawn) = (new Transcript("simulated", probe), new Ext4[shape.Variables]);
            transcript.Absorb(matrix.Root.Span);
            transcript.NextChallenges(drawn);
            var error = OpeningCheck.Error(shape, matrix.Root, drawn, transcript, writer.ToArray());
            // Other positions may have longer paths.
            return error?.Code == "proof-truncated" ? ProofErrors.Rejected("") : error;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public void A_closing_is_simulated_without_the_pads(int pairs)
    {
        const int Seed = 8;
        var closing = new Closing(pairs) { Probe = new ProgrammedChallenges(Seed) };
        var (shape, random, writer) = (closing.Shape, new SecretRandom(), new ProofWriter());
        var messages = random.NextElements(closing.Messages);
        writer.Write(messages);
        var channel = new VerifierChannel(new Transcript("simulator", new ProgrammedChallenges(Seed)), new ProofReader(writer.ToArray()));
        closing.Receive(channel);
        var tests = ClosingTests.Draw(shape, channel);
        var positions = channel.Transcript.NextPositions(shape.Queries, shape.CodeBits);

        var (proximity, linear, quotient) = (random.NextElements(shape.MessageLength), random.NextElements(shape.LinearLength), random.NextElements(shape.QuotientLength));
        linear[0] = PadRow.LowestCoefficient(linear, tests.LinearRho * tests.Sum, shape);
        using var matrix = Random(shape.ColumnHeight, shape.CodeBits, random);
        FitBlinding(shape, tests, matrix, positions, proximity, linear, quotient);
        matrix.Commit();
        var proof = new ProofWriter();
        proof.Write(matrix.Root);
        proof.Write(messages);
        proof.Write(proximity);
        proof.Write(linear.AsSpan(1));
        proof.Write(quotient);
        matrix.Open(positions, proof);

        Assert.Null(closing.Verify(proof.ToArray()));
        Assert.NotNull(new Closing(pairs).Verify(proof.ToArray()));
    }

    /// <summary>At the opened positions blinding rows are what the tests' polynomials leave for them.</summary>
    private static void FitBlinding(
        PadShape shape, ClosingTests tests, CommittedMatrix matrix, int[] positions, Ext4[] proximity, Ext4[] linear, Ext4[] quotient)
    {
        using var proximityWord = PadRow.Encode(proximity, shape);
        using var linearWord = PadRow.Encode(linear, shape);
        using var quadraticWord = PadRow.Encode(PadRow.TimesVanishing(quotient, shape), shape);
        var coefficients = Enumerable.Range(0, shape.ValueRows).Select(row => PadRow.Encode(PadRow.Interpolate(tests.Coefficients(row), shape), shape)).ToArray();
        foreach (var position in positions)
        {
            Ext4 At(int row) => Read(matrix, Ext4.Degree * row, position);
            var (rows, forms, products) = (Ext4.Zero, Ext4.Zero, Ext4.Zero);
            for (var row = 0; row < shape.ValueRows; row++)
                (rows, forms) = (rows + (tests.Rows[row] * At(row)), forms + (coefficients[row][position] * At(row)));
            for (var i = 0; i < shape.FactorRows; i++)
                products += tests.ProductRows[i] * ((At(shape.LeftRow + i) * At(shape.RightRow + i)) - At(shape.ProductRow + i));
            Write(matrix, Ext4.Degree * shape.ProximityRow, position, proximityWord[position] - (tests.ProximityRho * rows));
            Write(matrix, Ext4.Degree * shape.LinearRow, position, linearWord[position] - (tests.LinearRho * forms));
            Write(matrix, Ext4.Degree * shape.QuadraticRow, position, quadraticWord[position] - (tests.QuadraticRho * products));
        }
        foreach (var each in coefficients)
            each.Dispose();
    }

    /// <summary>
    /// A row of pads is (x^b - 1) times a random polynomial with a coefficient for each opened position, and what its values add: uniform at distinct points with x^b != 1.
    /// </summary>
    [Fact]
    public void Columns_of_pads_are_uniform()
    {
        var shape = new Closing(200).Shape;
        using var points = PadRow.Encode([Ext4.Zero, Ext4.One], shape);
        var distinct = new HashSet<Ext4>();
        for (var i = 0; i < points.Length; i++)
        {
            Assert.True(distinct.Add(points[i]));
            Assert.NotEqual(Felt.One, points[i].C0.Power((ulong)shape.Block));
        }
        Assert.Equal(shape.Queries, shape.MessageLength - shape.Block);
    }

    [Fact]
    public void A_mask_within_is_used_once()
    {
        using var opening = new Opening(100, openings: 1);
        opening.Open();
        Assert.Throws<InvalidOperationException>(() => opening.Open());
    }

    [Fact]
    public void Pads_are_closed_once()
    {
        var closing = new Closing(5);
        using var pads = PadCommitment.Commit(closing.Shape, closing.Layout, new SecretRandom());
        Assert.Null(closing.Verify(closing.Prove(pads)));
        Assert.Throws<InvalidOperationException>(() => closing.Prove(pads));
    }

    private static CommittedMatrix Random(int height, int codeBits, SecretRandom random)
    {
        var matrix = new CommittedMatrix(height, codeBits, random);
        for (var row = 0; row < height; row++)
            random.Fill(new Span<uint>(matrix.Row(row), 1 << codeBits));
        return matrix;
    }

    private static Ext4 Read(CommittedMatrix matrix, int row, int position) => new(
        Felt.FromMontgomery(matrix.Row(row)[position]), Felt.FromMontgomery(matrix.Row(row + 1)[position]),
        Felt.FromMontgomery(matrix.Row(row + 2)[position]), Felt.FromMontgomery(matrix.Row(row + 3)[position]));

    private static void Write(CommittedMatrix matrix, int row, int position, Ext4 element)
    {
        (matrix.Row(row)[position], matrix.Row(row + 1)[position]) = (element.C0.Montgomery, element.C1.Montgomery);
        (matrix.Row(row + 2)[position], matrix.Row(row + 3)[position]) = (element.C2.Montgomery, element.C3.Montgomery);
    }
}
