using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a transaction sees of its block.</summary>
/// <param name="Time">Unix seconds.</param>
/// <param name="Randomness">PREVRANDAO; the header's mixHash.</param>
public sealed record BlockContext(
    Genesis Genesis,
    ulong Number,
    ulong Time,
    Address Coinbase,
    UInt256 BaseFee,
    ulong GasLimit,
    Hash256 Randomness)
{
    /// <summary>The context in which calls on top of a finished block run.</summary>
    public static BlockContext Of(Genesis genesis, BlockHeader header) =>
        new(genesis, header.Number, header.Time, header.Coinbase, header.BaseFee, header.GasLimit, header.MixHash);
}
