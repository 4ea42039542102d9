using Aivm.Chain;
using Aivm.Primitives;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>What is asked wrongly is refused by name, and takes no coin.</summary>
public sealed class JobRefusalTests : IDisposable
{
    private static readonly Hash256 SomeHash = Keccak.Hash("x"u8);

    private readonly TestChain _chain = new(MarketGenesis);
    private readonly Address _model;

    public JobRefusalTests()
    {
        _model = _chain.PublishModel();
        _chain.AddProvider(Carol);
    }

    public void Dispose() => _chain.Dispose();

    private static readonly Dictionary<string, (Func<RequestCall, RequestCall> Change, string Error)> Requests = new()
    {
        ["evidence of execution on the chain"] = (request => request with { Evidence = EvidenceKind.Executed }, "InvalidEvidenceKind"),
        ["evidence of no kind"] = (request => request with { Evidence = (EvidenceKind)9 }, "InvalidEvidenceKind"),
        ["evidence that nobody offers"] = (request => request with { Evidence = EvidenceKind.Attested }, "NoOffer"),
        ["an account that is no model"] = (request => request with { Model = Nobody }, "NotAModel"),
        ["a deadline in the past"] = (request => request with { Deadline = 1 }, "InvalidDeadline"),
        ["a deadline before anybody could accept"] = (request => request with { Deadline = request.Deadline - 190 }, "InvalidDeadline"),
        ["a deadline at the last second to accept"] = (request => request with { Deadline = request.Deadline - 180 }, "InvalidDeadline"),
        ["a deadline a second after the last day"] = (request => request with { Deadline = request.Deadline - 200 + (30 * 86_400) + 1 }, "InvalidDeadline"),
        ["a deadline in a year"] = (request => request with { Deadline = request.Deadline + (366 * 86_400) }, "InvalidDeadline"),
        ["the last deadline that a number can say"] = (request => request with { Deadline = ulong.MaxValue }, "InvalidDeadline"),
        ["a deadline before the provider's answer time"] = (request => request with { Deadline = request.Deadline - 150 }, "NoOffer"),
        ["a reputation that nobody has"] = (request => request with { MinReputation = 5001 }, "NoOffer"),
        ["a reputation over all"] = (request => request with { MinReputation = 65_535 }, "NoOffer"),
        ["a provider that asks for nothing"] = (request => request with { Provider = Dave.Address }, "NoOffer"),
        ["an input kind that is none"] = (request => request with { InputKind = 3 }, "InvalidInputKind"),
        ["a commitment to a public input"] = (request => request with { Commitment = SomeHash }, "InvalidInputKind"),
        ["a digest without a commitment"] = (request => request with { InputKind = 2, Input = new byte[32] }, "InvalidInputKind"),
        ["a digest of 31 bytes"] = (request => request with { InputKind = 2, Commitment = SomeHash, Input = new byte[31] }, "InvalidInputKind"),
        ["a sealed input to nobody"] = (request => request with { InputKind = 1, Commitment = SomeHash }, "InvalidInputKind"),
        ["a sealed input without attested hardware"] = (request => request with { InputKind = 1, Commitment = SomeHash, Provider = Carol.Address }, "InvalidInputKind"),
        ["too long an input"] = (request => request with { Input = new byte[JobsParameters.MaxInputBytes + 1] }, "InputTooLong"),
        ["callback gas without a callback"] = (request => request with { CallbackGas = 100_000 }, "InvalidCallback"),
        ["a callback without gas"] = (request => request with { Callback = Nobody }, "InvalidCallback"),
        ["a callback with too much gas"] = (request => request with { Callback = Nobody, CallbackGas = JobsParameters.MaxCallbackGas + 1 }, "InvalidCallback"),
        ["a callback with all the gas that a number can say"] = (request => request with { Callback = Nobody, CallbackGas = ulong.MaxValue }, "InvalidCallback"),
    };

    public static TheoryData<string> RequestNames => [.. Requests.Keys];

    [Theory]
    [MemberData(nameof(RequestNames))]
    public void A_request_is_refused_by_name_and_locks_nothing(string name)
    {
        var (change, error) = Requests[name];
        Assert.Equal(new Refusal(error), _chain.MineRefusedJob(Bob, change(_chain.Request(_model)).Encode(), 10_000));
        Assert.Equal(0ul, _chain.JobCount());
    }

    [Fact]
    public void The_largest_price_that_fits_is_locked_and_one_more_is_refused()
    {
        var rich = TestAccount.Of("rich");
        var most = JobsParameters.MaxPayment;
        using var chain = new TestChain(MarketGenesis with
        {
            Alloc = [.. MarketGenesis.Alloc.Append(new GenesisAccount(rich.Address, most * 2)).OrderBy(account => account.Address)],
        });
        var model = chain.PublishModel();
        chain.AddProvider(Carol);
        Assert.Equal(new Refusal("PaymentTooHigh"), chain.MineRefusedJob(rich, chain.Request(model).Encode(), most + UInt256.One));
        Assert.True(chain.Run(chain.Jobs(rich, chain.Request(model).Encode(), most)).Success);
        Assert.Equal(most, chain.Owed());
        chain.Wait(22);
        Assert.Equal(JobEnd.NoProvider, chain.Job(1).End);
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Jobs));
    }

    [Theory]
    [InlineData(21)]
    [InlineData(30 * 86_400)]
    public void The_first_and_the_last_deadline_are_taken(ulong seconds)
    {
        Assert.True(_chain.Run(_chain.Compute(Carol, ComputeAbi.Configure.BeginCall().WriteUInt(4u).WriteUInt(1u).ToArray())).Success);
        var time = _chain.Reader.Head.Header.Time + 1;
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Deadline = time + seconds });
        Assert.Equal((time, JobState.Offered), (_chain.Reader.Head.Header.Time, _chain.Job(job).State));
    }

    [Theory]
    [InlineData(false, "NoOffer")]
    [InlineData(true, "PaymentTooHigh")]
    public void A_model_that_costs_more_than_a_job_may_lock_takes_no_job(bool isOverTheMost, string error)
    {
        var price = isOverTheMost ? JobsParameters.MaxPayment + UInt256.One : JobsParameters.MaxPayment;
        Assert.True(_chain.Run(_chain.Models(Alice, ModelsAbi.SetPrice.BeginCall().WriteAddress(_model).WriteUInt(price).ToArray())).Success);
        Assert.Equal(new Refusal(error), _chain.MineRefusedJob(Bob, _chain.Request(_model).Encode(), 10_000));
    }

    /// <summary>No genesis starts with a base fee at which a callback costs so much; a chain that is full for long enough comes to one.</summary>
    [Fact]
    public void A_callback_that_costs_more_than_a_job_may_lock_is_refused()
    {
        Assert.Equal("NoOffer", RequestAtBaseFee(JobsParameters.MaxPayment / 2));
        Assert.Equal("PaymentTooHigh", RequestAtBaseFee((JobsParameters.MaxPayment / 2) + UInt256.One));
    }

    [Fact]
    public void Answers_are_refused_by_name_and_the_job_goes_on()
    {
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.Equal(new Refusal("OutputTooLong"), MineRefusedAnswer(job, new byte[JobsParameters.MaxOutputBytes + 1]));
        Assert.Equal(new Refusal("OutputTooLong"), MineRefusedAnswer(job, new byte[JobsParameters.MaxOutputBytes + sizeof(long)]));
        Assert.Equal(new Refusal("InvalidOutput"), MineRefusedAnswer(job, []));
        Assert.Equal(new Refusal("InvalidOutput"), MineRefusedAnswer(job, [1, 2, 3]));
        Assert.Equal(Refusal.OfEvidence("evidence-unwanted"), MineRefusedAnswer(job, RightOutput, [1]));
        Assert.Equal(new Refusal("JobNotFound"), MineRefusedAnswer(job + 1, RightOutput));
        Assert.Equal(new Refusal("JobNotFound"), MineRefusedAnswer(ulong.MaxValue, RightOutput));
        Assert.Equal(new Refusal("NotOfferedTo"), _chain.MineRefusedJob(Bob, Submit(job, RightOutput)));
        Assert.True(_chain.RunJobs(Carol, Submit(job, RightOutput)).Success);
        Assert.Equal(new Refusal("WrongState"), MineRefusedAnswer(job, RightOutput));
    }

    [Fact]
    public void The_longest_output_is_taken()
    {
        var job = _chain.Lock(Bob, _chain.Request(_model));
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(job, new byte[JobsParameters.MaxOutputBytes])).Success);
    }

    [Fact]
    public void Stake_that_stands_behind_a_job_stays()
    {
        _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal("StakeReserved", _chain.Refused(Carol, SystemContracts.Compute, Unbond(Coin * 100)));
        Assert.Equal("StakeReserved", _chain.Refused(Carol, SystemContracts.Compute, Unbond(UInt256.Zero)));
        Assert.True(_chain.Run(_chain.Compute(Carol, Unbond(Coin * 99))).Success);
        Assert.Equal("StillUnbonding", _chain.Refused(Carol, SystemContracts.Compute, ComputeAbi.Withdraw.BeginCall().ToArray()));
        Assert.Equal("NoOffer", _chain.RefusedJob(Bob, _chain.Request(_model).Encode(), 10_000));
        _chain.Wait(300);
        var before = _chain.Balance(Carol.Address);
        var withdrawn = _chain.Run(_chain.Compute(Carol, ComputeAbi.Withdraw.BeginCall().ToArray()));
        Assert.Equal(before + (Coin * 99) - (withdrawn.GasPrice * withdrawn.GasUsed), _chain.Balance(Carol.Address));
        Assert.Equal("NothingToWithdraw", _chain.Refused(Carol, SystemContracts.Compute, ComputeAbi.Withdraw.BeginCall().ToArray()));
    }

    [Fact]
    public void Providers_are_refused_by_name()
    {
        var compute = SystemContracts.Compute;
        Assert.Equal("AlreadyRegistered", _chain.Refused(Carol, compute, Register(), Coin * 100));
        Assert.Equal("StakeTooLow", _chain.Refused(Dave, compute, Register(), (Coin * 16) - UInt256.One));
        Assert.Equal("InvalidCapacity", _chain.Refused(Dave, compute, Register(maxJobs: 0), Coin * 100));
        Assert.Equal("InvalidCapacity", _chain.Refused(Dave, compute, Register(maxJobs: uint.MaxValue), Coin * 100));
        Assert.Equal("InvalidAnswerTime", _chain.Refused(Dave, compute, Register(answerSeconds: 0), Coin * 100));
        Assert.Equal("NotAProvider", _chain.Refused(Dave, compute, Ask()));
        Assert.Equal("InvalidClass", _chain.Refused(Carol, compute, Ask(EvidenceKind.Executed)));
        Assert.Equal("InvalidClass", _chain.Refused(Carol, compute, Ask(tier: 4)));
        Assert.Equal("ValueNotAccepted", _chain.Refused(Carol, compute, Ask(), 1));
        Assert.Equal("MalformedCalldata", _chain.Refused(Carol, compute, [.. Ask(), 0]));
        Assert.Equal("UnknownSelector", _chain.Refused(Carol, compute, [1, 2, 3, 4]));
        Assert.Equal("AskNotFound", _chain.Refused(Carol, compute, ComputeAbi.WithdrawAsk.BeginCall().WriteUInt(1ul).WriteUInt(0ul).ToArray()));
    }

    [Fact]
    public void A_new_price_counts_ten_blocks_later()
    {
        Assert.True(_chain.Run(_chain.Compute(Carol, Ask(price: 9000))).Success);
        _chain.MineBlocks(8);
        var before = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal((UInt256)500, _chain.Job(before).Price);
        var after = _chain.Lock(Bob, _chain.Request(_model));
        Assert.Equal((UInt256)9000, _chain.Job(after).Price);
    }

    [Fact]
    public void A_full_class_is_entered_by_asking_for_less_than_the_dearest()
    {
        var providers = Enumerable.Range(0, ComputeParameters.AsksPerClass + 1).Select(i => TestAccount.Of($"provider {i}")).ToArray();
        using var chain = new TestChain(MarketGenesis with
        {
            Alloc =
            [
                .. MarketGenesis.Alloc.Concat(providers.Select(provider => new GenesisAccount(provider.Address, Coin * 1000))).OrderBy(account => account.Address),
            ],
        });
        foreach (var provider in providers)
            chain.Submit(chain.Compute(provider, Register(), Coin * 16));
        while (chain.Mine().Length > 0)
            ;
        for (var i = 0; i < ComputeParameters.AsksPerClass; i++)
            chain.Submit(chain.Compute(providers[i], Ask(price: 1000 + (ulong)i)));
        while (chain.Mine().Length > 0)
            ;
        var newcomer = providers[^1];
        Assert.Equal("ClassFull", chain.Refused(newcomer, SystemContracts.Compute, Ask(price: 1063)));
        Assert.True(chain.Run(chain.Compute(newcomer, Ask(price: 1062))).Success);
        var displaced = Assert.Single(chain.Logs(ComputeAbi.AskWithdrawn));
        Assert.Equal(AbiEvent.TopicOf(providers[63].Address), displaced.Log.Topics[1]);
        Assert.Equal((UInt256)(ulong)AskEnd.Displaced, UInt256.FromBigEndian(displaced.Log.Data.Span));
    }

    /// <summary>Requests a job with a callback of one gas from a rich account, and returns the error.</summary>
    private string? RequestAtBaseFee(UInt256 baseFee)
    {
        var state = _chain.Reader.OpenState(_chain.Reader.Head);
        state.AddBalance(Bob.Address, JobsParameters.MaxPayment);
        var block = BlockContext.Of(_chain.Genesis, _chain.Reader.Head.Header) with { BaseFee = baseFee };
        return MessageCall.Execute(new TransactionContext(state, block, new ModelCache(), Bob.Address, baseFee), new CallFrame
        {
            Kind = CallKind.Call,
            Caller = Bob.Address,
            Account = SystemContracts.Jobs,
            Callee = SystemContracts.Jobs,
            Gas = Gas,
            Value = JobsParameters.MaxPayment,
            Input = (_chain.Request(_model) with { Callback = Nobody, CallbackGas = 1 }).Encode(),
        }).Error?.Code;
    }

    private Refusal MineRefusedAnswer(ulong job, byte[] output, byte[]? evidence = null) => _chain.MineRefusedJob(Carol, Submit(job, output, evidence));

    private static byte[] Unbond(UInt256 amount) => ComputeAbi.Unbond.BeginCall().WriteUInt(amount).ToArray();
}
