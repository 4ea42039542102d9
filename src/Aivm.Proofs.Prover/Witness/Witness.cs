namespace Aivm.Proofs.Prover;

/// <summary>Entry number k of a lookup site's tuples: cell (p, c) at First + p * Width + c.</summary>
internal readonly record struct EntryColumn(int[] Numbers, int First);

/// <summary>The numbers of a circuit's cells for given inputs, what the lookups look up, and how often each row is met.</summary>
internal sealed class Witness
{
    private readonly EntryColumn[][] _entries;
    private readonly Dictionary<LookupSite, int> _numberOfSite = [];

    /// <summary>Cells that are worth a thread.</summary>
    private const int Least = 1 << 11;

    /// <summary>Rows that are worth a thread.</summary>
    private const int LeastRows = 1 << 15;

    /// <summary>Cells whose clearing is worth a thread.</summary>
    private const int LeastClear = 1 << 17;

    private readonly int _threads;

    /// <summary>By thread but the first: how often each row is met.</summary>
    private readonly int[][] _counts;

    /// <param name="threads">That fill it.</param>
    public Witness(Circuit circuit, int threads = 1)
    {
        (Circuit, _threads) = (circuit, threads);
        (Cells, InputCells) = (new int[circuit.CellCount], new int[circuit.InputCellCount]);
        _counts = new int[threads - 1][];
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] = new int[Counts.Count];
        _entries = new EntryColumn[circuit.Lookups.Length][];
        for (var i = 0; i < _entries.Length; i++)
        {
            _numberOfSite[circuit.Lookups[i]] = i;
            _entries[i] = new EntryColumn[circuit.Lookups[i].TableOf(0).Columns];
        }
    }

    public Circuit Circuit { get; }

    /// <summary>Of the statement that it is filled for.</summary>
    public PublicNumbers.Room PublicNumbers { get; private set; } = new([], []);

    /// <summary>By address. Multiplicities among them; the random cells stay 0 here.</summary>
    public int[] Cells { get; }

    /// <summary>Of private inputs, by address from their base on; the random ones stay 0 here.</summary>
    public int[] InputCells { get; }

    /// <summary>Of site number i: its tuples' entries besides the tag.</summary>
    public EntryColumn[] EntriesOf(int site) => _entries[site];

    /// <summary>Sites whose cells are filled, and whose entries and rows follow from these.</summary>
    public List<LookupSite> Filled { get; } = [];

    /// <summary>
    /// Empties it for another statement. Cells are 0; entries keep what they had, since whoever fills a site writes all of them.
    /// </summary>
    public void Begin(PublicNumbers.Room publicNumbers)
    {
        PublicNumbers = publicNumbers;
        Filled.Clear();
        Parts.Run(_threads, Cells.Length, LeastClear, (_, from, to) => Cells.AsSpan(from..to).Clear());
        Array.Clear(InputCells);
        // What a statement that has no witness left behind.
        foreach (var counts in _counts)
            Array.Clear(counts);
    }

    /// <summary>What an address holds.</summary>
    public long Read(int address) =>
        PublicAddress.Is(address) ? PublicNumbers.Integers[address - PublicAddress.First]
        : Circuit.InputCellCount > 0 && address >= Circuit.InputBase ? InputCells[address - Circuit.InputBase]
        : Cells[address];

    /// <summary>Entry <paramref name="entry"/> (from 1) of the site is the storage itself.</summary>
    public EntryColumn SetEntry(LookupSite site, int entry, Storage cells) => SetEntry(
        site, entry, Circuit.InputCellCount > 0 && cells.Base >= Circuit.InputBase ? new EntryColumn(InputCells, cells.Base - Circuit.InputBase) : new EntryColumn(Cells, cells.Base));

    public EntryColumn SetEntry(LookupSite site, int entry, EntryColumn column) => _entries[_numberOfSite[site]][entry - 1] = column;

    /// <summary>Entry <paramref name="entry"/> (from 1) of the site, to be filled like the site's grid, from 0.</summary>
    public int[] NewEntry(LookupSite site, int entry)
    {
        ref var column = ref _entries[_numberOfSite[site]][entry - 1];
        if (column.Numbers is null)
            column = new(new int[site.Grid.Positions * site.Grid.Width], 0);
        return column.Numbers;
    }

    /// <summary>Fills positions of a grid by threads: what a position's cells are follows from no other position of the same.</summary>
    /// <param name="fill">Takes the first position and their number.</param>
    public void ForPositions(int positions, int channels, Action<int, int> fill) =>
        ForPositions(positions, channels, (_, first, count) => fill(first, count));

    /// <summary>The same with a number for each thread, so that they may count apart.</summary>
    public void ForPositions(int positions, int channels, Action<int, int, int> fill) =>
        Parts.Run(_threads, positions, Math.Max(1, Least / channels), (thread, from, to) => fill(thread, from, to - from));

    /// <summary>One more lookup of a table's row.</summary>
    public void Count(LookupTable table, int row) => Cells[Circuit.Multiplicities.Base + table.FirstRow + row]++;

    /// <summary>By row of all tables, where a thread counts apart from others.</summary>
    public Span<int> CountsOf(int thread) => thread == 0 ? Counts.AsSpan() : _counts[thread - 1];

    /// <summary>Joins what threads counted apart.</summary>
    public void JoinCounts() => Parts.Run(_threads, Counts.Count, LeastRows, (_, from, to) =>
    {
        var sums = Counts.AsSpan();
        foreach (var counts in _counts)
        {
            for (var row = from; row < to; row++)
                sums[row] += counts[row];
            counts.AsSpan(from..to).Clear();
        }
    });

    /// <summary>By row of all tables: how often it is looked up.</summary>
    public ArraySegment<int> Counts => new(Cells, Circuit.Multiplicities.Base, Circuit.Multiplicities.Positions * Circuit.Multiplicities.Width);
}
