using System.Collections.Immutable;

namespace Aivm.Proofs;

/// <summary>
/// The lookups end in N = n(r) and D = d(r), numerators and denominators of all leaves at one point, and the equalities in E(tau) = 0. With the leaves
/// written out, N + mu D + mu^2 E is a known number plus a linear function of the committed cells, plus the products of <see cref="ProductReduction"/> where
/// there are any: this is that function, for both sides.
/// </summary>
/// <remarks>
/// A lookup is the fraction 1 / (alpha - key) and a row of a table -multiplicity / (alpha - key), key = sum over k of gamma^k entry_k with the tag as entry 0;
/// all other leaves are 0 / 1. Hence n(r) = sum of eq over lookups - sum of eq * multiplicity over rows, and
/// d(r) = 1 + sum over lookups and rows of eq * (alpha - 1 - key).
/// </remarks>
internal sealed class LinearReduction(Circuit circuit, EqPoint leaves, EqPoint equalities, Ext4 alpha, Ext4 gamma, Ext4 mu)
{
    private readonly Ext4[] _powers = Powers(Ext4.One, gamma, circuit.TableEntries.Length);
    private readonly Ext4[] _scales = Powers(-mu, gamma, circuit.TableEntries.Length);

    private readonly Ext4 _equalityScale = mu * mu;

    public Circuit Circuit => circuit;

    private static Ext4[] Powers(Ext4 first, Ext4 factor, int count)
    {
        var powers = new Ext4[count];
        for (var i = 0; i < count; i++)
            powers[i] = i == 0 ? first : powers[i - 1] * factor;
        return powers;
    }

    /// <summary>Writes the coefficients of all cells, whatever was there.</summary>
    /// <param name="each">Calls a body for all numbers below a count, in any order or at once: terms of two storages have no coefficient in common.</param>
    public void MakeCoefficients(ExtArray coefficients, Action<int, Action<int>> each)
    {
        coefficients.ResizeUninitialised(circuit.AddressCount);
        MakeTables(circuit.CellTerms);
        var rows = leaves.Of(circuit.TableGrid);
        var stretches = circuit.TermsByStorage;
        each(stretches.Length, i =>
        {
            var (storage, end, terms) = stretches[i];
            // While it is at hand: a transformer's coefficients fit into no cache.
            coefficients.Clear(storage.Base, end - storage.Base);
            if (storage == circuit.Multiplicities)
                AddMultiplicities(rows, coefficients);
            AddTransposes(terms, coefficients);
        });
        AddTransposes([.. circuit.CellTerms.Where(placed => placed.Term.Target is null)], coefficients);
        foreach (var (weight, address) in Stated(rows))
            if (!PublicAddress.Is(address))
                coefficients[address] -= mu * weight;
    }

    /// <summary>Tables of eq are made when they are asked for first: for threads that then only read, all that weigh some terms.</summary>
    internal void MakeTables<T>(ImmutableArray<PlacedTerm<T>> terms)
        where T : Expression
    {
        foreach (var (site, _, _) in terms)
            WeightsOf(site);
    }

    /// <summary>No term reads them.</summary>
    private void AddMultiplicities(GridWeights rows, ExtArray coefficients)
    {
        var multiplicities = circuit.Multiplicities;
        using var columns = new ExtArray(OuterKernel.StrideOf(multiplicities.Width));
        for (var c = 0; c < multiplicities.Channels; c++)
            columns[c] = -rows.Column(c);
        OuterKernel.Add(coefficients, multiplicities.Base, rows.Rows, rows.FirstRow, 0, columns, taps: 1, multiplicities.Positions, multiplicities.Width);
    }

    private void AddTransposes(ImmutableArray<PlacedTerm<Term>> terms, ExtArray coefficients)
    {
        foreach (var (term, weights) in Weighted(terms))
            term.AddTranspose(weights, coefficients);
    }

    /// <summary>The coefficients' multilinear polynomial at a point of the cells' addresses.</summary>
    /// <param name="forms">Of committed weights: to be added to it.</param>
    public Ext4 EvaluateCoefficients(EqPoint point, out List<WeightForm> forms)
    {
        var sum = Evaluate(circuit.OtherCellTerms, new PointAssignment(point), out forms);
        var (ofLeaves, ofEqualities) = (leaves.Agreement(point), equalities.Agreement(point));
        foreach (var plain in circuit.PlainCells)
            sum += Evaluate(plain, point, plain.IsLookup ? ofLeaves : ofEqualities);
        var (rows, cells) = (leaves.Of(circuit.TableGrid), point.Of(circuit.Multiplicities));
        var multiplicities = ExtKernels.Dot(rows.Rows, rows.FirstRow, cells.Rows, cells.FirstRow, circuit.Multiplicities.Positions)
            * ExtKernels.Dot(rows.Columns, rows.FirstColumn, cells.Columns, cells.FirstColumn, circuit.Multiplicities.Channels);
        foreach (var (weight, address) in Stated(rows))
            if (!PublicAddress.Is(address))
                sum -= mu * weight * point.At(address);
        return sum - multiplicities;
    }

    /// <param name="agreement">Of both points, for columns that are all there are.</param>
    private Ext4 Evaluate(in PlainCells plain, EqPoint point, Ext4[] agreement)
    {
        var (scale, grid) = (ScaleOf(plain.IsLookup, plain.Entry) * plain.Factor, plain.IsLookup ? leaves : equalities);
        if (int.IsPow2(plain.Channels))
        {
            var bits = int.Log2(plain.Channels);
            return scale * agreement[bits] * grid.DotOfBlocks(plain.GridBase >> bits, point, plain.CellsBase >> bits, plain.Positions, bits);
        }
        var weights = grid.Of(plain.GridBase, plain.Positions, plain.Channels);
        var cells = point.Of(plain.CellsBase, plain.Positions, plain.Channels);
        return scale * ExtKernels.Dot(weights.Columns, weights.FirstColumn, cells.Columns, cells.FirstColumn, plain.Channels)
            * ExtKernels.Dot(weights.Rows, weights.FirstRow, cells.Rows, cells.FirstRow, plain.Positions);
    }

    /// <summary>The part of N + mu D + mu^2 E that both sides know.</summary>
    /// <param name="forms">Of committed weights: to be added to it.</param>
    public Ext4 Known(Felt[] publicNumbers, out List<WeightForm> forms)
    {
        // All leaves below that count are lookups.
        var lookups = leaves.SumOf(0, circuit.FullLeafCount);
        foreach (var site in circuit.PaddedLookups)
            lookups += WeightsOf(site).Sum(site.Grid.Positions, site.Grid.Channels);
        var constants = Ext4.Zero;
        foreach (var (isLookup, entry, factor, first, count) in circuit.PlainConstants)
            constants += ScaleOf(isLookup, entry) * factor * (isLookup ? leaves : equalities).SumOf(first, count);
        foreach (var (site, summands) in circuit.OtherConstants)
            constants += SumOf(site, summands);
        var rows = leaves.Of(circuit.TableGrid);
        var denominators = Ext4.One - WeighedKeys(rows) - WeighedStated(rows, publicNumbers)
            + ((alpha - Ext4.One) * (lookups + rows.Sum(circuit.TableGrid.Positions, circuit.TableGrid.Channels)));
        var known = lookups + (mu * denominators) + constants + Evaluate(circuit.PublicTerms, new PublicAssignment(publicNumbers), out forms);
        forms.AddRange(FormsOfTables());
        return known;
    }

    /// <summary>The forms of <see cref="Known"/> alone.</summary>
    public List<WeightForm> FormsOfKnown(Felt[] publicNumbers) => [.. Forms(circuit.PublicTerms, new PublicAssignment(publicNumbers)), .. FormsOfTables()];

    /// <summary>Of the committed weights among the entries of tables.</summary>
    private IEnumerable<WeightForm> FormsOfTables()
    {
        var rows = leaves.Of(circuit.TableGrid);
        foreach (var table in circuit.Tables)
            foreach (var (column, first, place) in table.Hidden)
            {
                var weights = rows with { FirstRow = rows.FirstRow + ((table.FirstRow + first) / Circuit.TableColumns) };
                yield return new GridForm(place, weights.CopyRows(place.Positions), weights.CopyColumns(place.Channels, _scales[column + 1]));
            }
    }

    /// <summary>The forms of <see cref="EvaluateCoefficients"/> alone.</summary>
    public List<WeightForm> FormsOfCells(EqPoint point) => Forms(circuit.CellTerms, new PointAssignment(point));

    private List<WeightForm> Forms(ImmutableArray<PlacedTerm<Term>> terms, Assignment assignment)
    {
        Evaluate([.. terms.Where(placed => placed.Term.ReadsWeights)], assignment, out var forms);
        return forms;
    }

    private Ext4 Evaluate(ImmutableArray<PlacedTerm<Term>> terms, Assignment assignment, out List<WeightForm> forms)
    {
        var sum = Ext4.Zero;
        foreach (var (term, weights, _, scale) in Scaled(terms))
        {
            assignment.Scale = scale;
            sum += scale * term.Evaluate(weights, assignment);
        }
        forms = assignment.Forms;
        return sum;
    }

    /// <summary>The sum over all rows of eq * key.</summary>
    private Ext4 WeighedKeys(in GridWeights rows)
    {
        var (sum, known) = (Ext4.Zero, circuit.TableSums);
        var below = Array.ConvertAll(known.Ends, end => leaves.Below(circuit.TableGrid.Base + end));
        foreach (var (entry, from, to, atZero, step) in known.Lines)
        {
            var ones = below[to].Sum - below[from].Sum;
            var indices = below[to].OfIndices - below[from].OfIndices - (ones * Felt.From(circuit.TableGrid.Base));
            sum += _powers[entry] * ((ones * atZero) + (indices * step));
        }
        using var entries = new ExtArray(Circuit.TableColumns);
        foreach (var ofEntry in known.Runs.GroupBy(run => run.Entry))
        {
            entries.Clear();
            foreach (var (entry, first, count) in ofEntry)
                AddEntries(entries, rows, circuit.TableEntries[entry], first, count);
            sum += _powers[ofEntry.Key] * ExtKernels.Dot(rows.Columns, rows.FirstColumn, entries, 0, Circuit.TableColumns);
        }
        return sum;
    }

    /// <summary>Adds some rows' entries, times the factor of each position, to the channel in which they are.</summary>
    private static void AddEntries(ExtArray sums, in GridWeights rows, FeltArray entries, int first, int count)
    {
        const int Width = Circuit.TableColumns;
        for (var end = first + count; first < end;)
        {
            var (position, channel) = (first / Width, first % Width);
            var (positions, channels) = channel == 0 && end - first >= Width ? ((end - first) / Width, Width) : (1, Math.Min(Width - channel, end - first));
            ExtKernels.CombineRows(sums, channel, rows.Rows, rows.FirstRow + position, positions, entries, first, Width, channels);
            first += positions * channels;
        }
    }

    /// <summary>What public numbers add to that.</summary>
    private Ext4 WeighedStated(GridWeights rows, Felt[] publicNumbers)
    {
        var sum = Ext4.Zero;
        foreach (var (weight, address) in Stated(rows))
            if (PublicAddress.Is(address))
                sum += weight * publicNumbers[address - PublicAddress.First];
        return sum;
    }

    /// <summary>Entries of rows that addresses hold, each with its weight in that sum.</summary>
    private IEnumerable<(Ext4 Weight, int Address)> Stated(GridWeights rows)
    {
        foreach (var table in circuit.Tables)
            foreach (var (row, column, address) in table.Stated)
            {
                var (position, channel) = ((table.FirstRow + row) / Circuit.TableColumns, (table.FirstRow + row) % Circuit.TableColumns);
                yield return (rows.Row(position) * rows.Column(channel) * _powers[column + 1], address);
            }
    }

    /// <summary>What multiplies a summand besides its own factors: -mu gamma^entry for lookups, mu^2 for equalities.</summary>
    private Ext4 ScaleOf(bool isLookup, int entry) => isLookup ? _scales[entry] : _equalityScale;

    private Ext4 ScaleOf(Site site, Summand summand) => ScaleOf(site is LookupSite, summand.Entry);

    private GridWeights WeightsOf(Site site) => (site is LookupSite ? leaves : equalities).Of(site.Grid);

    /// <summary>What constants add in all cells of a site.</summary>
    private Ext4 SumOf(Site site, ImmutableArray<Summand> constants)
    {
        var (weights, sum) = (WeightsOf(site), Ext4.Zero);
        var columns = weights.SumOfColumns(site.Grid.Channels);
        foreach (var constant in constants)
            sum += ScaleOf(site, constant) * (constant.Factors.Length == 1
                ? columns * constant.Factors[0]
                : ExtKernels.Dot(weights.Columns, weights.FirstColumn, constant.Factors.AsSpan()));
        return sum * weights.SumOfRows(site.Grid.Positions);
    }

    /// <summary>Terms with their weights, factors included. Both iterators' weights are good until the next are asked for.</summary>
    internal IEnumerable<(T Term, GridWeights Weights)> Weighted<T>(ImmutableArray<PlacedTerm<T>> terms)
        where T : Expression
    {
        using var columns = new ExtArray(0);
        foreach (var (term, weights, channels, scale) in Scaled(terms))
        {
            columns.Resize(channels);
            ExtKernels.AddScaled(columns, 0, scale, weights.Columns, weights.FirstColumn, channels);
            yield return (term, weights with { Columns = columns, FirstColumn = 0 });
        }
    }

    /// <summary>The same with one factor apart, so that weights are eq as it is wherever a summand has no other.</summary>
    internal IEnumerable<(T Term, GridWeights Weights, int Channels, Ext4 Scale)> Scaled<T>(ImmutableArray<PlacedTerm<T>> terms)
        where T : Expression
    {
        using var columns = new ExtArray(0);
        foreach (var (site, summand, term) in terms)
        {
            var (weights, channels, scale) = (WeightsOf(site), site.Grid.Channels, ScaleOf(site, summand));
            if (summand.Factors.Length == 1)
            {
                yield return (term, weights, channels, scale * summand.Factors[0]);
                continue;
            }
            columns.Resize(channels);
            ExtKernels.AddProducts(columns, 0, weights.Columns, weights.FirstColumn, summand.Factors.AsSpan());
            yield return (term, weights with { Columns = columns, FirstColumn = 0 }, channels, scale);
        }
    }
}
