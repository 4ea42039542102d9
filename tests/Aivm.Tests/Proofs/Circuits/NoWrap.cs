using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>
/// Whether all that a circuit says modulo p holds in the integers. Cells get their intervals from the rows of the tables that they are looked up in, or from the
/// statement that defines them; the builder's own reckoning is not asked. What an earlier node yields lies where the engine has it, since its cells are the
/// engine's numbers: so one node is looked at after another.
/// </summary>
internal sealed class NoWrap
{
    private readonly Circuit _circuit;
    private readonly GraphAnalysis _analysis;
    private readonly Witness _witness;
    private readonly Dictionary<int, Interval> _bounds = [];
    private readonly Dictionary<(LookupTable, int), Interval> _columns = [];
    private readonly List<string> _violations = [];

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

        public Interval Within(Interval other) => new(Int128.Max(Low, other.Low), Int128.Min(High, other.High));

        public Interval And(Interval other) => new(Int128.Min(Low, other.Low), Int128.Max(High, other.High));
    }

    private NoWrap(Witness witness, GraphAnalysis analysis) => (_witness, _circuit, _analysis) = (witness, witness.Circuit, analysis);

    /// <summary>The statements that may hold modulo p alone, or whose cells nothing bounds.</summary>
    public static List<string> ViolationsOf(Witness witness, GraphAnalysis analysis)
    {
        var (check, statements) = (new NoWrap(witness, analysis), new Statements(witness.Circuit));
        foreach (var value in check._circuit.Inputs.Concat(check._circuit.Outputs))
            check.Learn(value);
        foreach (var sites in check._circuit.Lookups.Concat<Site>(check._circuit.Equalities).GroupBy(Statement.ValueOf).OrderBy(sites => sites.Key))
        {
            // What comes before may have no site.
            for (var value = 0; value < Math.Min(sites.Key, check._circuit.Values.Length); value++)
                check.Learn(check._circuit.Values[value]);
            check.Look(sites.Key, (from site in sites
                                   from cell in Statement.CellsOf(site)
                                   from said in statements.Of(site, cell.Position, cell.Channel)
                                   select (site, said)).ToList());
        }
        return check._violations;
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
        var rowSum = RowSumOf(value);
        for (var changes = true; changes;)
        {
            changes = LearnLargest(value);
            foreach (var (_, said) in statements)
                changes |= Propagate(said, rowSum);
        }
        Storage[] flags = [.. Choices(value).Select(choice => choice.Chosen), .. _circuit.Gadgets.OfType<WhereGadget>().Where(gadget => gadget.Value == value).Select(gadget => gadget.Flag)];
        foreach (var (site, said) in statements)
            if (said.Table is null && said.Monomials.Any(each => flags.Any(flag => IsOf(each.Left, flag) || IsOf(each.Right, flag))))
                continue;
            else if (SumOf(said, rowSum, without: null) is not { } sum)
                _violations.Add($"{site.Name}: nothing bounds it");
            else if (sum.Multiples > 1)
                _violations.Add($"{site.Name}: from {sum.Low} to {sum.High}");
    }

    private static bool IsOf(int? address, Storage storage) => address >= storage.Base && address < storage.End;

    /// <summary>Where a statement holds one cell as it is, the others say where that lies.</summary>
    private bool Propagate(Statement said, Int128? rowSum)
    {
        var changes = false;
        var unknown = said.Monomials.Count(each => BoundOf(each) is null);
        if (unknown > 1)
            return false;
        for (var i = 0; i < said.Monomials.Length; i++)
            if (said.Monomials[i] is { Factor: 1 or -1, Right: null } own && !PublicAddress.Is(own.Left) && SumOf(said, rowSum, without: i) is { } rest)
                changes |= Narrow(own.Left, -own.Factor * rest);
        return changes;
    }

    /// <summary>All that a statement adds up, the table's entry on its own side; null where something of it has no bound.</summary>
    private Interval? SumOf(Statement said, Int128? rowSum, int? without)
    {
        var (sum, read, factor) = (new Interval(said.Constant, said.Constant), new Interval(0, 0), (Int128)0);
        for (var i = 0; i < said.Monomials.Length; i++)
        {
            if (i == without)
                continue;
            if (BoundOf(said.Monomials[i]) is not { } bound)
                return null;
            if (rowSum is not null && IsRead(said.Monomials[i]))
                (read, factor) = (read + bound, Int128.Max(factor, Math.Abs(said.Monomials[i].Factor)));
            else
                sum += bound;
        }
        if (rowSum is { } most)
            read = read.Within(new(-factor * most, factor * most));
        if (said.Table is null)
            return sum + read;
        return EntriesOf(said.Table, said.Column) is { } entries ? sum + read + (-said.Scale * entries) : null;
    }

    private bool IsRead(Monomial monomial) => monomial.Right is not null || _sources.Contains(monomial.Left);

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

    private HashSet<int> _sources = [];

    /// <summary>Of sums along rows of probabilities: what no sum of magnitudes exceeds, by the engine.</summary>
    private Int128? RowSumOf(int value)
    {
        if (value < _circuit.Graph.Inputs.Length || value >= _circuit.Values.Length)
            return null;
        var node = _circuit.Graph.Nodes[value - _circuit.Graph.Inputs.Length];
        var info = _analysis.Values[node.Sources.FirstOrDefault()];
        if (node is not (SumNode or MatMulNode) || info.RowSum == ValueInfo.NoRowSum)
            return null;
        var source = _circuit.Values[node.Sources[0]];
        _sources = [.. from i in Enumerable.Range(0, source.Addresses.Length) from sample in Enumerable.Range(0, _circuit.Samples) select source.Addresses[i] + (sample * source.Strides[i])];
        return (Int128)info.RowSum * (node is MatMulNode product ? _analysis.Values[product.Right].Magnitude : 1);
    }
}
