using System.Collections.Frozen;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What all frames of a transaction share.</summary>
public sealed class TransactionContext(WorldState state, BlockContext block, ModelCache models, Address origin, UInt256 gasPrice)
{
    public WorldState State => state;

    public BlockContext Block => block;

    public ModelCache Models => models;

    /// <summary>The transaction's sender.</summary>
    public Address Origin => origin;

    /// <summary>In wei.</summary>
    public UInt256 GasPrice => gasPrice;

    /// <summary>Accounts whose code is native, besides the system's own. None but in tests, which call back into them until EVM code runs.</summary>
    internal IReadOnlyDictionary<Address, NativeCode> Callees { get; init; } = FrozenDictionary<Address, NativeCode>.Empty;

    public List<LogEntry> Logs { get; } = [];

    /// <summary>Gas to give back at the end, before its cap. A frame that fails takes back what it added.</summary>
    public long Refund { get; set; }

    /// <summary>
    /// Models that this transaction has paid for loading, whatever a cache holds or drops. A revert does not undo a touch: the gas of a
    /// reverted frame is spent, and with it the loading is paid.
    /// </summary>
    internal Dictionary<Address, Model> LoadedModels { get; } = [];
}
