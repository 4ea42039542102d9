using System.Numerics;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>The committed pads of one proof, and at its end the closing. <see cref="PadClosing"/> has the protocol.</summary>
public sealed class PadCommitment : IDisposable
{
    private readonly PadShape _shape;
    private readonly Ext4[][] _polynomials;
    private bool _isClosed;

    private PadCommitment(PadShape shape, PadLayout layout, Ext4[] pads, SecretRandom random, int threads)
    {
        (_shape, Pads) = (shape, pads);
        var values = Values(layout);
        _polynomials = new Ext4[shape.Rows][];
        for (var row = 0; row < shape.ValueRows; row++)
            _polynomials[row] = Hide(values.AsSpan(row << shape.BlockBits, shape.Block), random);
        _polynomials[shape.ProximityRow] = random.NextElements(shape.MessageLength);
        _polynomials[shape.LinearRow] = random.NextElements(shape.LinearLength);
        _polynomials[shape.LinearRow][0] = PadRow.LowestCoefficient(_polynomials[shape.LinearRow], Ext4.Zero, shape);
        _polynomials[shape.QuadraticRow] = PadRow.TimesVanishing(random.NextElements(shape.QuotientLength), shape);
        Matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, random, threads);
        Parts.Each(threads, shape.Rows, Encode);
        Matrix.Commit();
    }

    /// <summary>For the channel of the proof.</summary>
    public Ext4[] Pads { get; }

    public Hash256 Root => Matrix.Root;

    internal CommittedMatrix Matrix { get; }

    /// <summary>Draws and commits pads.</summary>
    /// <param name="layout">Of the whole proof.</param>
    public static PadCommitment Commit(PadShape shape, PadLayout layout, SecretRandom random, int threads = 1) =>
        Commit(shape, layout, Prover.Pads.Draw(layout, random.NextExt4), random, threads);

    /// <summary>Commits given pads.</summary>
    internal static PadCommitment Commit(PadShape shape, PadLayout layout, Ext4[] pads, SecretRandom random, int threads = 1) =>
        new(shape, layout, pads, random, threads);

    /// <summary>Proves all constraints of the channel. Once: the pads of two proofs would disclose the difference of their secrets.</summary>
    public void Close(HiddenChannel channel, ProofWriter writer)
    {
        if (_isClosed)
            throw new InvalidOperationException("The pads were used by another proof.");
        _isClosed = true;
        var transcript = channel.Transcript;
        var tests = ClosingTests.Draw(_shape, channel);
        var proximity = ProximityPolynomial(tests);
        var (linear, quadratic) = TestPolynomials(tests);
        var quotient = PadRow.OverVanishing(quadratic, _shape);
        transcript.Send(proximity, writer);
        transcript.Send(linear.AsSpan(1), writer);
        transcript.Send(quotient, writer);
        Matrix.Open(transcript.DrawPositions(_shape.Queries, _shape.CodeBits, _shape.GrindingBits, writer), writer);
    }

    public void Dispose() => Matrix.Dispose();

    private void Encode(int row)
    {
        using var codeword = PadRow.Encode(_polynomials[row], _shape);
        Matrix.Write(Ext4.Degree * row, codeword);
    }

    /// <summary>The values of all rows but the blinding ones.</summary>
    private Ext4[] Values(PadLayout layout)
    {
        var values = new Ext4[_shape.ValueRows << _shape.BlockBits];
        Pads.CopyTo(values, 0);
        for (var i = 0; i < layout.Products.Count; i++)
        {
            var (left, right, product) = layout.Products[i];
            values[(_shape.LeftRow << _shape.BlockBits) + i] = Pads[left];
            values[(_shape.RightRow << _shape.BlockBits) + i] = Pads[right];
            values[(_shape.ProductRow << _shape.BlockBits) + i] = Pads[product];
        }
        return values;
    }

    /// <summary>A random polynomial of the rows' length with these values on H.</summary>
    private Ext4[] Hide(ReadOnlySpan<Ext4> values, SecretRandom random)
    {
        var polynomial = PadRow.TimesVanishing(random.NextElements(_shape.Queries), _shape);
        var interpolation = PadRow.Interpolate(values, _shape);
        for (var i = 0; i < interpolation.Length; i++)
            polynomial[i] += interpolation[i];
        return polynomial;
    }

    private Ext4[] ProximityPolynomial(ClosingTests tests)
    {
        var sum = _polynomials[_shape.ProximityRow].ToArray();
        for (var row = 0; row < _shape.ValueRows; row++)
        {
            var weight = tests.ProximityRho * tests.Rows[row];
            for (var i = 0; i < sum.Length; i++)
                sum[i] += weight * _polynomials[row][i];
        }
        return sum;
    }

    /// <summary>
    /// The blinded sum of r * row, and the blinded sum of weight * (X Y - Z): calculated by values at enough roots of unity.
    /// </summary>
    private (Ext4[] Linear, Ext4[] Quadratic) TestPolynomials(ClosingTests tests)
    {
        var bits = BitOperations.Log2((uint)_shape.QuadraticLength - 1) + 1;
        var (count, rows) = (1 << bits, new ExtArray[_shape.ValueRows]);
        using var linear = new ExtArray(count);
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = RootsOfUnity.Evaluate(_polynomials[row], bits);
            using var coefficients = RootsOfUnity.Evaluate(PadRow.Interpolate(tests.Coefficients(row), _shape), bits);
            ExtKernels.AddProducts(linear, 0, coefficients, 0, rows[row], 0, count);
        }
        using var quadratic = new ExtArray(count);
        for (var row = 0; row < _shape.FactorRows; row++)
        {
            using var excess = new ExtArray(count);
            ExtKernels.AddProducts(excess, 0, rows[_shape.LeftRow + row], 0, rows[_shape.RightRow + row], 0, count);
            ExtKernels.AddScaled(excess, 0, -Ext4.One, rows[_shape.ProductRow + row], 0, count);
            ExtKernels.AddScaled(quadratic, 0, tests.ProductRows[row], excess, 0, count);
        }
        foreach (var row in rows)
            row.Dispose();
        return (Blind(_shape.LinearRow, tests.LinearRho, linear, bits), Blind(_shape.QuadraticRow, tests.QuadraticRho, quadratic, bits));
    }

    /// <summary>A blinding row's polynomial + rho times the polynomial with these values.</summary>
    private Ext4[] Blind(int row, Ext4 rho, ExtArray values, int bits)
    {
        var polynomial = RootsOfUnity.Interpolate(values.ToArray(), bits);
        var blinded = _polynomials[row].ToArray();
        for (var i = 0; i < blinded.Length; i++)
            blinded[i] += rho * polynomial[i];
        return blinded;
    }
}
