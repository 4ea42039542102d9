using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

public class InferenceCallTests
{
    private static readonly byte[] Bytes = ModelsFixture.Container();

    [Fact]
    public void A_model_account_runs_on_numbers_and_on_packed_bytes_and_describes_itself()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes);
        Assert.Equal([1 + 2 * 2 + 10, 3 - 2], ReadOutput(chain.Call(Bob.Address, model, ModelInfer(1, 2)).Call.Output.Span));
        Assert.Equal([1 + 2 * 2 + 10, 3 - 2], ReadOutput(chain.Call(Bob.Address, model, ModelInferPacked(1, 2)).Call.Output.Span));
        var reader = new AbiReader(chain.Call(Bob.Address, model, ModelsAbi.ModelDescribe.BeginCall().ToArray()).Call.Output.Span);
        Assert.True(reader.TryReadString(out var json));
        Assert.True(Model.TryLoad(Bytes, out var loaded, out _));
        Assert.Equal(loaded.Describe(), json);
    }

    [Fact]
    public void A_model_account_reverts_by_name()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes);
        string Revert(byte[] data, UInt256 value = default)
        {
            var call = chain.Call(Bob.Address, model, data, value).Call;
            Assert.Equal(CallStatus.Reverted, call.Status);
            return call.Error!.Code;
        }

        Assert.Equal("UnknownSelector", Revert([]));
        Assert.Equal("UnknownSelector", Revert([1, 2, 3, 4]));
        Assert.Equal("ValueNotAccepted", Revert(ModelInfer(1, 2), value: 1));
        Assert.Equal("ValueNotAccepted", Revert([], value: 1));
        Assert.Equal("InvalidInput", Revert(ModelInfer(1)));
        Assert.Equal("InvalidInput", Revert(ModelInfer(1, 2, 3)));
        Assert.Equal("InvalidInput", Revert(ModelInferPacked(1)));
        Assert.Equal("MalformedCalldata", Revert([.. ModelInfer(1, 2), 0]));
        Assert.Equal("MalformedCalldata", Revert(ModelInferPacked(1, 2)[..^1]));
        Assert.Equal("MalformedCalldata", Revert([.. ModelsAbi.ModelDescribe.BeginCall().ToArray(), 0]));
    }

    [Fact]
    public void The_first_touch_in_a_transaction_pays_for_loading_whatever_the_cache_holds()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes);
        Assert.True(Model.TryLoad(Bytes, out var loaded, out _));
        var data = ModelInfer(1, 2);
        var expected = IntrinsicGas.Of(data, []).Base + 200 + (3UL * ((ulong)data.Length + 31) / 32) + loaded.LoadGas + loaded.Gas + (3 * 4);

        Assert.Equal(expected, chain.Run(chain.Sign(Bob, model, data: data, gas: Gas)).GasUsed);
        Assert.Equal(expected, chain.Run(chain.Sign(Bob, model, data: data, gas: Gas)).GasUsed);
        var cold = new Application(chain.Store);
        cold.Simulator.TryCall(new CallRequest(Bob.Address, model, default, data), cold.Reader.Head, out var result, out _);
        Assert.Equal(expected, result!.GasUsed);
    }

    [Fact]
    public void A_second_touch_in_the_same_transaction_pays_for_the_run_only_even_after_a_revert()
    {
        using var chain = new TestChain();
        var address = chain.Publish(Alice, Bytes);
        Assert.True(Model.TryLoad(Bytes, out var model, out _));
        var context = CallTests.Context(chain);

        ulong Used(byte[] data)
        {
            var frame = CallTests.Frame(address, data);
            var before = frame.Gas;
            return before - MessageCall.Execute(context, frame).GasLeft;
        }

        var failed = Used(ModelInfer(1));
        var first = Used(ModelInfer(1, 2));
        Assert.Equal(200 + 3 * 4 + model.LoadGas + model.Gas, failed);
        Assert.Equal(200UL + 3 * 5 + model.Gas + 3 * 4, first);
        Assert.Equal(first, Used(ModelInfer(1, 2)));
    }

    [Fact]
    public void Paid_inference_splits_the_price_refunds_the_rest_and_leaves_a_receipt()
    {
        using var chain = new TestChain(DefaultGenesis with { NetworkFeeBps = 250 });
        var model = chain.Publish(Alice, Bytes, price: 1001);
        var alice = chain.Balance(Alice.Address);
        var bob = chain.Balance(Bob.Address);
        var simulated = chain.Call(Bob.Address, SystemContracts.Models, Infer(model, 1, 2), value: 5000).Call;
        var mined = chain.Run(chain.Models(Bob, Infer(model, 1, 2), value: 5000));

        Assert.True(mined.Success);
        Assert.Equal(alice + 976, chain.Balance(Alice.Address));
        Assert.Equal<UInt256>(25, chain.Balance(SystemContracts.Treasury));
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Models));
        Assert.Equal(bob - 1001 - mined.GasPrice * mined.GasUsed, chain.Balance(Bob.Address));

        var log = Assert.Single(mined.Logs);
        var data = new AbiReader(log.Data.Span);
        Assert.True(data.TryReadInt64Array(10, out var output) & data.TryReadBytes(out var receipt) & data.TryEnd());
        Assert.Equal([15, 1], output);
        Assert.Equal(Keccak.Hash(receipt), log.Topics[3]);
        Assert.Equal(AbiEvent.TopicOf(model), log.Topics[1]);
        Assert.Equal(AbiEvent.TopicOf(Bob.Address), log.Topics[2]);
        AssertReceipt(receipt, chain, model, mined.BlockNumber);
        var height = chain.Call(Carol.Address, SystemContracts.Models, ModelsAbi.ReceiptHeight.BeginCall().WriteHash(log.Topics[3]).ToArray());
        Assert.Equal(mined.BlockNumber, (ulong)UInt256.FromBigEndian(height.Call.Output.Span));
        Assert.Equal([15, 1], ReadInference(simulated.Output.Span).Output);
    }

    [Fact]
    public void Equal_inferences_have_different_receipts()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes);
        var first = chain.Models(Bob, Infer(model, 1, 2));
        chain.Submit(first);
        chain.Submit(chain.Models(Bob, Infer(model, 1, 2)));
        var ids = chain.Mine().Select(mined => mined.Logs.Single().Topics[3]).ToArray();
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public void Paid_inference_refuses_by_name_and_keeps_nothing()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes, price: 1000);
        Assert.Equal("InsufficientPayment", chain.Revert(Bob, Infer(model, 1, 2), value: 999));
        Assert.Equal("NotAModel", chain.Revert(Bob, Infer(Bob.Address, 1, 2), value: 1000));
        Assert.Equal("InvalidInput", chain.Revert(Bob, Infer(model, 1), value: 1000));
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Models));
    }

    [Fact]
    public void A_fee_of_everything_leaves_the_owner_unlisted()
    {
        using var chain = new TestChain(DefaultGenesis with { NetworkFeeBps = 10_000 });
        var model = chain.Publish(Alice, Bytes, price: UInt256.One);
        Assert.True(chain.Run(chain.Models(Bob, Infer(model, 1, 2), value: 1)).Success);
        Assert.Equal(UInt256.One, chain.Balance(SystemContracts.Treasury));
    }

    [Fact]
    public void The_estimate_is_the_least_gas_that_suffices()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes, price: 10);
        foreach (var request in new[]
        {
            new CallRequest(Bob.Address, Nobody, 1, default),
            new CallRequest(Bob.Address, Nobody, 0, new byte[] { 1, 2, 3 }),
            new CallRequest(Bob.Address, model, 0, ModelInfer(1, 2)),
            new CallRequest(Bob.Address, SystemContracts.Models, 11, Infer(model, 1, 2)),
        })
        {
            Assert.True(chain.App.Simulator.TryEstimateGas(request, chain.Reader.Head, out var estimate, out _, out _));
            Assert.True(chain.App.Simulator.TryCall(request with { Gas = estimate }, chain.Reader.Head, out var enough, out _));
            Assert.True(enough.Call.IsSuccess);
            var less = chain.App.Simulator.TryCall(request with { Gas = estimate - 1 }, chain.Reader.Head, out var tooLittle, out _);
            Assert.False(less && tooLittle!.Call.IsSuccess);
        }
        var hopeless = new CallRequest(Bob.Address, SystemContracts.Models, 9, Infer(model, 1, 2));
        Assert.True(chain.App.Simulator.TryEstimateGas(hopeless, chain.Reader.Head, out var none, out var why, out _));
        Assert.Null(none);
        Assert.Equal("InsufficientPayment", why.Call.Error!.Code);
    }

    [Fact]
    public void Blocks_with_models_executed_again_from_genesis_have_the_same_hashes()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes, chunkSize: 50, price: 3);
        chain.Run(chain.Models(Bob, Infer(model, 1, 2), value: 5));
        chain.Run(chain.Sign(Bob, model, data: ModelInfer(3, 4), gas: Gas));
        using var target = new Aivm.State.MemoryStore();
        Assert.True(Replay.Run(chain.Reader, target).IsEqual);
    }

    [Fact]
    public void A_call_sees_the_state_of_the_block_it_asks_for()
    {
        using var chain = new TestChain();
        var before = chain.Reader.Head;
        var model = chain.Publish(Alice, Bytes);
        chain.Mine();
        Assert.True(chain.App.Simulator.TryCall(new CallRequest(Bob.Address, model, 0, ModelInfer(1, 2)), before, out var absent, out _));
        Assert.True(absent.Call.IsSuccess);
        Assert.True(absent.Call.Output.IsEmpty);
        Assert.Equal([15, 1], ReadOutput(chain.Call(Bob.Address, model, ModelInfer(1, 2)).Call.Output.Span));
        Assert.Equal(Coin * 1000, chain.Reader.StateAt(before).GetBalance(Alice.Address));
    }

    [Fact]
    public void Logs_are_found_by_address_and_topic_through_the_blooms()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes);
        for (var i = 0; i < 3; i++)
        {
            chain.Mine();
            chain.Run(chain.Models(Bob, Infer(model, 1, i)));
        }
        var head = chain.Reader.Head.Number;
        var filter = new LogFilter(0, head + 100, [SystemContracts.Models], [[ModelsAbi.Inferred.Topic], [], [AbiEvent.TopicOf(Bob.Address)]]);
        Assert.True(chain.Reader.TryGetLogs(filter, out var logs, out _));
        Assert.Equal([head - 4, head - 2, head], logs.Select(log => log.BlockNumber));
        Assert.True(chain.Reader.TryGetLogs(filter with { Topics = [[ModelsAbi.Inferred.Topic], [], [AbiEvent.TopicOf(Carol.Address)]] }, out logs, out _));
        Assert.Empty(logs);
        Assert.False(chain.Reader.TryGetLogs(filter with { FromBlock = 9, ToBlock = 8 }, out _, out var error));
        Assert.Equal("log-range-invalid", error.Code);
        Assert.False(chain.Reader.TryGetLogs(filter with { ToBlock = ChainReader.MaxLogBlocks }, out _, out error));
        Assert.Equal("log-range-too-large", error.Code);
    }

    private static void AssertReceipt(ReadOnlySpan<byte> receipt, TestChain chain, Address model, ulong height)
    {
        var reader = new AbiReader(receipt);
        Assert.True(reader.TryReadUInt64(out var version) & reader.TryReadUInt64(out var chainId) & reader.TryReadUInt64(out var at)
            & reader.TryReadHash(out var job) & reader.TryReadAddress(out var account) & reader.TryReadHash(out var modelHash)
            & reader.TryReadAddress(out var payer) & reader.TryReadUInt64(out var commitmentKind) & reader.TryReadHash(out var input)
            & reader.TryReadHash(out var output) & reader.TryReadUInt64(out var evidenceKind) & reader.TryReadHash(out var evidence));
        Assert.True(reader.TryEnterArray(out var licences) & reader.TryLeave() & reader.TryEnterArray(out var payees));
        Assert.Equal((0, 2), (licences, payees));
        Assert.True(reader.TryReadAddress(out var owner) & reader.TryReadAddress(out var treasury) & reader.TryLeave() & reader.TryEnterArray(out _));
        Assert.True(reader.TryReadUInt256(out var toOwner) & reader.TryReadUInt256(out var toTreasury) & reader.TryLeave() & reader.TryEnd());

        Assert.Equal((1UL, chain.Genesis.ChainId, height, Hash256.Zero), (version, chainId, at, job));
        Assert.Equal((model, Keccak.Hash(Bytes), Bob.Address), (account, modelHash, payer));
        Assert.Equal((0UL, Keccak.Hash([.. new byte[32], 1, .. Packed(1, 2)])), (commitmentKind, input));
        Assert.Equal((0UL, Hash256.Zero, Keccak.Hash(Packed(15, 1))), (evidenceKind, evidence, output));
        Assert.Equal((Alice.Address, SystemContracts.Treasury, (UInt256)976, (UInt256)25), (owner, treasury, toOwner, toTreasury));
    }
}
