using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Checks that the committed pads satisfy every constraint of a channel. In order: the challenges of the three tests; the polynomials of
/// the tests, each blinding row + rho * combination; the work before positions, and these; the columns with their paths.
/// </summary>
/// <remarks>
/// <para><b>Tests.</b> Proximity: the equality tensor's combination of all rows. Linear: the sum over rows of r * row, where r is the
/// polynomial whose values on H are the constraints' coefficients; its sum over H is rho times the constraints' sum, which gives its
/// lowest coefficient. Quadratic: the sum of weight * (X Y - Z), which vanishes on H, so that only its quotient by H's polynomial is
/// sent.</para>
/// <para><b>Sound:</b> see <see cref="PadShape.Soundness"/>.</para>
/// <para><b>Hiding.</b> Each blinding row is uniform among the polynomials that pass its test when alone (all; those with sum zero over
/// H; those that vanish on H), and the combinations are among those, up to the public sum: what is sent is uniform. At the opened
/// positions each row takes uniform values, as its random part has one coefficient for each; the blinding rows' follow from the
/// rest.</para>
/// </remarks>
public static class PadClosing
{
    /// <param name="root">Absorbed before the first message that a pad hides.</param>
    /// <param name="channel">After the last message.</param>
    /// <returns>False after a failure, which the reader holds.</returns>
    public static bool TryVerify(PadShape shape, Hash256 root, HiddenChannel channel, ProofReader reader)
    {
        if (channel.Failure is { } failure)
            return reader.Fail(failure);
        if (channel.Layout.Count > shape.Pads || channel.Layout.Products.Count > shape.Products)
            throw new ArgumentException("The channel used pads that are not laid out.", nameof(channel));
        var transcript = channel.Transcript;
        var tests = ClosingTests.Draw(shape, channel);
        var proximity = new Ext4[shape.MessageLength];
        var linear = new Ext4[shape.LinearLength];
        var quotient = new Ext4[shape.QuotientLength];
        if (!(reader.TryReadMessage(proximity, transcript)
            && reader.TryReadMessage(linear.AsSpan(1), transcript)
            && reader.TryReadMessage(quotient, transcript)))
            return false;
        linear[0] = PadRow.LowestCoefficient(linear, tests.LinearRho * tests.Sum, shape);
        if (!reader.TryDrawPositions(transcript, shape.Queries, shape.CodeBits, shape.GrindingBits, out var positions))
            return false;
        using var columns = OpenedColumns.TryRead(root, shape.CodeBits, shape.ColumnHeight, salted: true, positions, reader);
        if (columns is null)
            return false;
        using var symbols = new PointValues(PadRow.Points(positions, shape));
        using var proximityWord = ValuesOf(proximity, symbols);
        using var linearWord = ValuesOf(linear, symbols);
        using var quadraticWord = ValuesOf(PadRow.TimesVanishing(quotient, shape), symbols);
        var sums = LinearSums(shape, tests, columns, symbols);
        for (var query = 0; query < positions.Length; query++)
        {
            if (ProximitySum(shape, tests, columns, query) != proximityWord[query])
                return reader.Fail(ProofErrors.Rejected("A column of pads fails the proximity test."));
            if (sums[query] != linearWord[query])
                return reader.Fail(ProofErrors.Rejected("A column of pads fails the test of linear constraints."));
            if (QuadraticSum(shape, tests, columns, query) != quadraticWord[query])
                return reader.Fail(ProofErrors.Rejected("A column of pads fails the test of products."));
        }
        return true;
    }

    private static Ext4 ProximitySum(PadShape shape, ClosingTests tests, OpenedColumns columns, int query)
    {
        var sum = Ext4.Zero;
        for (var row = 0; row < shape.ValueRows; row++)
            sum += tests.Rows[row] * columns.Element(Ext4.Degree * row, query);
        return columns.Element(Ext4.Degree * shape.ProximityRow, query) + (tests.ProximityRho * sum);
    }

    private static ExtArray ValuesOf(ReadOnlySpan<Ext4> polynomial, PointValues points)
    {
        using var coefficients = ExtArray.Of(polynomial);
        return points.Of(coefficients);
    }

    private static Ext4[] LinearSums(PadShape shape, ClosingTests tests, OpenedColumns columns, PointValues points)
    {
        var sums = new Ext4[shape.Queries];
        for (var row = 0; row < shape.ValueRows; row++)
        {
            using var values = ValuesOf(PadRow.Interpolate(tests.Coefficients(row), shape), points);
            for (var query = 0; query < sums.Length; query++)
                sums[query] += values[query] * columns.Element(Ext4.Degree * row, query);
        }
        for (var query = 0; query < sums.Length; query++)
            sums[query] = columns.Element(Ext4.Degree * shape.LinearRow, query) + (tests.LinearRho * sums[query]);
        return sums;
    }

    private static Ext4 QuadraticSum(PadShape shape, ClosingTests tests, OpenedColumns columns, int query)
    {
        var sum = Ext4.Zero;
        for (var i = 0; i < shape.FactorRows; i++)
        {
            var x = columns.Element(Ext4.Degree * (shape.LeftRow + i), query);
            var y = columns.Element(Ext4.Degree * (shape.RightRow + i), query);
            var z = columns.Element(Ext4.Degree * (shape.ProductRow + i), query);
            sum += tests.ProductRows[i] * ((x * y) - z);
        }
        return columns.Element(Ext4.Degree * shape.QuadraticRow, query) + (tests.QuadraticRho * sum);
    }
}
