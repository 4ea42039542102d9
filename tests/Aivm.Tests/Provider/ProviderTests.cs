using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Aivm.Inference;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Node;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Provider;

/// <summary>The daemon against a node in this process.</summary>
public sealed partial class ProviderTests : IAsyncLifetime
{
    private const int ChallengeSeconds = 20;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("aivm-provider-");
    private CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<ProviderEvent> _events = [];
    private NodeFixture _node = null!;
    private RpcClient _rpc = null!;
    private Wallet _caller = null!;
    private Address _model;
    private Task _serving = Task.CompletedTask;
    private ProviderDaemon? _daemon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Address Provider => DevChain.Accounts[1].Address;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new NodeOptions { BlockTime = TimeSpan.FromMilliseconds(50), Genesis = DevChain.Genesis(challengeSeconds: ChallengeSeconds) });
        _rpc = new RpcClient(_node.Node.Url);
        _caller = new Wallet(_rpc, DevChain.Accounts[0].Key.Span);
        _model = (await new ModelPublisher(_caller).PublishAsync(new ModelRelease(SmallNetwork.Container, "small"))).Model;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _rpc.Dispose();
        await _node.DisposeAsync();
        _home.Delete(recursive: true);
    }

    [Theory]
    [InlineData(JobEvidence.Proved)]
    [InlineData(JobEvidence.Staked)]
    [InlineData(JobEvidence.DevelopmentAttested)]
    public async Task A_job_comes_back_with_the_evidence_that_was_asked_for_and_the_engines_bytes(JobEvidence evidence)
    {
        await ServeAsync(evidence);
        var input = Packed(SmallNetwork.Input(3));
        var job = await RequestAsync(new JobRequest(_model, evidence, await DeadlineAsync(), input));
        var answer = await AnswerAsync(job);
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(3)), OutputNumbers.Unpack(answer.Output));
        Assert.Equal((byte)evidence, answer.Receipt.EvidenceKind);
        Assert.True(answer.Receipt.IsFor(input));
        var file = await new ReceiptClient(_rpc).GetAsync(answer.Receipt.Id, cancellation: Cancellation);
        Assert.True(ReceiptVerifier.TryVerify(file, Keccak.Hash(file.Header), out var receipt, out var error), error?.ToString());
        Assert.Equal(job, (ulong)UInt256.FromBigEndian(receipt.Job.Span));
    }

    [Fact]
    public async Task A_sealed_input_is_read_inside_the_enclave_alone_and_its_output_by_the_caller_alone()
    {
        await ServeAsync(JobEvidence.DevelopmentAttested);
        var input = Packed(SmallNetwork.Input(7));
        var session = await new AttestationsClient(_caller).GetSessionAsync(Provider, Cancellation);
        using var reply = EncryptionKey.Generate();
        Assert.True(SealedInput.TrySeal(
            new InputBinding(DevChain.ChainId, Provider, Keccak.Hash(SmallNetwork.Container), _caller.Address),
            session!.EncryptionKey.Span, reply.PublicKey.Span, input, out var sealedInput, out var error), error?.ToString());
        var request = new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), sealedInput.Bytes)
        {
            Provider = Provider,
            InputKind = JobInputKind.Sealed,
            Commitment = sealedInput.Commitment,
        };
        var job = await RequestAsync(request);
        var answer = await AnswerAsync(job);
        Assert.True(SealedOutput.TryOpen(reply, DevChain.ChainId, job, answer.Receipt.OutputHash, answer.Output, out var outputs, out error), error?.ToString());
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(7)), outputs);
        Assert.Equal(sealedInput.Commitment, answer.Receipt.InputCommitment);

        // Somebody who copies it from the chain is not told what a job of his own gives.
        var copied = await RequestAsync(request, new Wallet(_rpc, DevChain.Accounts[2].Key.Span));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(copied)).End);
        await HappensAsync(item => item.Job == copied && item.Message.StartsWith("sealed-input-unopened", StringComparison.Ordinal));

        await StopAsync();
        foreach (var file in _home.EnumerateFiles("*", SearchOption.AllDirectories))
            Assert.True(File.ReadAllBytes(file.FullName).AsSpan().IndexOf(input) < 0, $"{file.Name} holds the plaintext");
        foreach (var block in Enumerable.Range(0, (int)await _rpc.GetBlockNumberAsync(Cancellation)))
        {
            Assert.True(_node.Node.Application.Reader.TryGetBlock((ulong)block, out var mined));
            Assert.All(mined.Transactions, transaction => Assert.True(transaction.Data.Span.IndexOf(input) < 0));
        }
    }

    [Fact]
    public async Task What_cannot_be_answered_is_declined_with_its_reason_and_refunded()
    {
        await ServeAsync(JobEvidence.Staked);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), new byte[3]));
        var status = await EndAsync(job);
        Assert.Equal(JobEnd.NoProvider, status.End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith("input-shape", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sealed_input_that_does_not_open_is_declined()
    {
        await ServeAsync(JobEvidence.DevelopmentAttested);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), new byte[200])
        {
            Provider = Provider,
            InputKind = JobInputKind.Sealed,
            Commitment = Keccak.Hash("x"u8),
        });
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Message.StartsWith("sealed-input-unopened", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_input_by_digest_is_fetched_and_checked_against_its_commitment()
    {
        var store = new FolderStore(Path.Combine(_home.FullName, "content"));
        await ServeAsync(JobEvidence.Staked, store);
        var request = await ByDigestAsync(store, seed: 4);
        var answer = await AnswerAsync(await RequestAsync(request));
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(4)), OutputNumbers.Unpack(answer.Output));

        var other = await RequestAsync(request with { Commitment = Keccak.Hash("x"u8) });
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(other)).End);
        await HappensAsync(item => item.Job == other && item.Message.StartsWith("input-commitment-mismatch", StringComparison.Ordinal));
    }

    /// <summary>Who was asked holds the input when it accepts, and needs nobody for it any more.</summary>
    [Fact]
    public async Task An_input_that_left_its_store_after_acceptance_is_answered_by_the_next_process_too()
    {
        var store = new FolderStore(Path.Combine(_home.FullName, "content"));
        await ServeAsync(JobEvidence.Staked, store, observer: item => EndAt(ProviderEventKind.Accepted, item));
        var job = await RequestAsync(await ByDigestAsync(store, seed: 4));
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Directory.Delete(store.Root, recursive: true);
        await StopAsync();
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        await ServeAsync(JobEvidence.Staked, store);
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(4)), OutputNumbers.Unpack((await AnswerAsync(job)).Output));
    }

    [Fact]
    public async Task Two_jobs_on_one_input_that_come_at_once_are_both_answered()
    {
        var store = new FolderStore(Path.Combine(_home.FullName, "content"));
        await ServeAsync(JobEvidence.Staked, new SlowStore(store));
        var request = await ByDigestAsync(store, seed: 6);
        var jobs = await Task.WhenAll(RequestAsync(request), RequestAsync(request, new Wallet(_rpc, DevChain.Accounts[2].Key.Span)));
        foreach (var job in jobs)
            Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(6)), OutputNumbers.Unpack((await AnswerAsync(job)).Output));
    }

    /// <summary>Takes a second for everything.</summary>
    private sealed class SlowStore(IContentStore store) : IContentStore
    {
        public Task<bool> ContainsAsync(ContentDigest digest, CancellationToken cancellation = default) => store.ContainsAsync(digest, cancellation);

        public Task<ContentDescriptor> AddAsync(string file, IProgress<long>? progress = null, CancellationToken cancellation = default) => store.AddAsync(file, progress, cancellation);

        public async Task FetchAsync(ContentDigest digest, string file, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default)
        {
            await Task.Delay(1000, cancellation);
            await store.FetchAsync(digest, file, maxSize, progress, cancellation);
        }
    }

    /// <summary>A request for an input that is put into a store.</summary>
    private async Task<JobRequest> ByDigestAsync(FolderStore store, int seed)
    {
        var input = Packed(SmallNetwork.Input(seed));
        var file = Path.Combine(_home.FullName, "input");
        await File.WriteAllBytesAsync(file, input, Cancellation);
        var added = await store.AddAsync(file, cancellation: Cancellation);
        return new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), added.Digest.Hash.Span.ToArray())
        {
            InputKind = JobInputKind.Content,
            Commitment = Keccak.Hash([.. Hash256.Zero.Span, 1, .. input]),
        };
    }

    [Fact]
    public async Task A_watcher_challenges_a_wrong_answer_and_leaves_a_right_one()
    {
        await ServeAsync(JobEvidence.Staked, answered: outputs => outputs[0] % 2 == 0 ? outputs : [.. outputs.Select(output => output + 1)]);
        for (var i = 0; i < 4; i++)
            await AnswerAsync(await RequestAsync(new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), Packed(SmallNetwork.Input(i)))));
        using var watcher = new AnswerWatcher(
            new Wallet(_rpc, DevChain.Accounts[2].Key.Span), new ProviderOptions { Directory = Path.Combine(_home.FullName, "watcher") }, fraction: 1, seed: 0);
        var result = await watcher.WatchAsync(0, await _rpc.GetBlockNumberAsync(Cancellation), Cancellation);
        var expected = Enumerable.Range(0, 4).Count(i => SmallNetwork.Run(SmallNetwork.Input(i))[0] % 2 != 0);
        Assert.Equal(expected, result.Wrong.Count);
        foreach (var job in result.Wrong)
            Assert.Equal(JobEnd.Wrong, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).End);
    }

    /// <summary>The node fails while the watcher looks at the answer, and at the moment of its challenge: neither lets a liar be paid.</summary>
    [Fact]
    public async Task A_watcher_looks_again_at_what_it_could_not_check_and_challenges_it()
    {
        await ServeAsync(JobEvidence.Staked, answered: outputs => [.. outputs.Select(output => output + 1)]);
        var job = await RequestAsync(new JobRequest(_model, JobEvidence.Staked, await DeadlineAsync(), Packed(SmallNetwork.Input(3))));
        await AnswerAsync(job);
        HashSet<string> failing = ["eth_call", "eth_sendRawTransaction"];
        using var node = new LyingNode(_node.Node.Url, (request, response) =>
        {
            if (request is JsonObject && failing.Remove((string)request["method"]!))
            {
                response.AsObject().Remove("result");
                response["error"] = new JsonObject { ["code"] = -32603, ["message"] = "internal error" };
            }
        });
        using var rpc = new RpcClient(node.Url);
        using var watcher = new AnswerWatcher(
            new Wallet(rpc, DevChain.Accounts[2].Key.Span), new ProviderOptions { Directory = Path.Combine(_home.FullName, "watcher") }, fraction: 1, seed: 0, _events.Enqueue)
        {
            RetryPause = TimeSpan.Zero,
        };
        var first = await watcher.WatchAsync(0, await _rpc.GetBlockNumberAsync(Cancellation), Cancellation);
        Assert.Equal((0, 0, 0), (first.Checked, first.Skipped, first.Wrong.Count));
        Assert.Equal([job], watcher.Waiting);
        List<ulong> wrong = [];
        await UntilAsync(async () =>
        {
            wrong.AddRange((await watcher.CheckWaitingAsync(Cancellation)).Wrong);
            return watcher.Waiting.Count == 0;
        });
        Assert.Equal([job], wrong);
        Assert.Empty(failing);
        Assert.Equal(JobEnd.Wrong, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).End);
    }

    /// <summary>Loading and running the model take nearly all the gas that a transaction may have: with the calldata of its input they do not fit.</summary>
    [Fact]
    public async Task A_watcher_shows_a_wrong_answer_by_proof_where_no_transaction_runs_the_model()
    {
        var container = HeavyNetwork.Container;
        var model = (await new ModelPublisher(_caller).PublishAsync(new ModelRelease(container, "heavy"), cancellation: Cancellation)).Model;
        await ServeAsync(JobEvidence.Staked, answered: outputs => [.. outputs.Select(output => output + 1)], tier: 2);
        var job = await RequestAsync(new JobRequest(model, JobEvidence.Staked, await DeadlineAsync(), HeavyNetwork.Input));
        await AnswerAsync(job);
        var wallet = new Wallet(_rpc, DevChain.Accounts[2].Key.Span);
        var refused = await Assert.ThrowsAsync<RpcException>(() => wallet.EstimateGasAsync(JobsClient.ChallengeByReplay(job, Hash256.Zero, HeavyNetwork.Input), Cancellation));
        Assert.Contains("out of gas", refused.Message, StringComparison.Ordinal);

        using var watcher = new AnswerWatcher(wallet, new ProviderOptions { Directory = Path.Combine(_home.FullName, "watcher") }, fraction: 1, seed: 0, _events.Enqueue);
        var result = await watcher.WatchAsync(0, await _rpc.GetBlockNumberAsync(Cancellation), Cancellation);
        Assert.Equal([job], result.Wrong);
        Assert.Equal(JobEnd.Wrong, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).End);
        Assert.Contains(_events, item => item.Kind == ProviderEventKind.Challenged && item.Job == job);
    }

    /// <summary>A port's name may be any text, and a refusal cites it: cut in the middle of a letter it would be none, and the offer neither accepted nor declined.</summary>
    [Fact]
    public async Task Names_that_strangers_chose_do_not_keep_a_job_from_being_declined()
    {
        await ServeAsync(JobEvidence.Staked);
        var name = new string('x', 57) + string.Concat(Enumerable.Repeat("\U0001F600", 12));
        var graph = new Graph
        {
            Inputs = [new GraphInput(name, [1], new InputFormat.Index(2))],
            Nodes = [new GatherNode { Source = 0, Axis = 0, Indices = Constant.S32([1], [0]) }],
            Outputs = [new GraphOutput { Name = "y", Source = 1, Kind = OutputKind.Values }],
        };
        var model = (await new ModelPublisher(_caller).PublishAsync(new ModelRelease(Container.Encode(graph), "named"), cancellation: Cancellation)).Model;
        var job = await RequestAsync(new JobRequest(model, JobEvidence.Staked, await DeadlineAsync(), BitConverter.GetBytes(7L)));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job);
    }

    [Fact]
    public async Task An_ask_that_was_withdrawn_is_made_again()
    {
        await ServeAsync(JobEvidence.Staked);
        await new Wallet(_rpc, DevChain.Accounts[1].Key.Span).SendAndWaitAsync(ComputeClient.WithdrawAsk(JobEvidence.Staked, 0), Cancellation);
        await UntilAsync(() => Task.FromResult(_events.Count(item => item.Kind == ProviderEventKind.Asked) == 2));
        Assert.Single(await new ComputeClient(_rpc).ListAsksAsync(JobEvidence.Staked, 0, Cancellation));
    }

    [Fact]
    public async Task A_provider_without_stake_is_told_how_much_it_takes()
    {
        using var daemon = new ProviderDaemon(new Wallet(_rpc, DevChain.Accounts[1].Key.Span), new ProviderOptions { Directory = _home.FullName });
        var exception = await Assert.ThrowsAsync<AivmException>(() => daemon.RunAsync(_stopping.Token));
        Assert.Equal("stake-too-low", exception.Error.Code);
    }

    private async Task ServeAsync(
        JobEvidence evidence, IContentStore? content = null, Func<long[], long[]>? answered = null, byte tier = 0, long diskBytes = 1L << 30,
        Action<ProviderEvent>? observer = null, MachineMemory? memory = null, bool keepsSessionKeys = true, PrivateWeights? weights = null)
    {
        var options = new ProviderOptions
        {
            Directory = Path.Combine(_home.FullName, "provider"),
            Stake = UInt256.Parse("200000000000000000000"),
            Asks = [new ProviderAsk(evidence, tier, 1000, 1)],
            PollInterval = TimeSpan.FromMilliseconds(50),
            AnswerSeconds = 20,
            Content = content,
            DiskBytes = diskBytes,
            KeepsSessionKeys = keepsSessionKeys,
            Private = weights is null ? [] : [weights],
        };
        _daemon = new ProviderDaemon(
            new Wallet(_rpc, DevChain.Accounts[1].Key.Span), options, evidence == JobEvidence.DevelopmentAttested ? new DevelopmentHardware() : null, _events.Enqueue + observer)
        {
            Answered = answered ?? (outputs => outputs),
            Memory = memory ?? TestMemory.In(_home),
        };
        _serving = _daemon.RunAsync(_stopping.Token);
        await UntilAsync(async () =>
        {
            Assert.False(_serving.IsFaulted, _serving.Exception?.ToString());
            var asks = await new ComputeClient(_rpc).ListAsksAsync(evidence, tier);
            var isAttested = evidence != JobEvidence.DevelopmentAttested || await new AttestationsClient(_caller).GetSessionAsync(Provider) is not null;
            return isAttested && asks.Count == 1 && asks[0].EffectiveAt < await _rpc.GetBlockNumberAsync();
        });
    }

    private async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _daemon?.Dispose();
    }

    /// <summary>The daemon has seen the end of all that it had.</summary>
    private Task IdleAsync() => UntilAsync(() => Task.FromResult(_daemon!.Health.LiveJobs == 0));

    private async Task<ulong> RequestAsync(JobRequest request, Wallet? caller = null)
    {
        var quote = await new JobsClient(_rpc).QuoteAsync(request);
        return JobsClient.ReadJob(await (caller ?? _caller).SendAndWaitAsync(JobsClient.Request(request, quote.Total)));
    }

    private async Task<ulong> DeadlineAsync() => (await _rpc.GetHeadAsync()).Time + 60;

    private async Task<AnsweredJob> AnswerAsync(ulong job)
    {
        AnsweredJob? answer = null;
        await UntilAsync(async () => (answer = await new JobsClient(_rpc).FindAnswerAsync(job, 0)) is not null);
        return answer!;
    }

    private async Task<JobStatus> EndAsync(ulong job)
    {
        JobStatus? status = null;
        await UntilAsync(async () => (status = await new JobsClient(_rpc).GetAsync(job)).State == JobState.Ended);
        return status!;
    }

    /// <summary>The chain may know of a step before the daemon has seen its receipt and tells.</summary>
    private Task HappensAsync(Func<ProviderEvent, bool> isIt) => UntilAsync(() => Task.FromResult(_events.Any(isIt)));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
            await Task.Delay(50, patience.Token);
    }

    private static byte[] Packed(long[] input) => [.. input.Select(number => (byte)number)];
}
