using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Chain;

public class TransactionRulesTests
{
    private static readonly TestAccount Poor = TestAccount.Of("poor");

    public static TheoryData<string, string, TransactionCode> Refusals => new()
    {
        { "chain id", "chain-id-wrong: invalid chain id for signer", TransactionCode.WrongChainId },
        { "no chain id", "not-replay-protected: only replay-protected (EIP-155) transactions allowed", TransactionCode.NotReplayProtected },
        { "nonce low", "nonce-too-low: nonce too low", TransactionCode.NonceTooLow },
        { "nonce high", "nonce-too-high: nonce too high", TransactionCode.NonceTooHigh },
        { "gas low", "intrinsic-gas-too-low: intrinsic gas too low: have 20999, want 21000", TransactionCode.IntrinsicGasTooLow },
        { "floor", "intrinsic-gas-too-low: intrinsic gas too low: insufficient gas for floor data gas cost", TransactionCode.IntrinsicGasTooLow },
        { "gas cap", "gas-limit-too-high: transaction gas limit too high (cap: 67108864, tx: 67108865)", TransactionCode.GasLimitTooHigh },
        { "fee low", "fee-below-base-fee: max fee per gas less than block base fee", TransactionCode.FeeTooLow },
        { "tip", "tip-above-fee: max priority fee per gas higher than max fee per gas", TransactionCode.TipAboveFee },
        { "funds", "insufficient-funds: insufficient funds for gas * price + value", TransactionCode.InsufficientFunds },
        { "creation", "creation-not-supported: contract creation is not supported", TransactionCode.CreationNotSupported },
        { "overflow", "insufficient-funds: insufficient funds", TransactionCode.InsufficientFunds },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_proposal_with_an_invalid_transaction_is_rejected_by_name_and_a_decided_one_leaves_it_out(
        string kind, string message, TransactionCode code)
    {
        using var chain = new TestChain();
        chain.Run(chain.Sign(TestChain.Alice, TestChain.Nobody, 1));
        var good = chain.Sign(TestChain.Bob, TestChain.Nobody, 1);
        var bad = Invalid(chain, kind);
        ReadOnlyMemory<byte>[] txs = [good.Encoded, bad.Encoded];

        var vote = chain.App.ProcessProposal(new ProcessProposalRequest(2, chain.Genesis.Time + 2, TestChain.Proposer, default, txs));
        Assert.Equal(ProposalStatus.Reject, vote.Status);
        Assert.StartsWith("Transaction 1: " + message[(message.IndexOf(':') + 2)..], vote.Reason!.Message, StringComparison.Ordinal);
        Assert.Equal(message[..message.IndexOf(':')], vote.Reason.Code);

        var result = chain.App.FinalizeBlock(new FinalizeBlockRequest(2, chain.Genesis.Time + 2, TestChain.Proposer, default, txs));
        Assert.Equal([(uint)TransactionCode.Ok, (uint)code], result.TxResults.Select(item => item.Code));
        chain.App.Commit();
        Assert.Equal(good.Hash, Assert.Single(chain.Reader.GetTransactions(chain.Reader.Head)).Transaction.Hash);
    }

    [Theory]
    [InlineData("chain id", "chain-id-wrong")]
    [InlineData("no chain id", "not-replay-protected")]
    [InlineData("nonce low", "nonce-too-low")]
    [InlineData("gas low", "intrinsic-gas-too-low")]
    [InlineData("floor", "intrinsic-gas-too-low")]
    [InlineData("gas cap", "gas-limit-too-high")]
    [InlineData("tip", "tip-above-fee")]
    [InlineData("funds", "insufficient-funds")]
    [InlineData("overflow", "insufficient-funds")]
    [InlineData("creation", "creation-not-supported")]
    public void The_pool_refuses_what_no_block_can_hold(string kind, string code)
    {
        using var chain = new TestChain();
        chain.Run(chain.Sign(TestChain.Alice, TestChain.Nobody, 1));
        Assert.False(chain.App.Pool.TryAdd(Invalid(chain, kind), out var error));
        Assert.Equal(code, error.Code);
    }

    [Fact]
    public void Whoever_has_code_sends_nothing()
    {
        var genesis = TestChain.DefaultGenesis with
        {
            Alloc = [new GenesisAccount(Poor.Address, TestChain.Coin, Code: new byte[] { 0x60 })],
        };
        using var chain = new TestChain(genesis);
        Assert.False(chain.App.Pool.TryAdd(chain.Sign(Poor, TestChain.Nobody, nonce: 0), out var error));
        Assert.Equal("sender-has-code", error.Code);
    }

    [Fact]
    public void Garbage_in_a_proposal_is_rejected()
    {
        using var chain = new TestChain();
        var vote = chain.App.ProcessProposal(new ProcessProposalRequest(1, chain.Genesis.Time, TestChain.Proposer, default, [new byte[] { 1, 2, 3 }]));
        Assert.Equal(ProposalStatus.Reject, vote.Status);
        Assert.Equal("transaction-type-unsupported", chain.App.CheckTx(new CheckTxRequest(new byte[] { 9 })).Info);
    }

    private static Transaction Invalid(TestChain chain, string kind) => kind switch
    {
        "chain id" => chain.Sign(TestChain.Alice, TestChain.Nobody, chainId: 1),
        "no chain id" => new UnsignedTransaction
        {
            Type = TransactionType.Legacy,
            GasPrice = TestChain.Gwei,
            GasLimit = 21_000,
            To = TestChain.Nobody,
            Nonce = 1,
        }.Sign(TestChain.Alice.Key),
        "nonce low" => chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 0),
        "nonce high" => chain.Sign(TestChain.Alice, TestChain.Nobody, nonce: 2),
        "gas low" => chain.Sign(TestChain.Alice, TestChain.Nobody, gas: 20_999),
        "floor" => chain.Sign(TestChain.Alice, TestChain.Nobody, data: [1, 1, 1], gas: 21_048),
        "gas cap" => chain.Sign(TestChain.Alice, TestChain.Nobody, gas: (1UL << 26) + 1),
        "fee low" => chain.Sign(TestChain.Alice, TestChain.Nobody, maxFee: 1, tip: 1),
        "tip" => chain.Sign(TestChain.Alice, TestChain.Nobody, maxFee: TestChain.Gwei, tip: TestChain.Gwei + 1),
        "funds" => chain.Sign(TestChain.Alice, TestChain.Nobody, TestChain.Coin * 1000),
        "creation" => chain.Sign(TestChain.Alice, null, gas: 100_000),
        "overflow" => chain.Sign(TestChain.Alice, TestChain.Nobody, maxFee: UInt256.MaxValue),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
