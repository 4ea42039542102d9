using Aivm.Chain;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>Whatever calldata says, a call ends in a result: an exception would stop the chain.</summary>
public class HostileCallTests
{
    [Fact]
    public void Mutated_calldata_ends_in_a_result_and_within_its_gas()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, ModelsFixture.Container(), "adder", "about", price: 5);
        var hash = Keccak.Hash([1]);
        chain.Run(chain.Models(Alice, Begin(hash, 100), Deposit(100)));
        chain.Run(chain.Models(Alice, Chunk(hash, 0, new byte[100])));
        (Address To, byte[] Data)[] calls =
        [
            (SystemContracts.Models, Begin(Keccak.Hash([2]), 100)),
            (SystemContracts.Models, Chunk(hash, 0, new byte[100])),
            (SystemContracts.Models, Seal(hash, "adder", "about", 7)),
            (SystemContracts.Models, Reclaim(Alice.Address, hash)),
            (SystemContracts.Models, Infer(model, 1, 2)),
            (SystemContracts.Models, ModelsAbi.Resolve.BeginCall().WriteString($"{Alice.Address}/adder@1").ToArray()),
            (SystemContracts.Models, ModelsAbi.Info.BeginCall().WriteAddress(model).ToArray()),
            (SystemContracts.Models, ModelsAbi.ModelAt.BeginCall().WriteUInt(0).ToArray()),
            (SystemContracts.Models, ModelsAbi.SetPrice.BeginCall().WriteAddress(model).WriteUInt(9).ToArray()),
            (SystemContracts.Models, ModelsAbi.TransferOwnership.BeginCall().WriteAddress(model).WriteAddress(Bob.Address).ToArray()),
            (model, ModelInfer(1, 2)),
            (model, ModelInferPacked(1, 2)),
            (model, ModelsAbi.ModelDescribe.BeginCall().ToArray()),
        ];
        var mutation = Gen.Select(Gen.Int[0, calls.Length - 1], Gen.Int[0, 1 << 20], Gen.Byte, Gen.Int[0, 80], Gen.Int[0, 100_000], Gen.Int[0, 3]);
        mutation.Sample(
            (call, position, value, cut, gas, kind) =>
            {
                var (to, data) = calls[call];
                data = [.. data];
                data[position % data.Length] = value;
                if (kind == 0)
                    data = data[..Math.Max(0, data.Length - cut)];
                var frame = CallTests.Frame(
                    to, data, isStatic: kind == 1, value: kind == 2 ? Deposit(100) : UInt256.Zero, gas: kind == 3 ? (ulong)gas : Gas);
                var before = frame.Gas;
                var context = CallTests.Context(chain);
                var result = MessageCall.Execute(context, frame);
                return result.GasLeft <= before && (result.IsSuccess ? result.Error is null : result.Error is not null && context.Logs.Count == 0);
            },
            iter: 1000,
            seed: "0000KOIg3jt9");
    }

    [Fact]
    public void Mutated_blocks_end_in_a_vote_and_a_state()
    {
        using var chain = new TestChain();
        var transactions = Enumerable.Range(0, 4).Select(i => chain.Sign(Alice, Bob.Address, 1, nonce: (ulong)i).Encoded.ToArray()).ToArray();
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1000], Gen.Byte).Sample(
            (which, position, value) =>
            {
                var txs = transactions.Select(tx => (byte[])tx.Clone()).ToArray();
                txs[which][position % txs[which].Length] = value;
                ReadOnlyMemory<byte>[] block = [.. txs.Select(tx => (ReadOnlyMemory<byte>)tx)];
                var isIntact = txs[which].SequenceEqual(transactions[which]);
                var vote = chain.App.ProcessProposal(new ProcessProposalRequest(1, chain.Genesis.Time, Proposer, default, block));
                var first = chain.App.FinalizeBlock(new FinalizeBlockRequest(1, chain.Genesis.Time, Proposer, default, block));
                return (vote.Status == ProposalStatus.Accept) == isIntact && first.TxResults.Count == 4;
            },
            iter: 60,
            seed: "0000KOIg3jt9");
    }
}
