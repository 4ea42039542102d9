using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Checks the value of a committed multilinear polynomial at a point. First the value v in the clear, which the oracle's hiding cells make uniform. Where
/// the combination of rows is sent: mu = &lt;mask, eq of the column coordinates&gt;; a challenge rho; u = mask + rho * sum of eq of the row
/// coordinates times row, all coefficients of it; the positions; the columns with their paths. Where it is committed: the root of its oracle; the
/// positions; the columns with their paths; a challenge that joins what they say (<see cref="CombinationClaims"/>); a hidden sumcheck; the opening of the
/// combination's oracle, which is sent. Before positions are drawn there is work (<see cref="Grinding"/>).
/// </summary>
/// <remarks>
/// <para><b>Sound:</b> see <see cref="OracleShape.Soundness"/>. The mask is a word fixed before rho.</para>
/// <para><b>Hiding.</b> The mask is uniform over all polynomials of the row's length, drawn for this opening alone: so u is
/// uniform, whatever the rows are; mu follows from u, rho and v; the mask's value at an opened position follows from u's and the
/// column's. The columns are uniform by the rows' tails. A committed combination is never shown: its oracle hides it over its one opening, whose value one
/// uniform cell behind the combination makes uniform, and the sumcheck's messages are hidden. A simulator draws v, the columns, and u or the
/// combination's opening, and computes the rest.</para>
/// </remarks>
public static class OracleOpening
{
    /// <param name="point">One coordinate for each variable; those of the rows drawn after the root was absorbed.</param>
    /// <param name="channel">Its transcript has absorbed the root.</param>
    /// <param name="reader">The channel's.</param>
    /// <param name="value">v, to be used in other checks.</param>
    /// <returns>False after a failure, which the reader holds.</returns>
    public static bool TryVerify(
        OracleShape shape, Hash256 root, ReadOnlySpan<Ext4> point, VerifierChannel channel, ProofReader reader, out Ext4 value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(point.Length, shape.Variables);
        if (!reader.TryRead(out value))
            return false;
        channel.Transcript.Absorb(value);
        return shape.Combination is null
            ? TryVerifySent(shape, root, point, value, channel.Transcript, reader)
            : TryVerifyCommitted(shape, root, point, value, channel, reader);
    }

    private static bool TryVerifySent(
        OracleShape shape, Hash256 root, ReadOnlySpan<Ext4> point, Ext4 value, Transcript transcript, ProofReader reader)
    {
        // A public oracle has no mask: mu is zero and rho one.
        var (maskValue, rho) = (Ext4.Zero, Ext4.One);
        if (shape.Masked)
        {
            if (!reader.TryRead(out maskValue))
                return false;
            transcript.Absorb(maskValue);
            rho = transcript.NextChallenge();
        }
        var message = new Ext4[shape.MessageLength];
        if (!reader.TryReadMessage(message, transcript))
            return false;
        using var combination = ExtArray.Of(message);
        using var columns = new ExtArray(shape.Columns);
        ExtKernels.EqTable(point[..shape.ColumnBits], Ext4.One, columns);
        if (ExtKernels.Dot(combination, 0, columns, 0, shape.Columns) != maskValue + (rho * value))
            return reader.Fail(ProofErrors.Rejected("An opening's combination of rows has another value than the one claimed."));
        if (!reader.TryDrawPositions(transcript, shape.Queries, shape.CodeBits, shape.GrindingBits, out var positions))
            return false;
        using var words = TryReadColumns(shape, root, point, rho, positions, reader);
        if (words is null)
            return false;
        var symbols = new Ext4[positions.Length];
        shape.Code.EncodeAt(combination, positions, symbols);
        for (var i = 0; i < positions.Length; i++)
            if (words[i] != symbols[i])
                return reader.Fail(ProofErrors.Rejected("An opened column does not fit the combination of rows."));
        return true;
    }

    private static bool TryVerifyCommitted(
        OracleShape shape, Hash256 root, ReadOnlySpan<Ext4> point, Ext4 value, VerifierChannel channel, ProofReader reader)
    {
        var (transcript, oracle) = (channel.Transcript, shape.Combination!);
        if (!reader.TryRead(out Hash256 combinationRoot))
            return false;
        transcript.Absorb(combinationRoot.Span);
        if (!reader.TryDrawPositions(transcript, shape.Queries, shape.CodeBits, shape.GrindingBits, out var positions))
            return false;
        using var words = TryReadColumns(shape, root, point, Ext4.One, positions, reader);
        if (words is null)
            return false;
        var claims = new CombinationClaims(shape, point[..shape.ColumnBits], positions, transcript.NextChallenge());
        var rest = ProductSumcheck.Verify(channel, Hidden.Of(claims.Sum(value, words)), oracle.Variables);
        if (channel.Failure is { } failure)
            return reader.Fail(failure);
        if (!TryVerify(oracle, combinationRoot, rest.Point, channel, reader, out var combination))
            return false;
        channel.RequireZero(rest.Value - Hidden.Of(claims.Evaluate(rest.Point) * combination), ProofChecks.Combination);
        return true;
    }

    /// <summary>By position: the mask, where it is in the matrix, plus rho times the combination of the column. Null after a failure.</summary>
    private static ExtArray? TryReadColumns(
        OracleShape shape, Hash256 root, ReadOnlySpan<Ext4> point, Ext4 rho, int[] positions, ProofReader reader)
    {
        using var columns = OpenedColumns.TryRead(root, shape.CodeBits, shape.ColumnHeight, shape.Hiding, positions, reader);
        if (columns is null)
            return null;
        var words = new ExtArray(positions.Length);
        for (var i = 0; i < positions.Length && shape.Masked; i++)
            words[i] = columns.Element(shape.Rows, i);
        using var weights = shape.RowWeights(point[shape.ColumnBits..], rho);
        ExtKernels.CombineRows(words, 0, weights, columns.Rows, 0, positions.Length, positions.Length);
        return words;
    }
}
