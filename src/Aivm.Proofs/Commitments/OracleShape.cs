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
/// <para><b>The combination</b> of rows is sent as it is, or committed in a small oracle of its own, whichever is shorter: then each opened column, and
/// the value, is a claim about its coefficients, and one sumcheck and one opening of the small oracle show them all (<see cref="CombinationClaims"/>). A
/// row of a small oracle is four of base elements, the coefficients of its elements of the extension.</para>
/// <para><b>Openings.</b> An oracle hides its cells over so many openings: 0 for a public one, which has neither tails nor masks nor
/// salts. Each opening reveals <see cref="Queries"/> values of a row's polynomial. Values at distinct nonzero points x of x^(2^c) times a
/// uniform polynomial with that many coefficients for each opening are uniform, so that the columns of all openings together are uniform
/// whatever the cells are. A combination that is sent hides behind a mask, one more row of the matrix, which serves one opening; oracles of
/// more openings commit theirs.</para>
/// </remarks>
public sealed record OracleShape
{
    /// <summary>The largest vector: 2^26 cells.</summary>
    public const int MaxVariables = 26;

    private const int MaxColumnBits = 14;
    private const int MaxCodeBits = 18;

    // Of a small oracle: others are never the shortest, and need not be tried.
    private const int MinCombinationColumnBits = 6;
    private const int MaxCombinationColumnBits = 11;

    /// <summary>Symbols of a combination's code that are as dear as a byte of the proof.</summary>
    private const int SymbolsOfByte = 16;

    private OracleShape(int cells, int degree, int openings, int columnBits, int codeBits, int queries, int grindingBits, OracleShape? combination)
    {
        (Cells, Degree, Openings, Combination) = (cells, degree, openings, combination);
        (ColumnBits, CodeBits, Queries, GrindingBits) = (columnBits, codeBits, queries, grindingBits);
    }

    public int Cells { get; }

    /// <summary>Base elements of a cell: 1, or 4 of an element of the extension.</summary>
    public int Degree { get; }

    /// <summary>The oracle of the combination of rows; null where it is sent.</summary>
    public OracleShape? Combination { get; }

    /// <summary>The openings that hide: 0 for a public oracle.</summary>
    public int Openings { get; }

    /// <summary>Coordinates of a point: the first <see cref="ColumnBits"/> belong to columns, the others to rows.</summary>
    public int Variables => VariablesOf(Cells);

    public int ColumnBits { get; }

    /// <summary>log2 of <see cref="CodeLength"/>.</summary>
    public int CodeBits { get; }

    /// <summary>Positions opened.</summary>
    public int Queries { get; }

    /// <summary>Of the work before they are drawn.</summary>
    public int GrindingBits { get; }

    public int Columns => 1 << ColumnBits;

    /// <summary>Rows of base elements with a cell; those past them are zero, and are not there.</summary>
    public int Rows => RowsOf(Cells, Degree, ColumnBits);

    public int CodeLength => 1 << CodeBits;

    /// <summary>Base elements of the matrix's cells, whole rows of them where cells are of the extension.</summary>
    internal int BaseElements => Degree == 1 ? Cells : Rows << ColumnBits;

    /// <summary>Random coefficients of a row.</summary>
    public int Tail => Openings * Queries;

    /// <summary>Coefficients of a row: the code's dimension.</summary>
    public int MessageLength => Columns + Tail;

    public bool Hiding => Openings > 0;

    /// <summary>Whether a mask hides the combination: four more rows of the matrix.</summary>
    public bool Masked => Hiding && Combination is null;

    /// <summary>Base elements of a column: those of the rows, and four of the mask.</summary>
    public int ColumnHeight => Rows + (Masked ? Ext4.Degree : 0);

    internal ReedSolomon Code => new(ColumnBits, CodeBits);

    /// <summary>What each row of base elements counts in the combination at a point's row coordinates, times a factor.</summary>
    internal ExtArray RowWeights(ReadOnlySpan<Ext4> rowPoint, Ext4 factor)
    {
        var weights = new ExtArray(1 << rowPoint.Length);
        ExtKernels.EqTable(rowPoint, factor, weights);
        if (Degree == 1)
        {
            weights.Truncate(Rows);
            return weights;
        }
        using (weights)
        {
            var expanded = new ExtArray(Rows);
            Ext4[] basis = [Ext4.One, new(Felt.Zero, Felt.One, Felt.Zero, Felt.Zero), new(Felt.Zero, Felt.Zero, Felt.One, Felt.Zero), new(Felt.Zero, Felt.Zero, Felt.Zero, Felt.One)];
            for (var row = 0; row < Rows; row++)
                expanded[row] = weights[row / Degree] * basis[row % Degree];
            return expanded;
        }
    }

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
        var search = new Search(parameters);
        return search.Shortest(cells, openings) ?? throw new ArgumentException("No code in use hides so many openings.", nameof(openings));
    }

    /// <summary>Lays out the pads of an opening.</summary>
    internal void Reserve(PadLayout layout)
    {
        if (Combination is not null)
            ProductSumcheck.Reserve(layout, Combination.Variables);
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
    /// for any codeword but the word's decoding. Of the hashes that look for such positions one in 2^<see cref="GrindingBits"/> leads to any.
    /// <b>Claim.</b> &lt;mask, eq&gt; + rho V(r) = mu + rho v is an equation of rho: if v is wrong, one rho solves it.
    /// <b>A committed combination</b> is whatever its oracle decodes to, fixed before the positions, a codeword of the same code. If it is not the rows'
    /// combination, some opened column but for the same share of positions, or the value, is a wrong claim about it; a wrong claim is still wrong when
    /// all are joined, except for as many challenges as there are powers of it.</para>
    /// </remarks>
    public IEnumerable<SoundnessTerm> Soundness(string oracle)
    {
        yield return SoundnessTerm.Queries($"{oracle}: queries", CodeLength, CodeLength - UniqueRadius - 1, Queries, GrindingBits);
        if (Variables > ColumnBits)
            yield return SoundnessTerm.Challenge($"{oracle}: rows", (long)(Variables - ColumnBits) * CodeLength);
        if (Masked)
        {
            yield return SoundnessTerm.Challenge($"{oracle}: mask", CodeLength);
            yield return SoundnessTerm.Challenge($"{oracle}: claim", 1);
        }
        if (Combination is not { } combination)
            yield break;
        yield return SoundnessTerm.Challenge($"{oracle}: columns and value, joined", Queries);
        yield return ArgumentSoundness.ProductSumcheck($"{oracle}, combination", combination.Variables);
        foreach (var term in combination.Soundness($"{oracle}, combination"))
            yield return term;
    }

    /// <summary>An opening's bytes, or a little more: paths share some hashes.</summary>
    public long OpeningBytes
    {
        get
        {
            var paths = PathBytes(CodeBits, Queries);
            var column = (sizeof(uint) * (long)ColumnHeight) + (Hiding ? ColumnHasher.SaltBytes : 0);
            var combination = Combination is { } oracle
                ? Blake3.HashBytes + ((long)Ext4.Bytes * ProductSumcheck.MessagesPerRound * oracle.Variables) + oracle.OpeningBytes
                : (long)Ext4.Bytes * MessageLength;
            return combination + (Queries * column) + paths;
        }
    }

    /// <summary>
    /// About what the opening of a Merkle tree takes: a path for each position, up to where there are as many nodes as positions.
    /// </summary>
    internal static long PathBytes(int codeBits, int positions) =>
        Blake3.HashBytes * ((positions * (((long)codeBits << Log2.FractionBits) - Log2.Floor((ulong)positions))) >> Log2.FractionBits);

    private static int VariablesOf(int cells) => cells == 1 ? 0 : BitOperations.Log2((uint)cells - 1) + 1;

    private static int RowsOf(int cells, int degree, int columnBits) => degree * (((cells - 1) >> columnBits) + 1);

    /// <summary>Tries all shapes; how many positions a code takes is counted once.</summary>
    private sealed class Search(ProofParameters parameters)
    {
        private readonly Dictionary<(int Openings, int ColumnBits, int CodeBits), int?> _queries = [];

        /// <summary>Null where none is open to so many openings.</summary>
        public OracleShape? Shortest(int cells, int openings)
        {
            OracleShape? best = null;
            var blowUp = openings == 1 ? parameters.BlowUpBits : parameters.ReusedBlowUpBits;
            foreach (var (columnBits, codeBits, queries) in Codes(cells, degree: 1, openings, 0, MaxColumnBits, blowUp))
            {
                if (openings <= 1)
                    best = Shorter(best, new OracleShape(cells, 1, openings, columnBits, codeBits, queries, parameters.GrindingBits, null));
                if (ShortestCombination((1 << columnBits) + (openings * queries), openings > 0) is { } combination)
                    best = Shorter(best, new OracleShape(cells, 1, openings, columnBits, codeBits, queries, parameters.GrindingBits, combination));
            }
            return best;
        }

        /// <param name="coefficients">Of the combination; one cell more makes the opened value uniform.</param>
        private OracleShape? ShortestCombination(int coefficients, bool hiding)
        {
            var (cells, openings) = (coefficients + (hiding ? 1 : 0), hiding ? 1 : 0);
            OracleShape? best = null;
            foreach (var (columnBits, codeBits, queries) in Codes(cells, Ext4.Degree, openings, MinCombinationColumnBits, MaxCombinationColumnBits, parameters.BlowUpBits))
                best = Shorter(best, new OracleShape(cells, Ext4.Degree, openings, columnBits, codeBits, queries, parameters.GrindingBits, null));
            return best;
        }

        private static OracleShape Shorter(OracleShape? best, OracleShape shape) => best is null || Cost(shape) < Cost(best) ? shape : best;

        /// <summary>Bytes, and what it takes to encode the combination: a few bytes are not worth twice the work.</summary>
        private static long Cost(OracleShape shape) =>
            shape.OpeningBytes + (shape.Combination is { } combination ? ((long)combination.ColumnHeight << combination.CodeBits) / SymbolsOfByte : 0);

        private IEnumerable<(int ColumnBits, int CodeBits, int Queries)> Codes(int cells, int degree, int openings, int least, int most, int blowUp)
        {
            for (var columnBits = Math.Min(VariablesOf(cells), least); columnBits <= Math.Min(VariablesOf(cells), most); columnBits++)
                for (var codeBits = columnBits + 2; codeBits <= MaxCodeBits; codeBits++)
                {
                    if (codeBits > columnBits + blowUp && (long)RowsOf(cells, degree, columnBits) << codeBits > 1L << parameters.SmallCodeBits)
                        break;
                    if (QueriesOf(openings, columnBits, codeBits) is { } queries)
                        yield return (columnBits, codeBits, queries);
                }
        }

        private int? QueriesOf(int openings, int columnBits, int codeBits)
        {
            var code = (openings, columnBits, codeBits);
            if (!_queries.TryGetValue(code, out var queries))
                _queries[code] = queries = FewestQueries(parameters, openings, columnBits, codeBits);
            return queries;
        }
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
            if (SoundnessTerm.QueryBits(length, length - radius - 1, queries) >= parameters.PositionBits)
                return queries;
        }
        return null;
    }
}
