using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>
/// Whether all that a circuit says modulo p holds in the integers. Cells get their intervals from the rows of the tables that they are looked up in, or from the
/// statement that defines them; the builder's own reckoning is not asked. What an earlier node yields lies where the engine has it, since its cells are the
/// engine's numbers: so one node is looked at after another. Private weights lie where the circuit of their ranges, looked at in the same way, has them.
/// </summary>
internal sealed class NoWrap
{
    private readonly Circuit _circuit;
    private readonly GraphAnalysis _analysis;
    private readonly Witness _witness;
    private readonly Dictionary<int, Interval> _bounds = [];
    private readonly Dictionary<(LookupTable, int), Interval> _columns = [];
    private readonly List<string> _violations = [];

    /// <summary>By the address of a private weight: those whose magnitudes are summed up with its own.</summary>
    private readonly Dictionary<int, Row> _rows = [];

    /// <summary>Numbers whose magnitudes add up to no more than is known.</summary>
    private sealed class Row(Int128 most)
    {
        public Int128 Most => most;
    }

    private readonly record struct Interval(Int128 Low, Int128 High)
    {
        public Int128 Reach => Int128.Max(-Low, High);

        /// <summary>Of p: what is 0 modulo p is one known integer where there is one.</summary>
        public Int128 Multiples => Floor(High) - Floor(Low - 1);

        private static Int128 Floor(Int128 number) => (number >= 0 ? number : number - (Felt.Modulus - 1)) / Felt.Modulus;

        public static Interval operator +(Interval a, Interval b) => new(a.Low + b.Low, a.High + b.High);

        public static Interval operator *(Int128 factor, Interval a) => new(Int128.Min(factor * a.Low, factor * a.High), Int128.Max(factor * a.Low, factor * a.High));

        public static Interval operator *(Interval a, Interval b)
        {
            Int128[] corners = [a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High];
            return new(corners.Min(), corners.Max());
        }

        /// <summary>What is left where this is the sum of the part and others.</summary>
        public Interval Without(Interval part) => new(Low - part.Low, High - part.High);

        public Interval Within(Interval other) => new(Int128.Max(Low, other.Low), Int128.Min(High, other.High));

        public Interval And(Interval other) => new(Int128.Min(Low, other.Low), Int128.Max(High, other.High));
    }

    private NoWrap(Witness witness, GraphAnalysis analysis) => (_witness, _circuit, _analysis) = (witness, witness.Circuit, analysis);

    /// <summary>The statements that may hold modulo p alone, or whose cells nothing bounds; of a run with private weights, those of their ranges too.</summary>
    /// <param name="leaveOut">Sites of the ranges' circuit that nobody checks.</param>
    public static List<string> ViolationsOf(Witness witness, Func<Site, bool>? leaveOut = null)
    {
        Assert.True(GraphAnalysis.TryAnalyse(witness.Circuit.Graph, out var analysis, out var error), error?.ToString());
        var check = new NoWrap(witness, analysis);
        if (witness.Circuit.Weights is not null)
            check.LearnWeights(leaveOut ?? (_ => false));
        check.LookAtRun();
        return check._violations;
    }

    private void LookAtRun()
    {
        foreach (var value in _circuit.Inputs.Concat(_circuit.Outputs))
            Learn(value);
        foreach (var sites in _circuit.Lookups.Concat<Site>(_circuit.Equalities).GroupBy(Statement.ValueOf).OrderBy(sites => sites.Key))
        {
            // What comes before may have no site.
            for (var value = 0; value < Math.Min(sites.Key, _circuit.Values.Length); value++)
            {
                CheckReach(value);
                Learn(_circuit.Values[value]);
            }
            Look(sites.Key, StatementsOf(sites));
        }
    }

    private List<(Site Site, Statement Said)> StatementsOf(IEnumerable<Site> sites)
    {
        var statements = new Statements(_circuit);
        return (from site in sites
                from cell in Statement.CellsOf(site)
                from said in statements.Of(site, cell.Position, cell.Channel)
                select (site, said)).ToList();
    }

    /// <summary>From the circuit of their ranges, which has no public number but constants, so that any witness will do.</summary>
    private void LearnWeights(Func<Site, bool> leaveOut)
    {
        Assert.True(Circuit.TryBuildWeightRanges(_circuit.Graph, _analysis, out var circuit, out var error), error?.ToString());
        Assert.Equal(circuit.Weights!.Places, _circuit.Weights!.Places);
        var ranges = new NoWrap(new Witness(circuit), _analysis);
        var said = ranges.StatementsOf(circuit.Lookups.Concat<Site>(circuit.Equalities).Where(site => !leaveOut(site)));
        ranges.Look(int.MaxValue, said);
        _violations.AddRange(ranges._violations);
        foreach (var (address, bound) in ranges._bounds.Where(each => WeightAddress.Is(each.Key)))
            _bounds[address] = bound;
        ranges.LearnRows(said, _rows);
    }

    /// <summary>A number that is equal to a sum of magnitudes is an upper bound of it.</summary>
    private void LearnRows(List<(Site Site, Statement Said)> statements, Dictionary<int, Row> rows)
    {
        var weights = _circuit.Gadgets.OfType<MagnitudeGadget>().SelectMany(WeightsOf).ToDictionary();
        foreach (var (_, said) in statements.Where(each => each.Said.Table is null))
        {
            Monomial[] magnitudes = [.. said.Monomials.Where(each => each.Factor == -1 && weights.ContainsKey(each.Left))];
            if (SumOf(said with { Monomials = [.. said.Monomials.Except(magnitudes)] }) is not { } rest)
                continue;
            var row = new Row(rest.High);
            foreach (var weight in magnitudes.SelectMany(each => weights[each.Left]))
                rows.Add(weight, row);
        }
    }

    /// <summary>By a magnitude's address those of its weights, which the table's rows have next to it.</summary>
    private static IEnumerable<KeyValuePair<int, int[]>> WeightsOf(MagnitudeGadget gadget)
    {
        var (table, step) = (gadget.Site.TableOf(0), gadget.Place.Channels / gadget.Magnitudes.Channels);
        Assert.All(Enumerable.Range(0, table.Rows), row => Assert.Equal(Enumerable.Range(0, step).Sum(k => Math.Abs(table.Entry(row, k))), table.Entry(row, step)));
        return from cell in Statement.CellsOf(gadget.Site)
               let first = gadget.Place.Base + (cell.Position * gadget.Place.Width) + (step * cell.Channel)
               select KeyValuePair.Create(gadget.Magnitudes.Base + (cell.Position * gadget.Magnitudes.Width) + cell.Channel, Enumerable.Range(first, step).Select(WeightAddress.Of).ToArray());
    }

    /// <summary>Sums that are kept as they are, and rows of an embedding, lie where the circuit has them.</summary>
    private void CheckReach(int value)
    {
        if (value < _circuit.Graph.Inputs.Length
            || _circuit.Graph.Nodes[value - _circuit.Graph.Inputs.Length] is not (ConvNode { Requantise.Activation: null } or DenseNode { Requantise.Activation: null } or EmbeddingNode))
            return;
        var known = _circuit.Values[value];
        foreach (var address in known.Addresses)
            if (_bounds.TryGetValue(address, out var bound) && (bound.Low < known.Info.Min || bound.High > known.Info.Max))
                _violations.Add($"value {value}: from {bound.Low} to {bound.High}, not {known.Info.Min} to {known.Info.Max}");
    }

    /// <summary>The value's elements lie where the engine has them.</summary>
    private void Learn(CircuitValue value)
    {
        foreach (var limb in value.IsWide ? value.Limbs : [value])
            for (var i = 0; i < limb.Addresses.Length; i++)
                for (var sample = 0; sample < (limb.Strides[i] == 0 ? 1 : _circuit.Samples); sample++)
                    Narrow(limb.Addresses[i] + (sample * limb.Strides[i]), new(limb.Info.Min, limb.Info.Max));
    }

    private bool Narrow(int address, Interval interval)
    {
        if (!_bounds.TryGetValue(address, out var known))
        {
            if (interval.High - interval.Low < Felt.Modulus)
                _bounds[address] = interval;
            return interval.High - interval.Low < Felt.Modulus;
        }
        var both = known.And(interval);
        var narrowed = known.Within(interval);
        if (both.High - both.Low >= Felt.Modulus || narrowed == known)
            return false;
        _bounds[address] = narrowed;
        return true;
    }

    /// <remarks>An equality that chooses, by cells that are 1 or 0 or add up to 1, takes what it chooses as it is in the field: it needs no interval.</remarks>
    private void Look(int value, List<(Site Site, Statement Said)> statements)
    {
        _rowSum = RowSumOf(value);
        for (var changes = true; changes;)
        {
            changes = LearnLargest(value);
            foreach (var (_, said) in statements)
                changes |= Propagate(said);
        }
        Storage[] flags = [.. Choices(value).Select(choice => choice.Chosen), .. _circuit.Gadgets.OfType<WhereGadget>().Where(gadget => gadget.Value == value).Select(gadget => gadget.Flag)];
        foreach (var (site, said) in statements)
            if (said.Table is null && said.Monomials.Any(each => flags.Any(flag => IsOf(each.Left, flag) || IsOf(each.Right, flag))))
                continue;
            else if (SumOf(said) is not { } sum)
                _violations.Add($"{site.Name}: nothing bounds it");
            else if (sum.Multiples > 1 && SumOf(said.WithOtherFactors())!.Value.Multiples > 1)
                _violations.Add($"{site.Name}: from {sum.Low} to {sum.High}");
    }

    private static bool IsOf(int? address, Storage storage) => address >= storage.Base && address < storage.End;

    /// <summary>Where a statement holds one cell as it is, the others say where that lies.</summary>
    private bool Propagate(Statement said)
    {
        var unbound = said.Monomials.Count(each => BoundOf(each) is null);
        if (unbound > 1 || SumOf(said, lacksUnbound: true) is not { } sum)
            return false;
        var changes = false;
        foreach (var each in said.Monomials)
            if (each is { Factor: 1 or -1, Right: null } && IsFree(each.Left) && RowOf(each) is null && (BoundOf(each) is null || unbound == 0))
                changes |= Narrow(each.Left, -each.Factor * (BoundOf(each) is { } bound ? sum.Without(bound) : sum));
        return changes;
    }

    /// <summary>Whether statements say where it lies. Of private weights only their ranges do.</summary>
    private bool IsFree(int address) => WeightAddress.Is(address) ? _circuit.Domain == Circuit.WeightRangesDomain : !PublicAddress.Is(address);

    /// <summary>
    /// All that a statement adds up, the table's entry on its own side; null where something of it has no bound. What is of a row adds up to no more than the
    /// largest factor times what the row's magnitudes do.
    /// </summary>
    private Interval? SumOf(Statement said, bool lacksUnbound = false)
    {
        var (sum, ofRow, row, most) = (new Interval(said.Constant, said.Constant), default(Interval), (Row?)null, (Int128)0);
        foreach (var each in said.Monomials)
            if (BoundOf(each) is not { } bound)
            {
                if (!lacksUnbound)
                    return null;
            }
            else if (RowOf(each) is var (own, factor) && own == (row ??= own))
                (ofRow, most) = (ofRow + bound, Int128.Max(most, factor * own.Most));
            else
                sum += bound;
        sum += ofRow.Within(new(-most, most));
        if (said.Table is null)
            return sum;
        return EntriesOf(said.Table, said.Column) is { } entries ? sum + (-said.Scale * entries) : null;
    }

    /// <summary>The row that a monomial takes an element of, and the factor.</summary>
    private (Row Row, Int128 Factor)? RowOf(Monomial monomial) =>
        monomial.Right is { } weight && _rows.TryGetValue(weight, out var row) ? BoundOf(monomial.Left) is { } read ? (row, Math.Abs(monomial.Factor) * read.Reach) : null
        : _rowSum is not null && (monomial.Right is not null || _sources.Contains(monomial.Left)) ? (_rowSum, Math.Abs(monomial.Factor))
        : null;

    private Interval? BoundOf(Monomial monomial)
    {
        if (BoundOf(monomial.Left) is not { } left)
            return null;
        if (monomial.Right is not { } other)
            return monomial.Factor * left;
        return other == monomial.Left ? monomial.Factor * new Interval(0, left.Reach * left.Reach) : BoundOf(other) is { } right ? monomial.Factor * (left * right) : null;
    }

    private Interval? BoundOf(int address)
    {
        if (_bounds.TryGetValue(address, out var known))
            return known;
        if (!PublicAddress.Is(address))
            return null;
        if (_circuit.Public.TryConstant(address, out var constant))
            return new(constant, constant);
        // What verifiers make of what is stated: limbs, or numbers for the tests of trees.
        return new(_witness.Read(address), _witness.Read(address));
    }

    private Interval? EntriesOf(LookupTable table, int column)
    {
        if (!_columns.TryGetValue((table, column), out var entries))
        {
            var numbers = new int[table.Rows];
            table.CopyColumn(column, numbers);
            _columns[(table, column)] = entries = new(numbers.Min(), numbers.Max());
        }
        foreach (var hidden in table.Hidden.Where(hidden => hidden.Column == column))
            for (var cell = hidden.Place.Base; cell < hidden.Place.End; cell++)
                if (BoundOf(WeightAddress.Of(cell)) is { } bound)
                    entries = entries.And(bound);
                else
                    return null;
        foreach (var stated in table.Stated.Where(stated => stated.Column == column))
            if (BoundOf(stated.Address) is { } bound)
                entries = entries.And(bound);
            else
                return null;
        return entries;
    }

    /// <summary>The largest of a row is one of its elements, limb by limb.</summary>
    private bool LearnLargest(int value)
    {
        var changes = false;
        foreach (var (largest, source, _) in Choices(value))
            for (var k = 0; k < largest.Limbs.Length; k++)
                for (var p = 0; p < largest.Limbs[k].Positions; p++)
                {
                    var row = Enumerable.Range(0, ((TapTerm)source.Limbs[k].Term!).Source.Channels).Select(c => BoundOf(((TapTerm)source.Limbs[k].Term!).Source.AddressOf(p, c))).ToArray();
                    if (Array.TrueForAll(row, each => each is not null))
                        changes |= Narrow(largest.Limbs[k].Base + (p * largest.Limbs[k].Width), row.Select(each => each!.Value).Aggregate((a, b) => a.And(b)));
                }
        return changes;
    }

    private IEnumerable<(WideCells Largest, WideNumber Source, Storage Chosen)> Choices(int value) => _circuit.Gadgets.Where(gadget => gadget.Value == value).SelectMany(gadget => gadget switch
    {
        MaxGadget g => [(g.Largest, g.Source, g.Chosen)],
        SoftmaxGadget g => [(g.Largest, g.Scores, g.Chosen)],
        _ => ((WideCells, WideNumber, Storage)[])[],
    });

    private Row? _rowSum;
    private HashSet<int> _sources = [];

    /// <summary>Of sums along rows of probabilities: what no sum of magnitudes exceeds, by the engine.</summary>
    private Row? RowSumOf(int value)
    {
        if (value < _circuit.Graph.Inputs.Length || value >= _circuit.Values.Length)
            return null;
        var node = _circuit.Graph.Nodes[value - _circuit.Graph.Inputs.Length];
        var info = _analysis.Values[node.Sources.FirstOrDefault()];
        if (node is not (SumNode or MatMulNode) || info.RowSum == ValueInfo.NoRowSum)
            return null;
        var source = _circuit.Values[node.Sources[0]];
        _sources = [.. from i in Enumerable.Range(0, source.Addresses.Length) from sample in Enumerable.Range(0, _circuit.Samples) select source.Addresses[i] + (sample * source.Strides[i])];
        return new Row((Int128)info.RowSum * (node is MatMulNode product ? _analysis.Values[product.Right].Magnitude : 1));
    }
}
