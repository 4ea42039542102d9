using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>The rules of frames, whatever code runs in them.</summary>
public class CallTests
{
    [Fact]
    public void A_frame_deeper_than_1024_does_not_begin_and_keeps_its_gas()
    {
        using var chain = new TestChain();
        var deepest = MessageCall.Execute(Context(chain), Frame(Nobody, [], depth: 1024, value: 1));
        Assert.True(deepest.IsSuccess);
        var tooDeep = MessageCall.Execute(Context(chain), Frame(Nobody, [], depth: 1025, value: 1));
        Assert.Equal(("call-depth", Gas), (tooDeep.Error!.Code, tooDeep.GasLeft));
        Assert.Equal(CallStatus.Reverted, tooDeep.Status);
    }

    [Fact]
    public void A_value_beyond_the_balance_does_not_begin_and_keeps_its_gas()
    {
        using var chain = new TestChain();
        var context = Context(chain);
        var result = MessageCall.Execute(context, Frame(Nobody, [], value: Coin * 1001));
        Assert.Equal(("insufficient-balance", Gas), (result.Error!.Code, result.GasLeft));
        Assert.False(context.State.Exists(Nobody));
    }

    [Fact]
    public void A_write_in_a_static_frame_halts_and_takes_all_gas()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, ModelsFixture.Container());
        foreach (var data in new[] { Infer(model, 1, 2), ModelsAbi.SetPrice.BeginCall().WriteAddress(model).WriteUInt(1).ToArray() })
        {
            var result = MessageCall.Execute(Context(chain), Frame(SystemContracts.Models, data, CallKind.StaticCall, isStatic: true));
            Assert.Equal((CallStatus.Halted, "static-violation", 0UL), (result.Status, result.Error!.Code, result.GasLeft));
        }
        var value = MessageCall.Execute(Context(chain), Frame(Nobody, [], isStatic: true, value: 1));
        Assert.Equal("static-violation", value.Error!.Code);
    }

    [Fact]
    public void Reading_and_running_are_allowed_in_a_static_frame()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, ModelsFixture.Container());
        var context = Context(chain);
        Assert.True(MessageCall.Execute(context, Frame(model, ModelInfer(1, 2), CallKind.StaticCall, isStatic: true)).IsSuccess);
        var gasOf = ModelsAbi.GasOf.BeginCall().WriteAddress(model).ToArray();
        Assert.True(MessageCall.Execute(context, Frame(SystemContracts.Models, gasOf, CallKind.StaticCall, isStatic: true)).IsSuccess);
    }

    [Theory]
    [InlineData(CallKind.DelegateCall)]
    [InlineData(CallKind.CallCode)]
    public void Delegated_calls_of_models_and_native_contracts_are_static_calls_on_their_own_account(CallKind kind)
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, ModelsFixture.Container());
        var context = Context(chain);

        CallResult Delegate(Address callee, byte[] data) => MessageCall.Execute(context, new CallFrame
        {
            Kind = kind,
            Caller = Alice.Address,
            Account = Bob.Address,
            Callee = callee,
            Value = 7,
            Gas = Gas,
            Input = data,
        });

        Assert.Equal([15, 1], ReadOutput(Delegate(model, ModelInfer(1, 2)).Output.Span));
        Assert.True(Delegate(SystemContracts.Models, ModelsAbi.ModelCount.BeginCall().ToArray()).IsSuccess);
        var write = Delegate(SystemContracts.Models, ModelsAbi.SetPrice.BeginCall().WriteAddress(model).WriteUInt(1).ToArray());
        Assert.Equal("NotOwner", write.Error!.Code);
        Assert.Equal(Coin * 1000, context.State.GetBalance(Bob.Address));
    }

    [Fact]
    public void A_failed_frame_takes_back_state_logs_and_refunds_but_not_what_came_before()
    {
        using var chain = new TestChain();
        var hash = Keccak.Hash([1]);
        var context = Context(chain);
        var begun = MessageCall.Execute(context, Frame(SystemContracts.Models, Begin(hash, 100), value: Deposit(100)));
        Assert.True(begun.IsSuccess);
        var reclaimed = MessageCall.Execute(context, Frame(SystemContracts.Models, Reclaim(Alice.Address, hash), gas: begun.GasLeft));
        Assert.True(reclaimed.IsSuccess);
        Assert.Equal(2, context.Logs.Count);
        Assert.Equal(2 * 4_800, context.Refund);

        Assert.True(MessageCall.Execute(context, Frame(SystemContracts.Models, Begin(hash, 100), value: Deposit(100))).IsSuccess);
        var root = context.State.GetBalance(SystemContracts.Models);
        // Enough gas to clear the slots and too little to pay the deposit out.
        var halted = MessageCall.Execute(context, Frame(SystemContracts.Models, Reclaim(Alice.Address, hash), gas: 25_000));
        Assert.Equal("out-of-gas", halted.Error!.Code);
        Assert.Equal(0UL, halted.GasLeft);
        Assert.Equal(3, context.Logs.Count);
        Assert.Equal(2 * 4_800, context.Refund);
        Assert.Equal(root, context.State.GetBalance(SystemContracts.Models));
        Assert.True(MessageCall.Execute(context, Frame(SystemContracts.Models, Reclaim(Alice.Address, hash))).IsSuccess);
    }

    [Fact]
    public void Refunds_are_at_most_a_fifth_of_the_gas_used()
    {
        using var chain = new TestChain();
        var hash = Keccak.Hash([1]);
        chain.Run(chain.Models(Alice, Begin(hash, 512), Deposit(512)));
        for (var offset = 0; offset < 512; offset += 2)
            chain.Submit(chain.Models(Alice, Chunk(hash, offset, [1, 2]), gas: 200_000));
        Assert.Equal(256, chain.Mine().Count(mined => mined.Success));
        var simulated = chain.Call(Alice.Address, SystemContracts.Models, Reclaim(Alice.Address, hash));
        // 256 chunks, their length, the deposit and the progress are cleared: 259 refunds of 4,800, less than 5,000 each and a fifth of the whole.
        Assert.Equal(simulated.GasNeeded - (simulated.GasNeeded / 5), simulated.GasUsed);
    }

    [Fact]
    public void Running_out_of_gas_keeps_the_fee_and_undoes_the_rest()
    {
        using var chain = new TestChain();
        var hash = Keccak.Hash([1]);
        var mined = chain.Run(chain.Models(Alice, Begin(hash, 100), Deposit(100), gas: 60_000));
        Assert.False(mined.Success);
        Assert.Equal(60_000UL, mined.GasUsed);
        Assert.Equal(Coin * 1000 - mined.GasPrice * 60_000, chain.Balance(Alice.Address));
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Models));
    }

    internal static TransactionContext Context(TestChain chain) => new(
        chain.Reader.OpenState(chain.Reader.Head), BlockContext.Of(chain.Genesis, chain.Reader.Head.Header), new ModelCache(), Alice.Address, Gwei);

    internal static CallFrame Frame(
        Address to, byte[] data, CallKind kind = CallKind.Call, bool isStatic = false, int depth = 0, UInt256 value = default, ulong gas = Gas) => new()
        {
            Kind = kind,
            Caller = Alice.Address,
            Account = to,
            Callee = to,
            Value = value,
            Gas = gas,
            Input = data,
            IsStatic = isStatic,
            Depth = depth,
        };
}
