using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Why a transaction was refused.</summary>
/// <param name="Code">What is wrong with the evidence, of an <c>EvidenceRejected</c>; null of any other error.</param>
internal sealed record Refusal(string Error, string? Code = null)
{
    public static Refusal OfEvidence(string code) => new("EvidenceRejected", code);

    public static Refusal Read(ReadOnlySpan<byte> revertData)
    {
        Assert.True(AbiSelector.TrySplit(revertData, out var selector, out var arguments));
        var error = JobsErrors.All.Concat(ComputeErrors.All).Concat(ModelsErrors.All).First(error => error.Selector == selector).Name;
        if (error != "EvidenceRejected")
            return new Refusal(error);
        var reader = new AbiReader(arguments);
        Assert.True(reader.TryReadString(out var code) & reader.TryReadString(out _) & reader.TryEnd());
        return new Refusal(error, code);
    }
}

internal static class MinedRefusals
{
    /// <summary>
    /// Mines a transaction that has to revert. It loses its gas and nothing else: no other coin has moved, and no slot of any contract has changed, so that
    /// stakes, reservations, records and jobs are what they were. The block takes no time, so that no end of a block does anything either.
    /// </summary>
    public static Refusal MineRefused(
        this TestChain chain, TestAccount from, Address contract, byte[] data, UInt256 value = default, ulong gas = JobsFixture.Gas)
    {
        var expected = chain.Accounts();
        var transaction = chain.Sign(from, contract, value, data, gas);
        var result = Assert.Single(chain.MineForResults([transaction.Encoded], chain.Reader.Head.Header.Time));
        Assert.Equal(TransactionCode.Reverted, (TransactionCode)result.Code);
        var refusal = Refusal.Read(result.Data.Span);
        Assert.Equal(refusal.Error, result.Info);

        var mined = Assert.Single(chain.Reader.GetTransactions(chain.Reader.Head));
        Assert.False(mined.Success);
        var (sender, proposer) = (Keccak.Hash(from.Address.Span), Keccak.Hash(TestChain.Proposer.Span));
        var tip = mined.GasPrice - chain.Reader.Head.Header.BaseFee;
        expected[sender] = expected[sender] with { Nonce = mined.Transaction.Nonce + 1, Balance = expected[sender].Balance - (mined.GasPrice * mined.GasUsed) };
        expected[proposer] = expected[proposer] with { Balance = expected[proposer].Balance + (tip * mined.GasUsed) };
        Assert.Equal(expected, chain.Accounts());
        return refusal;
    }

    public static Refusal MineRefusedJob(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default, ulong gas = JobsFixture.Gas) =>
        chain.MineRefused(from, SystemContracts.Jobs, data, value, gas);

    /// <summary>All accounts by the hash of their address, but the one that gets every block's hash.</summary>
    private static SortedDictionary<Hash256, Account> Accounts(this TestChain chain)
    {
        var history = Keccak.Hash(SystemContracts.BlockHistory.Span);
        return new(chain.Reader.HeadState.EnumerateAccounts().Where(item => item.Key != history).ToDictionary());
    }
}
