using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>What a caller's contract may do when it is told. Native callees stand in for it.</summary>
public sealed class JobCallbackTests : IDisposable
{
    private const ulong CallbackGas = 100_000;

    private static readonly Address Callee = Address.Parse("0x00000000000000000000000000000000ca11ee00");

    private readonly TestChain _chain = new(MarketGenesis);
    private readonly ulong _job;
    private readonly UInt256 _baseFee;

    public JobCallbackTests()
    {
        var model = _chain.PublishModel();
        _chain.AddProvider(Carol);
        _job = _chain.Lock(Bob, _chain.Request(model) with { Callback = Callee, CallbackGas = CallbackGas }, value: 10_000_000_000_000_000);
        _baseFee = _chain.Reader.Head.Header.BaseFee;
        Assert.True(_chain.RunJobs(Carol, Accept(_job)).Success);
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_callback_gets_job_output_and_receipt_with_the_gas_that_was_paid_for()
    {
        CallFrame? seen = null;
        var (result, context) = SubmitWith((_, frame) =>
        {
            seen = frame;
            return CallResult.Success(frame, default);
        });
        Assert.True(result.IsSuccess);
        Assert.Equal((SystemContracts.Jobs, CallbackGas, UInt256.Zero), (seen!.Caller, seen.Gas, seen.Value));
        var expected = JobsAbi.OnInference.BeginCall().WriteUInt(_job).WriteBytes(RightOutput).WriteHash(new Hash256(result.Output.Span)).ToArray();
        Assert.Equal(expected, seen.Input.ToArray());
        Assert.DoesNotContain(context.Logs, log => log.Topics[0] == JobsAbi.CallbackFailed.Topic);
    }

    [Theory]
    [InlineData(CallStatus.Reverted)]
    [InlineData(CallStatus.Halted)]
    public void A_callback_that_fails_is_an_event_and_the_answer_stands(CallStatus status)
    {
        var (result, context) = SubmitWith((_, frame) => status == CallStatus.Reverted
            ? CallResult.Revert(frame, new byte[5000], new Error("no", "no"))
            : CallResult.OutOfGas());
        Assert.True(result.IsSuccess);
        Assert.Single(context.Logs, log => log.Topics[0] == JobsAbi.CallbackFailed.Topic && log.Data.Length <= 1200);
        Assert.Single(context.Logs, log => log.Topics[0] == JobsAbi.JobAnswered.Topic);
    }

    [Fact]
    public void A_callback_that_calls_back_finds_the_job_answered()
    {
        string? error = null;
        var (result, _) = SubmitWith((context, frame) =>
        {
            var again = MessageCall.Execute(context, new CallFrame
            {
                Kind = CallKind.Call,
                Caller = Carol.Address,
                Account = SystemContracts.Jobs,
                Callee = SystemContracts.Jobs,
                Gas = frame.Gas,
                Input = Submit(_job, WrongOutput),
                Depth = frame.Depth + 1,
            });
            error = again.Error?.Code;
            return CallResult.Success(frame, default);
        });
        Assert.True(result.IsSuccess);
        Assert.Equal("WrongState", error);
    }

    [Fact]
    public void A_submission_that_leaves_the_callback_too_little_gas_changes_nothing()
    {
        var (result, context) = SubmitWith((_, frame) => CallResult.Success(frame, default), gas: 250_000);
        Assert.Equal("CallbackGasMissing", result.Error?.Code);
        Assert.Empty(context.Logs);
    }

    [Fact]
    public void A_callback_that_burns_its_gas_cannot_take_the_answer_with_it()
    {
        var told = 0;
        for (var gas = 250_000UL; gas < 400_000; gas += 1000)
        {
            var isTold = false;
            var (result, context) = SubmitWith(
                (_, frame) =>
                {
                    isTold = true;
                    frame.Gas = 0;
                    return CallResult.Revert(frame, new byte[5000], new Error("no", "no"));
                },
                gas);
            if (!isTold)
                continue;
            told++;
            Assert.True(result.IsSuccess, $"with {gas} gas: {result.Error}");
            Assert.Single(context.Logs, log => log.Topics[0] == JobsAbi.CallbackFailed.Topic);
        }
        Assert.InRange(told, 10, 140);
    }

    [Fact]
    public void The_stipend_goes_to_the_provider_who_pays_for_the_callback()
    {
        var (before, locked) = (_chain.Balance(Carol.Address), _chain.Job(_job).Locked);
        var answer = _chain.RunJobs(Carol, Submit(_job, RightOutput));
        Assert.True(answer.Success);
        var bob = _chain.Balance(Bob.Address);
        _chain.Wait(102);
        var paid = locked - (_chain.Balance(Bob.Address) - bob);
        Assert.Equal(before + paid - 1000 - (answer.GasPrice * answer.GasUsed), _chain.Balance(Carol.Address));
        Assert.Equal(1500 + (_baseFee * (2 * CallbackGas)), paid);
    }

    private (CallResult Result, TransactionContext Context) SubmitWith(NativeCode callee, ulong gas = Gas)
    {
        var state = _chain.Reader.OpenState(_chain.Reader.Head);
        var context = new TransactionContext(
            state, BlockContext.Of(_chain.Genesis, _chain.Reader.Head.Header), new ModelCache(), Carol.Address, UInt256.One)
        {
            Callees = new Dictionary<Address, NativeCode> { [Callee] = callee },
        };
        var result = MessageCall.Execute(context, new CallFrame
        {
            Kind = CallKind.Call,
            Caller = Carol.Address,
            Account = SystemContracts.Jobs,
            Callee = SystemContracts.Jobs,
            Gas = gas,
            Input = Submit(_job, RightOutput),
        });
        return (result, context);
    }
}
