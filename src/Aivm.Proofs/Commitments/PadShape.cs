using System.Numerics;

namespace Aivm.Proofs;

/// <summary>
/// How the pads of a proof are laid out for the closing (zk-Ligero: Ames, Hazay, Ishai, Venkitasubramaniam 2017, section 4). Rows of
/// extension elements; a row is a polynomial with <see cref="Block"/> values on the subgroup H of that order, drawn at random
/// otherwise, of degree below <see cref="MessageLength"/>, encoded as its values at <see cref="CodeLength"/> points outside H. Pad i is
/// the value number i mod block of row i / block. Then follow the rows X, Y and Z that align left factors, right factors and products of
/// the pads, then one blinding row for each of the three tests.
/// </summary>
/// <remarks>
/// Products of rows have twice the degree. That is why pads live in a short matrix of their own, of a lower rate than the oracles':
/// at rate 1/4 the quadratic test would be worth 29 bits.
/// </remarks>
public sealed record PadShape
{
    private const int MinBlockBits = 4;
    private const int MaxBlockBits = 10;

    // A longer code would save few bytes for the time that it takes.
    private const int MaxBlowUpBits = 5;

    private PadShape(int pads, int products, int blockBits, int codeBits, int queries, int grindingBits) =>
        (Pads, Products, BlockBits, CodeBits, Queries, GrindingBits) = (pads, products, blockBits, codeBits, queries, grindingBits);

    public int Pads { get; }

    public int Products { get; }

    public int BlockBits { get; }

    public int CodeBits { get; }

    /// <summary>Positions opened.</summary>
    public int Queries { get; }

    /// <summary>Of the work before they are drawn.</summary>
    public int GrindingBits { get; }

    public int Block => 1 << BlockBits;

    public int CodeLength => 1 << CodeBits;

    /// <summary>Coefficients of a row's polynomial: as many beyond the block as positions are opened.</summary>
    public int MessageLength => Block + Queries;

    /// <summary>
    /// Coefficients of the linear test's polynomial, a sum of products of a row and a public polynomial of degree below the block.
    /// </summary>
    public int LinearLength => MessageLength + Block - 1;

    /// <summary>Coefficients of the quadratic test's polynomial, a sum of products of two rows.</summary>
    public int QuadraticLength => (2 * MessageLength) - 1;

    /// <summary>The quadratic test's polynomial vanishes on H; this many coefficients has its quotient by H's polynomial.</summary>
    public int QuotientLength => QuadraticLength - Block;

    public int PadRows => Math.Max(1, (Pads + Block - 1) >> BlockBits);

    /// <summary>Rows X, as many as Y and Z.</summary>
    public int FactorRows => (Products + Block - 1) >> BlockBits;

    /// <summary>Rows with values, without the blinding ones.</summary>
    public int ValueRows => PadRows + (3 * FactorRows);

    public int LeftRow => PadRows;

    public int RightRow => PadRows + FactorRows;

    public int ProductRow => PadRows + (2 * FactorRows);

    /// <summary>The first of three blinding rows, one for each test.</summary>
    public int ProximityRow => ValueRows;

    public int LinearRow => ValueRows + 1;

    public int QuadraticRow => ValueRows + 2;

    public int Rows => ValueRows + 3;

    /// <summary>Base elements of a column.</summary>
    public int ColumnHeight => Ext4.Degree * Rows;

    /// <summary>Errors that even the code of the quadratic test's polynomials corrects for certain.</summary>
    public int UniqueRadius => (CodeLength - QuadraticLength) / 2;

    /// <summary>The shape of the shortest closing.</summary>
    /// <param name="layout">Of the whole proof.</param>
    public static PadShape Choose(ProofParameters parameters, PadLayout layout)
    {
        PadShape? best = null;
        for (var blockBits = MinBlockBits; blockBits <= MaxBlockBits; blockBits++)
            for (var codeBits = blockBits + 2; codeBits <= blockBits + MaxBlowUpBits; codeBits++)
                if (FewestQueries(parameters, layout, blockBits, codeBits) is { } shape
                    && (best is null || shape.ClosingBytes < best.ClosingBytes))
                    best = shape;
        return best!;
    }

    /// <summary>How the closing may accept pads that break a constraint.</summary>
    /// <param name="constraints">Linear constraints of the proof.</param>
    /// <remarks>
    /// <para>Let e be <see cref="UniqueRadius"/>, k <see cref="MessageLength"/>, b <see cref="Block"/>, n <see cref="CodeLength"/>, q the
    /// extension's size. Each test sends a polynomial said to be blinding + rho * combination, for a rho drawn when both are fixed.
    /// <b>Proximity.</b> If no e columns' removal leaves all rows codewords, their combination by an equality tensor of l = log2(rows)
    /// challenges is within e of the code for l n / q of the challenges at most (Diamond and Gruen 2025, corollary 3.7), and its sum with
    /// the blinding for n / q of the rho (Ben-Sasson et al. 2020, theorem 4.1); else at most n - e - 1 positions accept.
    /// <b>Linear and quadratic.</b> Let the rows be decoded, all wrong in the same e columns at most. The combination agrees with a
    /// polynomial of D coefficients outside these, D = k + b - 1 or 2k - 1. Unless rho is one of n, either the sum with the blinding is
    /// farther than e from all such polynomials, which is the case before; or it is close to decoded blinding + rho * that polynomial,
    /// and any other polynomial that might be sent agrees with it in at most D - 1 + e positions. Blinding rows need no test of their own
    /// for this: they are words. <b>Values.</b> What is left is an identity over H that fails: it holds for one rho, and its
    /// coefficients, powers of a challenge, hide the failure for as many of these as there are constraints, or rows of products.</para>
    /// </remarks>
    public IEnumerable<SoundnessTerm> Soundness(int constraints)
    {
        yield return SoundnessTerm.Queries("closing: proximity queries", CodeLength, ProximityAccepts, Queries, GrindingBits);
        yield return SoundnessTerm.Queries("closing: linear queries", CodeLength, LinearAccepts, Queries, GrindingBits);
        yield return SoundnessTerm.Queries("closing: quadratic queries", CodeLength, QuadraticAccepts, Queries, GrindingBits);
        yield return SoundnessTerm.Challenge("closing: rows", (long)(RowVariables + 3) * CodeLength);
        yield return SoundnessTerm.Challenge("closing: constraints", constraints + (3L * Products) + FactorRows + 2);
    }

    /// <summary>Challenges that combine the rows in the proximity test.</summary>
    internal int RowVariables => ValueRows == 1 ? 0 : BitOperations.Log2((uint)ValueRows - 1) + 1;

    private int ProximityAccepts => CodeLength - UniqueRadius - 1;

    private int LinearAccepts => LinearLength - 1 + UniqueRadius;

    private int QuadraticAccepts => QuadraticLength - 1 + UniqueRadius;

    private long ClosingBytes =>
        (Ext4.Bytes * ((long)MessageLength + LinearLength - 1 + QuotientLength + (Queries * (long)Rows)))
        + (Queries * ColumnHasher.SaltBytes) + OracleShape.PathBytes(CodeBits, Queries);

    private static PadShape? FewestQueries(ProofParameters parameters, PadLayout layout, int blockBits, int codeBits)
    {
        for (var queries = 1; ; queries++)
        {
            var shape = new PadShape(layout.Count, layout.Products.Count, blockBits, codeBits, queries, parameters.GrindingBits);
            if (shape.QuadraticLength > shape.CodeLength / 2)
                return null;
            var accepts = Math.Max(shape.ProximityAccepts, Math.Max(shape.LinearAccepts, shape.QuadraticAccepts));
            if (SoundnessTerm.QueryBits(shape.CodeLength, accepts, queries) >= parameters.PositionBits)
                return shape;
        }
    }
}
