using System.Text.Json;
using Aivm.Inference;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Cli;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Provider;

/// <summary><c>aivm job challenge</c>, in a process of its own, against the daemon's answers.</summary>
public sealed partial class ProviderTests
{
    private static Address Challenger => DevChain.Accounts[4].Address;

    private static long[] Lie(long[] outputs) => [.. outputs.Select(output => output + 1)];

    private sealed record LyingModel(IntegerModel Honest) : IRunnable
    {
        public Hash256 Hash => Honest.Hash;

        public int OutputCount => Honest.OutputCount;

        public long ResidentMemory => Honest.ResidentMemory;

        public long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation) => Lie(Honest.Run(input, cancellation));
    }

    [Fact]
    public async Task A_wrong_answer_is_shown_by_proof_and_its_caller_gets_the_money_back()
    {
        await ServeAsync(JobEvidence.Staked, answered: Lie);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), Packed(SmallNetwork.Input(2))));
        var answer = await AnswerAsync(job);
        var (locked, before) = ((await new JobsClient(_rpc).GetAsync(job, Cancellation)).Locked, await _caller.GetBalanceAsync(Cancellation));
        using var cli = new CliProcess();
        await RequireShownByProofAsync(job, await ChallengeAsync(cli, job, "--by", "proof", "--json"));
        Assert.Equal(before + locked, await _caller.GetBalanceAsync(Cancellation));
        Assert.Equal(1u, (await new ComputeClient(_rpc).GetRecordAsync(Provider, Cancellation)).Wrong);
        var revoked = await Assert.ThrowsAsync<AivmException>(() => new ReceiptClient(_rpc).GetAsync(answer.Receipt.Id, cancellation: Cancellation));
        Assert.Equal("receipt-not-found", revoked.Error.Code);
    }

    [Fact]
    public async Task What_a_development_enclave_signed_is_shown_wrong_by_proof()
    {
        var job = await SignALieAsync(plain => Task.FromResult(plain));
        using var cli = new CliProcess();
        await RequireShownByProofAsync(job, await ChallengeAsync(cli, job, "--by", "proof", "--json"));
    }

    /// <summary>Nobody else can: the chain sees a commitment.</summary>
    [Fact]
    public async Task The_caller_of_a_sealed_input_shows_a_wrong_answer_by_proof_with_its_salt()
    {
        SealedRequest? hidden = null;
        var job = await SignALieAsync(async plain =>
        {
            var caller = new JobCaller(_caller);
            hidden = await caller.SealAsync(plain, await caller.QuoteAsync(plain, Cancellation), Cancellation);
            return hidden.Request;
        });
        using var reply = hidden!.ReplyKey;
        using var cli = new CliProcess();
        var file = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { LiedAbout }));
        CommandLineTests.AssertFailure(await ChallengeAsync(cli, job, "--by", "proof", "--json"), 2, "input-required");
        CommandLineTests.AssertFailure(await ChallengeAsync(cli, job, "--by", "proof", "--json", "--input", file), 2, "input-mismatch");
        await RequireShownByProofAsync(job, await ChallengeAsync(cli, job, "--by", "proof", "--json", "--input", file, "--salt", $"{hidden.Input.Salt}"));
    }

    [Theory]
    [InlineData]
    [InlineData("--by", "replay")]
    [InlineData("--by", "proof")]
    public async Task A_right_answer_is_left_alone_by_name_before_a_coin_is_spent(params string[] how)
    {
        await ServeAsync(JobEvidence.DevelopmentAttested);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(3))));
        await AnswerAsync(job);
        var before = await _rpc.GetBalanceAsync(Challenger, Cancellation);
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await ChallengeAsync(cli, job, ["--json", .. how]), 1, "answer-right");
        Assert.Equal((before, 0ul), (await _rpc.GetBalanceAsync(Challenger, Cancellation), await _rpc.GetNonceAsync(Challenger, Cancellation)));
        Assert.Equal(JobState.Answered, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).State);
    }

    [Fact]
    public async Task By_default_validators_run_what_fits_into_a_transaction_and_the_price_is_said_first()
    {
        await ServeAsync(JobEvidence.Staked, answered: Lie);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), Packed(SmallNetwork.Input(2))));
        await AnswerAsync(job);
        using var cli = new CliProcess();
        var outcome = await ChallengeAsync(cli, job);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Matches(@"Challenging by a run of all validators: up to [\d,]+ gas, [\d.]+ coins", outcome.Error);
        Assert.Contains($"job        {job}, ended: wrong", outcome.Output, StringComparison.Ordinal);
        // It is over: nobody can be paid for it twice.
        CommandLineTests.AssertFailure(await ChallengeAsync(cli, job, "--by", "proof", "--json"), 1, "not-challengeable");
    }

    [Fact]
    public async Task By_default_a_proof_shows_what_no_transaction_runs_and_it_says_why()
    {
        var model = (await new ModelPublisher(_caller).PublishAsync(new ModelRelease(HeavyNetwork.Container, "heavy"), cancellation: Cancellation)).Model;
        await ServeAsync(JobEvidence.Staked, answered: Lie, tier: 2);
        var job = await RequestAsync(new JobRequest(model, JobEvidence.Staked, await DeadlineAsync(), HeavyNetwork.Input));
        await AnswerAsync(job);
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await ChallengeAsync(cli, job, "--by", "replay", "--json"), 2, "challenge-too-dear");
        var outcome = await ChallengeAsync(cli, job);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("A run of it fits into no transaction, so a proof shows it.", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(JobEnd.Wrong, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).End);
    }

    private Task<CliProcess.Outcome> ChallengeAsync(CliProcess cli, ulong job, params string[] options) =>
        cli.Run(["job", "challenge", $"{job}", "--from", $"{Challenger}", "--rpc", $"{_node.Node.Url}", .. options]);

    private static long[] LiedAbout { get; } = SmallNetwork.Input(5);

    /// <summary>Has a job answered by a provider whose enclave runs another model than it says.</summary>
    /// <param name="seal">Makes the request of a plain one, once the enclave has its session.</param>
    private async Task<ulong> SignALieAsync(Func<JobRequest, Task<JobRequest>> seal)
    {
        var liar = new Wallet(_rpc, DevChain.Accounts[1].Key.Span);
        await liar.SendAndWaitAsync(ComputeClient.Register(1, 20, UInt256.Parse("200000000000000000000")), Cancellation);
        await liar.SendAndWaitAsync(ComputeClient.Ask(JobEvidence.DevelopmentAttested, 0, 1000, 1), Cancellation);
        using var session = new EnclaveSession(liar, DevChain.ChainId, new DevelopmentHardware(), TestMemory.In(_home), keys: null, _ => { });
        await session.EnsureAsync(await _rpc.GetHeadAsync(Cancellation), Cancellation);
        await UntilAsync(async () => (await new ComputeClient(_rpc).ListAsksAsync(JobEvidence.DevelopmentAttested, 0))[0].EffectiveAt < await _rpc.GetBlockNumberAsync());

        var request = await seal(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(LiedAbout)));
        var job = await RequestAsync(request);
        await liar.SendAndWaitAsync(JobsClient.Accept(job), Cancellation);
        var status = await new JobsClient(_rpc).GetAsync(job, Cancellation);
        Assert.True(Model.TryLoad(SmallNetwork.Container, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        var answer = session.Answer(
            new LyingModel(new IntegerModel(model, SmallNetwork.Container)),
            new EnclaveJob(
                DevChain.ChainId, liar.Address, job, status.Caller, status.InputCommitment, request.InputKind == JobInputKind.Sealed, request.Input.ToArray(),
                await _rpc.GetBlockNumberAsync(Cancellation)),
            Cancellation);
        await liar.SendAndWaitAsync(JobsClient.Submit(job, answer.Output, answer.Evidence), Cancellation);
        return job;
    }

    /// <summary>The document says so, the chain says so, and a proof said it to the chain.</summary>
    private async Task RequireShownByProofAsync(ulong job, CliProcess.Outcome outcome)
    {
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(("wrong", "proof"), (outcome.Json.GetProperty("end").GetString(), outcome.Json.GetProperty("challenge").GetString()));
        Assert.Equal(JobEnd.Wrong, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).End);
        var calldata = await _rpc.GetCalldataAsync(Hash256.Parse(outcome.Json.GetProperty("transaction").GetString()), Cancellation);
        Assert.True(AbiSelector.TrySplit(calldata, out var selector, out _));
        Assert.Equal(JobsInterface.ChallengeByProof.Selector, selector);
    }
}
