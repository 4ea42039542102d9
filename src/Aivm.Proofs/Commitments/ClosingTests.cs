namespace Aivm.Proofs;

/// <summary>
/// What prover and verifier test about the pads, once the channel holds all constraints: the challenges of the three tests, and all linear
/// constraints as one, sum of coefficient * value = sum, over the values of all rows.
/// </summary>
internal sealed class ClosingTests
{
    private readonly PadShape _shape;
    private readonly Ext4[] _coefficients;

    private ClosingTests(PadShape shape, Transcript transcript)
    {
        _shape = shape;
        _coefficients = new Ext4[shape.ValueRows << shape.BlockBits];
        var point = new Ext4[shape.RowVariables];
        transcript.NextChallenges(point);
        using var rows = new ExtArray(1 << point.Length);
        ExtKernels.EqTable(point, Ext4.One, rows);
        Rows = rows.ToArray();
        ProductRows = Powers(transcript.NextChallenge(), shape.FactorRows);
        ProximityRho = transcript.NextChallenge();
        LinearRho = transcript.NextChallenge();
        QuadraticRho = transcript.NextChallenge();
    }

    /// <summary>The weights of the rows in the proximity test, at least as many as there are.</summary>
    public Ext4[] Rows { get; }

    /// <summary>The weights of the rows of products in the quadratic test.</summary>
    public Ext4[] ProductRows { get; }

    public Ext4 ProximityRho { get; }

    public Ext4 LinearRho { get; }

    public Ext4 QuadraticRho { get; }

    /// <summary>What the weighted values must add up to.</summary>
    public Ext4 Sum { get; private set; }

    /// <summary>The weights of a row's values in the linear test.</summary>
    public ReadOnlySpan<Ext4> Coefficients(int row) => _coefficients.AsSpan(row << _shape.BlockBits, _shape.Block);

    public static ClosingTests Draw(PadShape shape, HiddenChannel channel)
    {
        var tests = new ClosingTests(shape, channel.Transcript);
        var challenge = channel.Transcript.NextChallenge();
        var weight = Ext4.One;
        foreach (var constraint in channel.Constraints)
        {
            foreach (var (pad, coefficient) in constraint.Form.Terms)
                tests._coefficients[pad] += weight * coefficient;
            tests.Sum -= weight * constraint.Form.Constant;
            weight *= challenge;
        }
        for (var i = 0; i < channel.Layout.Products.Count; i++)
        {
            var (left, right, product) = channel.Layout.Products[i];
            tests.Tie(left, shape.LeftRow, i, ref weight, challenge);
            tests.Tie(right, shape.RightRow, i, ref weight, challenge);
            tests.Tie(product, shape.ProductRow, i, ref weight, challenge);
        }
        return tests;
    }

    /// <summary>A pad equals the value that stands for it in a row of factors or products.</summary>
    private void Tie(int pad, int firstRow, int index, ref Ext4 weight, Ext4 challenge)
    {
        _coefficients[pad] += weight;
        _coefficients[(firstRow << _shape.BlockBits) + index] -= weight;
        weight *= challenge;
    }

    private static Ext4[] Powers(Ext4 x, int count)
    {
        var powers = new Ext4[count];
        var power = Ext4.One;
        foreach (ref var element in powers.AsSpan())
            (element, power) = (power, power * x);
        return powers;
    }
}
