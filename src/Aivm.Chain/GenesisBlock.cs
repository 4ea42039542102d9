using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>Block 0: the accounts of the genesis and those of the system.</summary>
public static class GenesisBlock
{
    public static ExecutedBlock Build(StateDatabase database, Genesis genesis)
    {
        var state = new WorldState(database, MerklePatriciaTrie.EmptyRoot);
        foreach (var account in genesis.Alloc)
        {
            state.AddBalance(account.Address, account.Balance);
            if (account.Nonce != 0)
                state.SetNonce(account.Address, account.Nonce);
            if (!account.Code.IsEmpty)
                state.SetCode(account.Address, account.Code.Span);
        }
        foreach (var contract in NativeContracts.All)
            AddContract(state, contract.Address, contract.Marker);
        AddContract(state, SystemContracts.BlockHistory, BlockHistory.Code);

        var changes = new WriteBatch();
        var header = new BlockHeader
        {
            StateRoot = state.Commit(changes),
            Number = 0,
            GasLimit = genesis.GasLimit,
            Time = genesis.Time,
            MixHash = BlockExecutor.Randomness(Hash256.Zero, 0),
            BaseFee = genesis.BaseFee,
        };
        return new ExecutedBlock(header, header.Hash, [], [], changes);
    }

    /// <summary>With nonce 1, as a contract that was created has (EIP-161).</summary>
    private static void AddContract(WorldState state, Address address, ReadOnlySpan<byte> code)
    {
        state.SetNonce(address, 1);
        state.SetCode(address, code);
    }
}
