using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Checks the value of a committed multilinear polynomial at a point. In order: the root of the mask if it is apart; the value v in the
/// clear, which the oracle's hiding cells make uniform; mu = &lt;mask, eq of the column coordinates&gt;; a challenge rho; u = mask + rho
/// * sum of eq of the row coordinates times row, all coefficients of it; the positions; the columns with their paths.
/// </summary>
/// <remarks>
/// <para><b>Sound:</b> see <see cref="OracleShape.Soundness"/>. The mask is a word fixed before rho, in whichever matrix.</para>
/// <para><b>Hiding.</b> The mask is uniform over all polynomials of the row's length, drawn for this opening alone: so u is
/// uniform, whatever the rows are; mu follows from u, rho and v; the mask's value at an opened position follows from u's and the
/// column's. The columns are uniform by the rows' tails. A simulator draws u, v and the columns, and computes mu and the mask's
/// values.</para>
/// </remarks>
public static class OracleOpening
{
    /// <param name="point">One coordinate for each variable; those of the rows drawn after the root was absorbed.</param>
    /// <param name="transcript">Has absorbed the root.</param>
    /// <param name="value">v, to be used in other checks.</param>
    /// <returns>False after a failure, which the reader holds.</returns>
    public static bool TryVerify(
        OracleShape shape, Hash256 root, ReadOnlySpan<Ext4> point, Transcript transcript, ProofReader reader, out Ext4 value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(point.Length, shape.Variables);
        if (!Claim.TryRead(shape, transcript, reader, out var claim))
        {
            value = default;
            return false;
        }
        value = claim.Value;
        var message = new Ext4[shape.MessageLength];
        if (!reader.TryReadMessage(message, transcript))
            return false;
        using var combination = ExtArray.Of(message);
        using var columns = new ExtArray(shape.Columns);
        ExtKernels.EqTable(point[..shape.ColumnBits], Ext4.One, columns);
        if (ExtKernels.Dot(combination, 0, columns, 0, shape.Columns) != claim.MaskValue + (claim.Rho * claim.Value))
            return reader.Fail(ProofErrors.Rejected("An opening's combination of rows has another value than the one claimed."));
        return TryVerifyColumns(shape, root, claim, combination, point[shape.ColumnBits..], transcript, reader);
    }

    private static bool TryVerifyColumns(
        OracleShape shape, Hash256 root, Claim claim, ExtArray combination, ReadOnlySpan<Ext4> rowPoint,
        Transcript transcript, ProofReader reader)
    {
        var positions = transcript.NextPositions(shape.Queries, shape.CodeBits);
        using var columns = OpenedColumns.TryRead(root, shape.CodeBits, shape.ColumnHeight, shape.Hiding, positions, reader);
        using var masks = shape.MaskApart
            ? OpenedColumns.TryRead(claim.MaskRoot, shape.CodeBits, Ext4.Degree, salted: true, positions, reader)
            : null;
        if (columns is null || (shape.MaskApart && masks is null))
            return false;
        using var words = new ExtArray(positions.Length);
        for (var i = 0; i < positions.Length && shape.Hiding; i++)
            words[i] = masks?.Element(0, i) ?? columns.Element(shape.Rows, i);
        using var weights = new ExtArray(1 << rowPoint.Length);
        ExtKernels.EqTable(rowPoint, claim.Rho, weights);
        weights.Truncate(shape.Rows);
        ExtKernels.CombineRows(words, 0, weights, columns.Rows, 0, positions.Length, positions.Length);
        var symbols = new Ext4[positions.Length];
        shape.Code.EncodeAt(combination, positions, symbols);
        for (var i = 0; i < positions.Length; i++)
            if (words[i] != symbols[i])
                return reader.Fail(ProofErrors.Rejected("An opened column does not fit the combination of rows."));
        return true;
    }

    /// <summary>What is said before the combination of rows. A public oracle has no mask: mu is zero and rho one.</summary>
    private readonly record struct Claim(Hash256 MaskRoot, Ext4 Value, Ext4 MaskValue, Ext4 Rho)
    {
        public static bool TryRead(OracleShape shape, Transcript transcript, ProofReader reader, out Claim claim)
        {
            claim = default;
            Hash256 maskRoot = default;
            if (shape.MaskApart)
            {
                if (!reader.TryRead(out maskRoot))
                    return false;
                transcript.Absorb(maskRoot.Span);
            }
            if (!reader.TryRead(out Ext4 value))
                return false;
            transcript.Absorb(value);
            if (!shape.Hiding)
            {
                claim = new Claim(maskRoot, value, Ext4.Zero, Ext4.One);
                return true;
            }
            if (!reader.TryRead(out Ext4 maskValue))
                return false;
            transcript.Absorb(maskValue);
            claim = new Claim(maskRoot, value, maskValue, transcript.NextChallenge());
            return true;
        }
    }
}
