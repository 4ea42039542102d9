using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>
/// A cheating prover of one node: it changes a cell, mends what that breaks, cell by cell in the field, and has won where all of the node's sites hold and its
/// result is another one. What the node reads is not its own to change, nor are private weights, which a root fixes.
/// </summary>
internal sealed class SecondWitness
{
    private readonly Witness _witness;
    private readonly int[] _weights;
    private readonly Random _random;
    private readonly List<Said> _said = [];
    private readonly Dictionary<int, List<Said>> _readers = [];
    private readonly int[] _own;
    private readonly HashSet<int> _changeable;
    private readonly int[] _results;
    private readonly Dictionary<int, int> _before = [];
    private readonly Dictionary<(LookupTable, int), int[]> _rows = [];

    /// <summary>What a site says in one cell of its grid.</summary>
    private sealed record Said(LookupTable? Table, Statement[] Entries);

    /// <param name="weights">The oracle's cells, where weights are private.</param>
    /// <param name="leaveOut">Sites that nobody checks: where some are, there should be a second witness.</param>
    public SecondWitness(Witness witness, int value, Random random, int[]? weights = null, Func<Site, bool>? leaveOut = null)
    {
        (_witness, _weights, _random) = (witness, weights ?? [], random);
        var (circuit, statements) = (witness.Circuit, new Statements(witness.Circuit));
        foreach (var site in circuit.Lookups.Concat<Site>(circuit.Equalities))
            if (Statement.ValueOf(site) == value && leaveOut?.Invoke(site) != true)
                foreach (var (position, channel) in Statement.CellsOf(site))
                    _said.Add(new Said((site as LookupSite)?.TableOf(channel), statements.Of(site, position, channel)));
        foreach (var said in _said)
            foreach (var address in AddressesOf(said).Distinct())
                (_readers.TryGetValue(address, out var readers) ? readers : _readers[address] = []).Add(said);
        var others = AddressesOf(Enumerable.Range(0, value)).ToHashSet();
        int[] Own(IEnumerable<int> addresses) => [.. addresses.Where(address => !PublicAddress.Is(address) && !WeightAddress.Is(address) && !others.Contains(address)).Distinct().Order()];
        _results = Own(AddressesOf([value]));
        _own = Own(_readers.Keys.Concat(_results));
        _changeable = [.. _own];
    }

    public bool HasCells => _own.Length > 0;

    private IEnumerable<int> AddressesOf(IEnumerable<int> values) =>
        from value in values
        from limb in _witness.Circuit.Values[value] is { IsWide: true } wide ? wide.Limbs : [_witness.Circuit.Values[value]]
        from i in Enumerable.Range(0, limb.Addresses.Length)
        from sample in Enumerable.Range(0, limb.Strides[i] == 0 ? 1 : _witness.Circuit.Samples)
        select limb.Addresses[i] + (sample * limb.Strides[i]);

    private static IEnumerable<int> AddressesOf(Said said) => said.Entries.SelectMany(entry => entry.Monomials).SelectMany(each => each.Right is { } right ? [each.Left, right] : (int[])[each.Left]);

    /// <summary>One attempt; the witness is as it was afterwards.</summary>
    public bool TryFind(out string change)
    {
        var first = _own[_random.Next(_own.Length)];
        var by = ((_random.Next(2) * 2) - 1) * Distance();
        Set(first, Statement.Centred(Felt.From(Read(first) + by)));
        var isWhole = Mend();
        var differs = isWhole && _results.Any(result => _before.TryGetValue(result, out var before) && before != Read(result));
        change = differs ? $"cell {first} by {by}: {string.Join(", ", _before.Select(pair => $"{pair.Key}: {pair.Value} -> {Read(pair.Key)}"))}" : "";
        foreach (var (address, before) in _before)
            _witness.CellAt(address) = before;
        _before.Clear();
        return differs;
    }

    /// <summary>1 and 2^k, p less or more of them, and what p is over powers of two.</summary>
    private long Distance() => _random.Next(4) switch
    {
        0 => 1,
        1 => 1L << _random.Next(30),
        2 => Felt.Modulus >> _random.Next(1, 28),
        _ => Statement.Centred(Felt.From(1L << _random.Next(30)).Inverse()),
    };

    private const int MostChanges = 60;

    private bool Mend()
    {
        for (var change = 0; change < MostChanges; change++)
        {
            if (_before.Keys.SelectMany(address => _readers.TryGetValue(address, out var readers) ? readers : []).FirstOrDefault(said => !Holds(said)) is not { } broken)
                return true;
            if (!(broken.Table is null ? Solve(broken.Entries[0], 0) : MoveTo(RowFor(broken), broken)))
                return false;
        }
        return false;
    }

    private long Read(int address) => WeightAddress.Is(address) ? _weights[WeightAddress.PlaceOf(address)] : _witness.Read(address);

    private bool Holds(Said said)
    {
        if (said.Table is not { } table)
            return said.Entries[0].EntryOf(Read) == 0;
        int[] tuple = [.. said.Entries.Select(entry => entry.EntryOf(Read))];
        // Rows of private weights are more than those that honest provers look up.
        if (!table.Hidden.IsEmpty)
            return Enumerable.Range(0, table.Rows).Any(row => tuple.Index().All(entry => Column(table, entry.Index)[row] == entry.Item));
        return table.RowOf(tuple) is var row && row >= 0
            && table.Stated.Where(stated => stated.Row == row).All(stated => Read(stated.Address) == tuple[stated.Column]);
    }

    /// <summary>A row that has one of the entries as it is, and most of the others, or not; now and then any row.</summary>
    private int RowFor(Said said)
    {
        if (_random.Next(8) == 0)
            return _random.Next(said.Table!.Rows);
        int[] tuple = [.. said.Entries.Select(entry => entry.EntryOf(Read))];
        var kept = _random.Next(2) == 0 ? 0 : _random.Next(tuple.Length);
        int[][] columns = [.. tuple.Select((_, column) => Column(said.Table!, column))];
        int[] rows = [.. Enumerable.Range(0, said.Table!.Rows).Where(row => columns[kept][row] == tuple[kept])];
        if (rows.Length == 0)
            return -1;
        return _random.Next(4) == 0 ? rows[_random.Next(rows.Length)] : rows.MaxBy(row => tuple.Where((entry, column) => columns[column][row] == entry).Count());
    }

    private int[] Column(LookupTable table, int column)
    {
        if (_rows.TryGetValue((table, column), out var entries))
            return entries;
        table.CopyColumn(column, entries = new int[table.Rows]);
        foreach (var stated in table.Stated.Where(stated => stated.Column == column))
            entries[stated.Row] = (int)Read(stated.Address);
        foreach (var hidden in table.Hidden.Where(hidden => hidden.Column == column))
            Array.Copy(_weights, hidden.Place.Base, entries, hidden.FirstRow, hidden.Place.Positions * Circuit.TableColumns);
        return _rows[(table, column)] = entries;
    }

    private bool MoveTo(int row, Said said)
    {
        if (row < 0)
            return false;
        for (var column = 0; column < said.Entries.Length; column++)
            if (said.Entries[column].EntryOf(Read) is var entry && entry != Column(said.Table!, column)[row] && !Solve(said.Entries[column], Column(said.Table!, column)[row]))
                return false;
        return true;
    }

    /// <summary>Gives one cell what makes the statement hold, rather one that was not touched yet.</summary>
    private bool Solve(Statement said, int entry)
    {
        Monomial[] open = [.. said.Monomials.Where(each => _changeable.Contains(each.Left) && each.Right is null && said.Monomials.Count(other => other.Left == each.Left || other.Right == each.Left) == 1)];
        if (open.Length == 0)
            return false;
        Monomial[] fresh = [.. open.Where(each => !_before.ContainsKey(each.Left))];
        var chosen = fresh.Length > 0 && _random.Next(8) > 0 ? fresh[_random.Next(fresh.Length)] : open[_random.Next(open.Length)];
        var missing = Felt.From(said.Scale) * (Felt.From(entry) - Felt.From(said.EntryOf(Read)));
        Set(chosen.Left, Statement.Centred(Felt.From(Read(chosen.Left)) + (missing * Felt.From(chosen.Factor).Inverse())));
        return true;
    }

    private void Set(int address, long number)
    {
        _before.TryAdd(address, (int)Read(address));
        _witness.CellAt(address) = (int)number;
    }
}
