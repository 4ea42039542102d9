using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>
/// EIP-2935: a ring of the last 8,191 block hashes in the storage of a contract, so that a proof of state proves them. The contract has its
/// canonical code; the executor writes the slots itself, as the code would when the system calls it.
/// </summary>
internal static class BlockHistory
{
    public const ulong Window = 8191;

    public static readonly byte[] Code = Hex.Decode(
        "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500");

    /// <summary>At the start of block <paramref name="number"/>, before its transactions.</summary>
    public static void Record(WorldState state, ulong number, Hash256 parent) =>
        state.SetStorage(SystemContracts.BlockHistory, (number - 1) % Window, UInt256.FromBigEndian(parent.Span));

    /// <summary>The hash of a block, which is one of the last <see cref="Window"/> before the one that is executed.</summary>
    public static Hash256 Read(NativeCall call, ulong number) => call.On(SystemContracts.BlockHistory).Read(number % Window).ToHash256();
}
