using Aivm.Chain;
using Aivm.Primitives;
using Aivm.State;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>A chain with a published model, a market of quick rules, and the transactions of callers and providers.</summary>
internal static class JobsFixture
{
    public const ulong Gas = 10_000_000;

    public static readonly TestAccount Dave = TestAccount.Of("dave");
    public static readonly TestAccount Erin = TestAccount.Of("erin");

    public static readonly MarketRules Rules = new()
    {
        MinStake = Coin * 16,
        AcceptSeconds = 20,
        AcceptBlocks = 2,
        DeadlineBlocks = 3,
        ChallengeSeconds = 100,
        UnbondingSeconds = 200,
    };

    public static readonly Genesis MarketGenesis = DefaultGenesis with
    {
        Market = Rules,
        Alloc =
        [
            .. new[] { Alice, Bob, Carol, Dave, Erin }.Select(account => new GenesisAccount(account.Address, Coin * 1000)).OrderBy(account => account.Address),
        ],
    };

    /// <summary>Published by Alice at 1,000 wei: [x0, x1] to [x0 + 2 x1 + 10, 3 x0 - x1].</summary>
    public static Address PublishModel(this TestChain chain) => chain.Publish(Alice, ModelsFixture.Container(), price: 1000);

    public static readonly byte[] Input = ModelsFixture.Packed(3, 4);

    public static readonly byte[] RightOutput = ModelsFixture.Packed(21, 5);

    public static readonly byte[] WrongOutput = ModelsFixture.Packed(21, 6);

    public static Transaction Jobs(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default) =>
        chain.Sign(from, SystemContracts.Jobs, value, data, Gas);

    public static Transaction Compute(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default) =>
        chain.Sign(from, SystemContracts.Compute, value, data, Gas);

    public static byte[] Register(uint maxJobs = 4, uint answerSeconds = 60) => ComputeAbi.Register.BeginCall().WriteUInt(maxJobs).WriteUInt(answerSeconds).ToArray();

    public static byte[] Ask(EvidenceKind evidence = EvidenceKind.Staked, ulong price = 500, byte tier = 0, ulong perMgas = 0) =>
        ComputeAbi.Ask.BeginCall().WriteUInt((ulong)evidence).WriteUInt((ulong)tier).WriteUInt(price).WriteUInt(perMgas).ToArray();

    /// <summary>Registers, asks, and lets the price become effective.</summary>
    public static void AddProvider(this TestChain chain, TestAccount provider, ulong price = 500, EvidenceKind evidence = EvidenceKind.Staked, uint maxJobs = 4)
    {
        Assert.True(chain.Run(chain.Compute(provider, Register(maxJobs), Coin * 100)).Success);
        Assert.True(chain.Run(chain.Compute(provider, Ask(evidence, price))).Success);
        chain.MineBlocks(ComputeParameters.AskDelay);
    }

    public static void MineBlocks(this TestChain chain, ulong count)
    {
        for (var i = 0UL; i < count; i++)
            chain.Mine();
    }

    /// <summary>Lets this much time pass, in as many blocks.</summary>
    public static void Wait(this TestChain chain, ulong seconds, ulong blocks = 5)
    {
        for (var i = 1UL; i <= blocks; i++)
            chain.Mine(chain.Reader.Head.Header.Time + (i == blocks ? seconds - (blocks - 1) : 1));
    }

    public static RequestCall Request(this TestChain chain, Address model) =>
        new(model, EvidenceKind.Staked, chain.Reader.Head.Header.Time + 200);

    /// <summary>Requests a job with 10,000 wei and returns its number.</summary>
    public static ulong Lock(this TestChain chain, TestAccount caller, RequestCall request, ulong value = 10_000)
    {
        Assert.True(chain.Run(chain.Jobs(caller, request.Encode(), value)).Success);
        return chain.JobCount();
    }

    public static byte[] Accept(ulong job) => JobsAbi.Accept.BeginCall().WriteUInt(job).ToArray();

    public static byte[] Decline(ulong job, string reason = "busy") => JobsAbi.Decline.BeginCall().WriteUInt(job).WriteString(reason).ToArray();

    public static byte[] Cancel(ulong job) => JobsAbi.Cancel.BeginCall().WriteUInt(job).ToArray();

    public static byte[] Expire(ulong job) => JobsAbi.Expire.BeginCall().WriteUInt(job).ToArray();

    public static byte[] Submit(ulong job, byte[] output, byte[]? evidence = null) =>
        JobsAbi.Submit.BeginCall().WriteUInt(job).WriteBytes(output).WriteBytes(evidence ?? []).ToArray();

    public static byte[] Replay(ulong job, byte[]? input = null, Hash256 salt = default) =>
        JobsAbi.ChallengeByReplay.BeginCall().WriteUInt(job).WriteHash(salt).WriteBytes(input ?? Input).ToArray();

    public static MinedTransaction RunJobs(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default) => chain.Run(chain.Jobs(from, data, value));

    /// <summary>A call that must revert, and the name of its error.</summary>
    public static string Refused(this TestChain chain, TestAccount from, Address contract, byte[] data, UInt256 value = default)
    {
        var call = chain.Call(from.Address, contract, data, value).Call;
        Assert.Equal(CallStatus.Reverted, call.Status);
        Assert.Equal(Refusal.Read(call.Output.Span).Error, call.Error!.Code);
        return call.Error.Code;
    }

    public static string RefusedJob(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default) =>
        chain.Refused(from, SystemContracts.Jobs, data, value);

    public static ulong JobCount(this TestChain chain) => (ulong)chain.Read(SystemContracts.Jobs, JobsAbi.JobCount);

    public static UInt256 Owed(this TestChain chain) => chain.Read(SystemContracts.Jobs, JobsAbi.Owed);

    public static JobView Job(this TestChain chain, ulong job)
    {
        var output = chain.Call(Nobody, SystemContracts.Jobs, JobsAbi.Job.BeginCall().WriteUInt(job).ToArray()).Call.Output;
        var reader = new AbiReader(output.Span);
        Assert.True(reader.TryReadAddress(out var caller) & reader.TryReadUInt64(out var state) & reader.TryReadUInt64(out _) & reader.TryReadUInt64(out _)
            & reader.TryReadUInt64(out var end) & reader.TryReadAddress(out _) & reader.TryReadAddress(out var provider) & reader.TryReadUInt256(out var price)
            & reader.TryReadUInt256(out var locked) & reader.TryReadUInt64(out var deadline) & reader.TryReadUInt64(out var dueTime)
            & reader.TryReadUInt64(out var dueHeight) & reader.TryReadHash(out _) & reader.TryReadHash(out var outputHash) & reader.TryReadHash(out var receiptId)
            & reader.TryEnd());
        return new JobView(caller, (JobState)state, (JobEnd)end, provider, price, locked, deadline, dueTime, dueHeight, outputHash, receiptId);
    }

    public static ProviderView Provider(this TestChain chain, Address provider)
    {
        var output = chain.Call(Nobody, SystemContracts.Compute, ComputeAbi.Provider.BeginCall().WriteAddress(provider).ToArray()).Call.Output;
        var reader = new AbiReader(output.Span);
        Assert.True(reader.TryReadUInt256(out var stake) & reader.TryReadUInt256(out var reserved) & reader.TryReadUInt256(out var unbonding)
            & reader.TryReadUInt64(out var availableAt) & reader.TryReadUInt32(out var maxJobs) & reader.TryReadUInt32(out var active)
            & reader.TryReadUInt32(out _) & reader.TryReadUInt64(out var strikes) & reader.TryReadUInt64(out _) & reader.TryReadUInt64(out var reputation)
            & reader.TryEnd());
        return new ProviderView(stake, reserved, unbonding, availableAt, maxJobs, active, strikes, reputation);
    }

    public static RecordView Record(this TestChain chain, Address provider)
    {
        var output = chain.Call(Nobody, SystemContracts.Compute, ComputeAbi.Record.BeginCall().WriteAddress(provider).ToArray()).Call.Output;
        var reader = new AbiReader(output.Span);
        Assert.True(reader.TryReadUInt32(out var succeeded) & reader.TryReadUInt32(out var slow) & reader.TryReadUInt32(out var missed)
            & reader.TryReadUInt32(out var late) & reader.TryReadUInt32(out var wrong) & reader.TryReadUInt64(out var totalSeconds) & reader.TryEnd());
        return new RecordView(succeeded, slow, missed, late, wrong, totalSeconds);
    }

    public static ulong ReceiptHeight(this TestChain chain, Hash256 receiptId) =>
        (ulong)UInt256.FromBigEndian(chain.Call(
            Nobody, SystemContracts.Jobs, JobsAbi.ReceiptHeight.BeginCall().WriteHash(receiptId).ToArray()).Call.Output.Span);

    public static IReadOnlyList<MinedLog> Logs(this TestChain chain, AbiEvent kind)
    {
        var filter = new LogFilter(0, chain.Reader.Head.Number, [], [[kind.Topic]]);
        Assert.True(chain.Reader.TryGetLogs(filter, out var logs, out _));
        return logs;
    }

    /// <summary>A node that executes the chain again from its genesis finds the same headers.</summary>
    public static void RequireEqualReplay(this TestChain chain)
    {
        using var store = new MemoryStore();
        Assert.True(Aivm.Chain.Replay.Run(chain.Reader, store).IsEqual);
    }

    private static UInt256 Read(this TestChain chain, Address contract, AbiFunction function) =>
        UInt256.FromBigEndian(chain.Call(Nobody, contract, function.BeginCall().ToArray()).Call.Output.Span);
}

/// <summary>A test changes one member.</summary>
internal sealed record RequestCall(Address Model, EvidenceKind Evidence, ulong Deadline)
{
    public ulong MinReputation { get; init; }

    public Address Provider { get; init; }

    public ulong InputKind { get; init; }

    public Hash256 Commitment { get; init; }

    public byte[] Input { get; init; } = JobsFixture.Input;

    public Address Callback { get; init; }

    public ulong CallbackGas { get; init; }

    public byte[] Encode() => JobsAbi.Request.BeginCall()
        .WriteAddress(Model)
        .WriteUInt((ulong)Evidence)
        .WriteUInt(Deadline)
        .WriteUInt(MinReputation)
        .WriteAddress(Provider)
        .WriteUInt(InputKind)
        .WriteHash(Commitment)
        .WriteBytes(Input)
        .WriteAddress(Callback)
        .WriteUInt(CallbackGas)
        .ToArray();
}

internal sealed record JobView(
    Address Caller, JobState State, JobEnd End, Address Provider, UInt256 Price, UInt256 Locked, ulong Deadline, ulong DueTime, ulong DueHeight,
    Hash256 OutputHash, Hash256 ReceiptId);

internal sealed record ProviderView(
    UInt256 Stake, UInt256 Reserved, UInt256 Unbonding, ulong AvailableAt, uint MaxJobs, uint ActiveJobs, ulong Strikes, ulong Reputation);

internal sealed record RecordView(uint Succeeded, uint Slow, uint Missed, uint Late, uint Wrong, ulong TotalSeconds);
