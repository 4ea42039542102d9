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
    public Circuit Circuit => circuit;

    /// <summary>Adds the coefficients of all cells.</summary>
    /// <param name="each">Calls a body for all numbers below a count, in any order or at once: terms of two storages have no coefficient in common.</param>
    public void AddCoefficients(ExtArray coefficients, Action<int, Action<int>> each)
    {
        var terms = Weighted<Term>().ToArray();
        (Term Term, GridWeights Weights)[][] ofStorages =
            [.. terms.Where(weighed => weighed.Term is { ReadsCells: true, Target: not null }).GroupBy(weighed => weighed.Term.Target!.Base, (_, own) => own.ToArray())];
        each(ofStorages.Length, i =>
        {
            foreach (var (term, weights) in ofStorages[i])
                term.AddTranspose(weights, coefficients);
        });
        foreach (var (term, weights) in terms)
            using (weights.Columns)
                if (term is { ReadsCells: true, Target: null })
                    term.AddTranspose(weights, coefficients);
        var (rows, multiplicities) = (leaves.Of(circuit.TableGrid), circuit.Multiplicities);
        using var columns = new ExtArray(OuterKernel.StrideOf(multiplicities.Width));
        for (var c = 0; c < multiplicities.Channels; c++)
            columns[c] = -rows.Column(c);
        OuterKernel.Add(coefficients, multiplicities.Base, rows.Rows, rows.FirstRow, 0, columns, taps: 1, multiplicities.Positions, multiplicities.Width);
    }

    /// <summary>The coefficients' multilinear polynomial at a point of the cells' addresses.</summary>
    /// <param name="forms">Of private weights: to be added to it.</param>
    public Ext4 EvaluateCoefficients(EqPoint point, out List<WeightForm> forms)
    {
        var (sum, assignment) = (Ext4.Zero, new PointAssignment(point));
        forms = assignment.Forms;
        foreach (var (term, weights) in Weighted<Term>())
            using (weights.Columns)
                if (term.ReadsCells)
                    sum += term.Evaluate(weights, assignment);
        var (rows, cells) = (leaves.Of(circuit.TableGrid), point.Of(circuit.Multiplicities));
        var multiplicities = ExtKernels.Dot(rows.Rows, rows.FirstRow, cells.Rows, cells.FirstRow, circuit.Multiplicities.Positions)
            * ExtKernels.Dot(rows.Columns, rows.FirstColumn, cells.Columns, cells.FirstColumn, circuit.Multiplicities.Channels);
        return sum - multiplicities;
    }

    /// <summary>The part of N + mu D + mu^2 E that both sides know.</summary>
    /// <param name="forms">Of private weights: to be added to it.</param>
    public Ext4 Known(Felt[] publicNumbers, out List<WeightForm> forms)
    {
        var (numerators, denominators, terms) = (Ext4.Zero, Ext4.One, Ext4.Zero);
        foreach (var site in circuit.Lookups)
        {
            var weights = leaves.Of(site.Grid);
            var sum = weights.Sum(site.Grid.Positions, site.Grid.Channels);
            numerators += sum;
            denominators += (alpha - Ext4.One) * sum;
        }
        var rows = leaves.Of(circuit.TableGrid);
        denominators += ((alpha - Ext4.One) * rows.Sum(circuit.TableGrid.Positions, circuit.TableGrid.Channels)) - WeighedKeys(rows) - WeighedStated(rows, publicNumbers);
        foreach (var (site, summand, scale) in ScaledSummands())
            if (summand.Term is null)
                terms += ConstantSum(site, summand) * scale;
        var assignment = new PublicAssignment(publicNumbers);
        forms = assignment.Forms;
        foreach (var (term, weights) in Weighted<Term>())
            using (weights.Columns)
                if (term.ReadsPublic)
                    terms += term.Evaluate(weights, assignment);
        return numerators + (mu * denominators) + terms;
    }

    /// <summary>The forms of <see cref="Known"/> alone.</summary>
    public List<WeightForm> FormsOfKnown(Felt[] publicNumbers) => Forms(new PublicAssignment(publicNumbers), term => term.ReadsPublic);

    /// <summary>The forms of <see cref="EvaluateCoefficients"/> alone.</summary>
    public List<WeightForm> FormsOfCells(EqPoint point) => Forms(new PointAssignment(point), term => term.ReadsCells);

    private List<WeightForm> Forms(Assignment assignment, Func<Term, bool> reads)
    {
        foreach (var (term, weights) in Weighted<Term>())
            using (weights.Columns)
                if (term.ReadsWeights && reads(term))
                    term.Evaluate(weights, assignment);
        return assignment.Forms;
    }

    /// <summary>The sum over all rows of eq * key.</summary>
    private Ext4 WeighedKeys(in GridWeights rows)
    {
        using var weights = new ExtArray(circuit.TableGrid.Positions);
        for (var p = 0; p < weights.Length; p++)
            weights[p] = rows.Row(p);
        var (sum, power) = (Ext4.Zero, Ext4.One);
        foreach (var column in circuit.TableEntries)
        {
            using var entries = new ExtArray(Circuit.TableColumns);
            ExtKernels.CombineRows(entries, 0, weights, column, 0, Circuit.TableColumns, Circuit.TableColumns);
            sum += power * ExtKernels.Dot(rows.Columns, rows.FirstColumn, entries, 0, Circuit.TableColumns);
            power *= gamma;
        }
        return sum;
    }

    /// <summary>What public numbers add to that.</summary>
    private Ext4 WeighedStated(in GridWeights rows, Felt[] publicNumbers)
    {
        var (sum, powers) = (Ext4.Zero, PowersOf(gamma));
        foreach (var table in circuit.Tables)
            foreach (var (row, column, address) in table.Stated)
            {
                var (position, channel) = ((table.FirstRow + row) / Circuit.TableColumns, (table.FirstRow + row) % Circuit.TableColumns);
                sum += rows.Row(position) * rows.Column(channel) * powers[column + 1] * publicNumbers[address - PublicAddress.First];
            }
        return sum;
    }

    private Ext4[] PowersOf(Ext4 factor)
    {
        var powers = new Ext4[circuit.TableEntries.Length];
        powers[0] = Ext4.One;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * factor;
        return powers;
    }

    /// <summary>Every summand with what multiplies it besides its own factors: -mu gamma^entry for lookups, mu^2 for equalities.</summary>
    private IEnumerable<(Site Site, Summand Summand, Ext4 Scale)> ScaledSummands()
    {
        var powers = PowersOf(gamma);
        foreach (var site in circuit.Lookups)
            foreach (var summand in site.Summands)
                yield return (site, summand, -mu * powers[summand.Entry]);
        foreach (var site in circuit.Equalities)
            foreach (var summand in site.Summands)
                yield return (site, summand, mu * mu);
    }

    private GridWeights WeightsOf(Site site) => (site is LookupSite ? leaves : equalities).Of(site.Grid);

    private Ext4 ConstantSum(Site site, Summand summand)
    {
        var (weights, columns) = (WeightsOf(site), Ext4.Zero);
        for (var c = 0; c < site.Grid.Channels; c++)
            columns += weights.Column(c) * summand.FactorOf(c);
        return columns * weights.SumOfRows(site.Grid.Positions);
    }

    /// <summary>Expressions of a kind with their weights, factors included. The columns are the taker's to dispose of.</summary>
    internal IEnumerable<(T Term, GridWeights Weights)> Weighted<T>()
        where T : Expression
    {
        foreach (var (site, summand, scale) in ScaledSummands())
        {
            if (summand.Term is not T term)
                continue;
            var weights = WeightsOf(site);
            var columns = new ExtArray(site.Grid.Channels);
            for (var c = 0; c < columns.Length; c++)
                columns[c] = weights.Column(c) * (scale * summand.FactorOf(c));
            yield return (term, new GridWeights(weights.Rows, weights.FirstRow, columns, 0));
        }
    }
}
