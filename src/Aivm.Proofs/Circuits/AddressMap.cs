namespace Aivm.Proofs;

/// <summary>
/// Where committed cells lie while a circuit is built. Cells of private inputs have an oracle of their own, which begins at a power of two above all other
/// cells: as long as those are not counted, inputs lie at <see cref="FirstInput"/>, and whoever holds addresses says so.
/// </summary>
internal sealed class AddressMap
{
    /// <summary>Above all other cells, below <see cref="PublicAddress.First"/>.</summary>
    private const int FirstInput = 1 << 29;

    private readonly Dictionary<int, Storage> _storageAt = [];
    private readonly List<Storage> _inputs = [];
    private readonly HashSet<int[]> _heldInputs = new(ReferenceEqualityComparer.Instance);

    /// <summary>The first address of private inputs, as of now.</summary>
    public int InputBase { get; private set; } = FirstInput;

    public void Add(Storage storage)
    {
        _storageAt[storage.Base] = storage;
        if (storage.Base >= InputBase)
            _inputs.Add(storage);
    }

    /// <summary>The storage that begins there, or null.</summary>
    public Storage? Find(int address) => _storageAt.GetValueOrDefault(address);

    /// <summary>Addresses that somebody keeps: inputs among them will move.</summary>
    public void Hold(int[] addresses)
    {
        if (Array.Exists(addresses, IsInput))
            _heldInputs.Add(addresses);
    }

    private bool IsInput(int address) => address >= InputBase && !PublicAddress.Is(address);

    /// <summary>Once all cells are counted, and nothing is looked up any more.</summary>
    public void MoveInputs(int to)
    {
        var distance = to - InputBase;
        foreach (var storage in _inputs)
            storage.Move(distance);
        foreach (var addresses in _heldInputs)
            for (var i = 0; i < addresses.Length; i++)
                if (IsInput(addresses[i]))
                    addresses[i] += distance;
        InputBase = to;
    }
}
