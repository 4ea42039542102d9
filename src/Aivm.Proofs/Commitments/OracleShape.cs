using System.Numerics;

namespace Aivm.Proofs;

/// <summary>
/// How a vector of base elements is laid out and encoded for a commitment: a matrix with the cell of address row * 2^c + column in that
/// row and column. Each row holds the lowest 2^c coefficients of a polynomial, followed by <see cref="Tail"/> random ones, and is encoded
/// as the values of that polynomial at <see cref="CodeLength"/> points (a Reed-Solomon code). The c low variables of the multilinear
/// polynomial are therefore those of the columns.
/// </summary>
/// <remarks>
/// <para>An opening at a point reveals the combination of the rows and, at <see cref="Queries"/> positions, all codewords (Ligero: Ames,
/// Hazay, Ishai, Venkitasubramaniam 2017; as a polynomial commitment: Golovnev et al. 2021, Brakedown). The shape with the shortest
/// opening is chosen, by arithmetic that both sides repeat.</para>
/// <para><b>Openings.</b> An oracle hides its cells over so many openings: 0 for a public one, which has neither tails nor masks nor
/// salts; 1 for one that a single proof commits and opens: its mask is one more row of the same matrix; more for one that is committed
/// once, whose every opening commits a mask of its own. Each opening reveals <see cref="Queries"/> values of a row's polynomial.
/// Values at distinct nonzero points x of x^(2^c) times a uniform polynomial with that many coefficients for each opening are
/// uniform, so that the columns of all openings together are uniform whatever the cells are.</para>
/// </remarks>
public sealed record OracleShape
{
    /// <summary>The largest vector: 2^26 cells.</summary>
    public const int MaxVariables = 26;

    private const int MaxColumnBits = 15;
    private const int MaxCodeBits = 19;

    private OracleShape(int cells, int openings, int columnBits, int codeBits, int queries)
    {
        (Cells, Openings) = (cells, openings);
        (ColumnBits, CodeBits, Queries) = (columnBits, codeBits, queries);
    }

    public int Cells { get; }

    /// <summary>The openings that hide: 0 for a public oracle.</summary>
    public int Openings { get; }

    /// <summary>Coordinates of a point: the first <see cref="ColumnBits"/> belong to columns, the others to rows.</summary>
    public int Variables => VariablesOf(Cells);

    public int ColumnBits { get; }

    /// <summary>log2 of <see cref="CodeLength"/>.</summary>
    public int CodeBits { get; }

    /// <summary>Positions opened.</summary>
    public int Queries { get; }

    public int Columns => 1 << ColumnBits;

    /// <summary>Rows with a cell; those past them are zero, and are not there.</summary>
    public int Rows => RowsOf(Cells, ColumnBits);

    public int CodeLength => 1 << CodeBits;

    /// <summary>Random coefficients of a row.</summary>
    public int Tail => Openings * Queries;

    /// <summary>Coefficients of a row: the code's dimension.</summary>
    public int MessageLength => Columns + Tail;

    public bool Hiding => Openings > 0;

    /// <summary>Whether the mask lies in the oracle's own matrix.</summary>
    public bool MaskWithin => Openings == 1;

    /// <summary>Whether each opening brings a commitment to its mask.</summary>
    public bool MaskApart => Openings > 1;

    /// <summary>Base elements of a column: those of the rows, and four of the mask if it is within.</summary>
    public int ColumnHeight => Rows + (MaskWithin ? Ext4.Degree : 0);

    internal ReedSolomon Code => new(ColumnBits, CodeBits);

    /// <summary>Errors that the code corrects for certain.</summary>
    public int UniqueRadius => (CodeLength - MessageLength) / 2;

    /// <summary>
    /// So many uniform cells must end the vector of an oracle that hides: each opening shows a value, four base elements that are a
    /// linear map of these cells and others. With 60 cells more than elements shown the map of the uniform ones has full rank but for a
    /// negligible share of the points, and the values are uniform.
    /// </summary>
    public static int HidingCells(int openings) => openings == 0 ? 0 : 60 + (Ext4.Degree * openings);

    /// <summary>The shape of the shortest opening.</summary>
    /// <param name="cells">1 to 2^26, with the hiding cells.</param>
    /// <param name="openings">As <see cref="Openings"/>.</param>
    public static OracleShape Choose(ProofParameters parameters, int cells, int openings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cells);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cells, 1 << MaxVariables);
        ArgumentOutOfRangeException.ThrowIfNegative(openings);
        OracleShape? best = null;
        for (var columnBits = 0; columnBits <= Math.Min(VariablesOf(cells), MaxColumnBits); columnBits++)
            for (var codeBits = columnBits + 2; codeBits <= MaxCodeBits; codeBits++)
            {
                if (!IsAffordable(parameters, cells, openings, columnBits, codeBits))
                    break;
                if (FewestQueries(parameters, openings, columnBits, codeBits) is not { } queries)
                    continue;
                var shape = new OracleShape(cells, openings, columnBits, codeBits, queries);
                if (best is null || shape.OpeningBytes < best.OpeningBytes)
                    best = shape;
            }
        return best ?? throw new ArgumentException("No code in use hides so many openings.", nameof(openings));
    }

    /// <summary>
    /// How an opening at a point chosen after the commitment may accept a value that is not that of the committed polynomial.
    /// </summary>
    /// <remarks>
    /// <para>Let e be <see cref="UniqueRadius"/>, n <see cref="CodeLength"/> and q the extension's size.
    /// <b>Rows.</b> If no e columns' removal leaves all rows codewords, their combination by the equality tensor of the 2^l rows is
    /// within e of the code for a share l n / q of the row coordinates at most (Diamond and Gruen 2025, "Proximity gaps in interleaved
    /// codes", corollary 3.7, which improves Diamond and Posen 2023, and rests on Ben-Sasson et al. 2020, theorem 4.1). The row coordinates
    /// must therefore be uniform challenges drawn after the commitment. Rows that are decoded have base coefficients: they agree with
    /// base elements at more points than they have coefficients.
    /// <b>Mask.</b> The word that is opened is mask + rho * combination. If the combination is farther than e from the code, so is that
    /// word, except for n / q of the rho (theorem 4.1); if it is close, mask and combination are close on the same positions with that
    /// exception, and what is sent can only be their decoding's sum.
    /// <b>Queries.</b> What is sent is a codeword. If the word is farther than e from it, at most n - e - 1 positions accept. That holds
    /// for any codeword but the word's decoding.
    /// <b>Claim.</b> &lt;mask, eq&gt; + rho V(r) = mu + rho v is an equation of rho: if v is wrong, one rho solves it.</para>
    /// </remarks>
    public IEnumerable<SoundnessTerm> Soundness(string oracle)
    {
        yield return SoundnessTerm.Queries($"{oracle}: queries", CodeLength, CodeLength - UniqueRadius - 1, Queries);
        if (Rows > 1)
            yield return SoundnessTerm.Challenge($"{oracle}: rows", (long)(Variables - ColumnBits) * CodeLength);
        if (!Hiding)
            yield break;
        yield return SoundnessTerm.Challenge($"{oracle}: mask", CodeLength);
        yield return SoundnessTerm.Challenge($"{oracle}: claim", 1);
    }

    /// <summary>An opening's bytes, or a little more: paths share some hashes.</summary>
    public long OpeningBytes
    {
        get
        {
            var paths = PathBytes(CodeBits, Queries);
            var column = (sizeof(uint) * (long)ColumnHeight) + (Hiding ? ColumnHasher.SaltBytes : 0);
            var mask = MaskApart ? paths + (Queries * (Ext4.Bytes + ColumnHasher.SaltBytes)) : 0;
            return ((long)Ext4.Bytes * MessageLength) + (Queries * column) + paths + mask;
        }
    }

    /// <summary>
    /// About what the opening of a Merkle tree takes: a path for each position, up to where there are as many nodes as positions.
    /// </summary>
    internal static long PathBytes(int codeBits, int positions) =>
        Blake3.HashBytes * ((positions * (((long)codeBits << Log2.FractionBits) - Log2.Floor((ulong)positions))) >> Log2.FractionBits);

    private static int VariablesOf(int cells) => cells == 1 ? 0 : BitOperations.Log2((uint)cells - 1) + 1;

    private static int RowsOf(int cells, int columnBits) => ((cells - 1) >> columnBits) + 1;

    private static bool IsAffordable(ProofParameters parameters, int cells, int openings, int columnBits, int codeBits)
    {
        var blowUp = openings == 1 ? parameters.BlowUpBits : parameters.ReusedBlowUpBits;
        return codeBits <= columnBits + blowUp || (long)RowsOf(cells, columnBits) << codeBits <= 1L << parameters.SmallCodeBits;
    }

    private static int? FewestQueries(ProofParameters parameters, int openings, int columnBits, int codeBits)
    {
        var length = 1 << codeBits;
        for (var queries = 1; queries <= length; queries++)
        {
            var dimension = (1L << columnBits) + ((long)openings * queries);
            if (2 * dimension > length)
                return null;
            var radius = (int)(length - dimension) / 2;
            if (SoundnessTerm.QueryBits(length, length - radius - 1, queries) >= (long)parameters.QueryBits << Log2.FractionBits)
                return queries;
        }
        return null;
    }
}
