using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>What simulators write who know the challenges and nothing else: no cells, no pads. They choose the messages, and fit the matrix to them where it is opened.</summary>
internal static unsafe class Simulation
{
    /// <summary>An opening whose combination of rows is sent, behind its value.</summary>
    /// <param name="nonce">The work before the positions, where they take any.</param>
    /// <returns>The root that it opens.</returns>
    public static Hash256 WriteSentOpening(
        OracleShape shape, ReadOnlySpan<Ext4> point, Ext4 value, Ext4 rho, uint? nonce, int[] positions, SecretRandom random, ProofWriter writer)
    {
        using var columns = new ExtArray(shape.Columns);
        ExtKernels.EqTable(point[..shape.ColumnBits], Ext4.One, columns);
        using var combination = ExtArray.Of(random.NextElements(shape.MessageLength));
        writer.Write(ExtKernels.Dot(combination, 0, columns, 0, shape.Columns) - (rho * value));
        writer.Write(combination.ToArray());
        if (nonce is { } work)
            writer.Write(work);

        using var weights = shape.RowWeights(point[shape.ColumnBits..], rho);
        using var codeword = new ExtArray(shape.CodeLength);
        shape.Code.Encode(combination, codeword);
        using var matrix = Random(shape.ColumnHeight, shape.CodeBits, random);
        foreach (var position in positions)
        {
            var mask = codeword[position];
            for (var row = 0; row < shape.Rows; row++)
                mask -= weights[row] * Felt.FromMontgomery(matrix.Row(row)[position]);
            Write(matrix, shape.Rows, position, mask);
        }
        matrix.Commit();
        matrix.Open(positions, writer);
        return matrix.Root;
    }

    /// <summary>Columns of a matrix whose combination of rows is committed: any.</summary>
    /// <returns>The root that they belong to.</returns>
    public static Hash256 WriteColumns(OracleShape shape, int[] positions, SecretRandom random, ProofWriter writer)
    {
        using var matrix = Random(shape.ColumnHeight, shape.CodeBits, random);
        matrix.Commit();
        matrix.Open(positions, writer);
        return matrix.Root;
    }

    /// <summary>A closing.</summary>
    /// <param name="channel">With all constraints; its challenges are those that the simulator chose.</param>
    /// <returns>The root of the pads.</returns>
    public static Hash256 WriteClosing(PadShape shape, HiddenChannel channel, SecretRandom random, ProofWriter writer)
    {
        var tests = ClosingTests.Draw(shape, channel);
        var work = new ProofWriter();
        var positions = channel.Transcript.DrawPositions(shape.Queries, shape.CodeBits, shape.GrindingBits, work);
        var (proximity, linear, quotient) = (random.NextElements(shape.MessageLength), random.NextElements(shape.LinearLength), random.NextElements(shape.QuotientLength));
        linear[0] = PadRow.LowestCoefficient(linear, tests.LinearRho * tests.Sum, shape);
        using var matrix = Random(shape.ColumnHeight, shape.CodeBits, random);
        FitBlinding(shape, tests, matrix, positions, proximity, linear, quotient);
        matrix.Commit();
        writer.Write(proximity);
        writer.Write(linear.AsSpan(1));
        writer.Write(quotient);
        writer.Write(work.Written);
        matrix.Open(positions, writer);
        return matrix.Root;
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
