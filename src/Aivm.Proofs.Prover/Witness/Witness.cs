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

    private readonly int _threads;

    /// <param name="threads">That fill it.</param>
    public Witness(Circuit circuit, int threads = 1)
    {
        (Circuit, _threads) = (circuit, threads);
        (Cells, InputCells) = (new int[circuit.CellCount], new int[circuit.InputCellCount]);
        _entries = new EntryColumn[circuit.Lookups.Length][];
        for (var i = 0; i < _entries.Length; i++)
        {
            _numberOfSite[circuit.Lookups[i]] = i;
            _entries[i] = new EntryColumn[circuit.Lookups[i].TableOf(0).Columns];
        }
    }

    public Circuit Circuit { get; }

    /// <summary>Of the statement that it is filled for.</summary>
    public long[] PublicNumbers { get; private set; } = [];

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
    public void Begin(long[] publicNumbers)
    {
        PublicNumbers = publicNumbers;
        Filled.Clear();
        Array.Clear(Cells);
        Array.Clear(InputCells);
    }

    /// <summary>What an address holds.</summary>
    public long Read(int address) =>
        PublicAddress.Is(address) ? PublicNumbers[address - PublicAddress.First]
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

    /// <summary>By row of all tables: how often it is looked up.</summary>
    public ArraySegment<int> Counts => new(Cells, Circuit.Multiplicities.Base, Circuit.Multiplicities.Positions * Circuit.Multiplicities.Width);
}
