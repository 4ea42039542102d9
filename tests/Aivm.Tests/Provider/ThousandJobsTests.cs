using System.Collections.Concurrent;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Chain;
using Aivm.Tests.Cli;
using JobState = Aivm.Sdk.JobState;

namespace Aivm.Tests.Provider;

/// <summary>1,000 jobs of 20 callers and 5 providers, on a node in a process of its own. One lies; two are processes too, and are killed at random as a power cut would.</summary>
public sealed class ThousandJobsTests
{
    private const int Callers = 20;
    private const int JobsPerCaller = 50;

    private static readonly UInt256 Coin = TestChain.Coin;
    private static readonly TestAccount[] CallerAccounts = [.. Enumerable.Range(0, Callers).Select(i => TestAccount.Of($"caller {i}"))];
    private static readonly TestAccount[] CrashingAccounts = [.. DevChain.Accounts.Skip(5).Take(2).Select(account => new TestAccount(account.Key.ToArray(), account.Address))];
    private static readonly TestAccount[] LastingAccounts = [.. Enumerable.Range(0, 3).Select(i => TestAccount.Of($"provider {i}"))];
    private static readonly TestAccount[] ProviderAccounts = [.. LastingAccounts, .. CrashingAccounts];
    private static readonly TestAccount Watcher = TestAccount.Of("watcher");
    private static readonly TestAccount Liar = LastingAccounts[2];

    private readonly ConcurrentBag<string> _unexpected = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_jobs_end_the_liar_is_slashed_and_the_balances_add_up(bool killsNode)
    {
        using var cli = new CliProcess();
        string[] options = ["--block-time", "0.1", "--challenge-window", "8", "--data", cli.PathOf("chain")];
        using var node = await DevNode.StartAsync(cli, options);
        using var rpc = new RpcClient(new Uri(node.Url));
        var model = await SetUpAsync(rpc);

        using var stopping = new CancellationTokenSource(TimeSpan.FromMinutes(6));
        Task[] providers =
        [
            .. LastingAccounts.Select((account, i) => ServeAsync(rpc, account, cli.PathOf($"provider-{i}"), stopping.Token)),
            .. CrashingAccounts.Select((account, i) => CrashAsync(cli, node, account, cli.PathOf($"crashing-{i}"), stopping.Token)),
        ];
        var watcher = WatchAsync(rpc, cli.PathOf("watcher"), stopping.Token);
        await UntilAllAskAsync(rpc, stopping.Token);
        var callers = CallerAccounts.Select((account, i) => Task.Run(() => CallAsync(rpc, account, model, new Random(i), stopping.Token))).ToArray();
        if (killsNode)
        {
            while (await TryAsync(() => new JobsClient(rpc).CountAsync(stopping.Token)) < Callers * JobsPerCaller / 2)
                await Task.Delay(200, stopping.Token);
            await node.KillAndRestartAsync(cli, TimeSpan.FromSeconds(1), options);
        }
        await Task.WhenAll(callers);
        while (!(await OwedAsync(rpc)).IsZero)
            await Task.Delay(300, stopping.Token);
        await stopping.CancelAsync();
        await Task.WhenAll([.. providers, watcher]);

        Assert.Empty(_unexpected);
        await RequireEndsAsync(rpc);
        await RequireBalancesAsync(rpc);
    }

    private static async Task<Address> SetUpAsync(RpcClient rpc)
    {
        var rich = new Wallet(rpc, DevChain.Accounts[0].Key.Span);
        var published = await new ModelPublisher(rich).PublishAsync(new ModelRelease(ModelsFixture.Container(), "sum"));
        var sent = new List<Transaction>();
        foreach (var account in CallerAccounts.Concat(LastingAccounts).Append(Watcher))
            sent.Add(await rich.SendAsync(new TransactionRequest { To = account.Address, Value = Coin * 300, GasLimit = 21_000 }));
        foreach (var transaction in sent)
            await rich.WaitAsync(transaction);
        return published.Model;
    }

    private async Task ServeAsync(RpcClient rpc, TestAccount account, string directory, CancellationToken stopping)
    {
        var options = new ProviderOptions
        {
            Directory = directory,
            Stake = Coin * 150,
            Concurrency = 16,
            AnswerSeconds = 10,
            PollInterval = TimeSpan.FromMilliseconds(150),
            // The liar is the cheapest, so that it gets jobs.
            Asks = [new ProviderAsk(JobEvidence.Staked, 0, account == Liar ? 100ul : 1000ul + account.Address.Span[1], 0)],
        };
        while (!stopping.IsCancellationRequested)
        {
            using var daemon = new ProviderDaemon(new Wallet(rpc, account.Key), options)
            {
                Answered = outputs => account == Liar ? [.. outputs.Select(output => output + 1)] : outputs,
            };
            try
            {
                await daemon.RunAsync(stopping);
            }
            catch (OperationCanceledException)
            {
            }
            catch (AivmException exception) when (exception.Failure == Failure.Environment)
            {
                // Started while the node was away: a supervisor starts it again.
            }
            catch (Exception exception)
            {
                _unexpected.Add(exception.ToString());
            }
            await Task.Delay(200, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary><c>aivm provider start</c>, killed in the middle of whatever it does, and started again, sometimes on an empty disk.</summary>
    private static async Task CrashAsync(CliProcess cli, DevNode node, TestAccount account, string directory, CancellationToken stopping)
    {
        var random = new Random(account.Address.Span[0]);
        var price = $"0.00000000000000{1000 + account.Address.Span[1]:D4}";
        while (!stopping.IsCancellationRequested)
        {
            using var provider = cli.Start(
                "provider", "start", "--from", $"{account.Address}", "--data", directory, "--rpc", node.Url, "--tiers", "0", "--jobs", "16", "--answer-seconds", "10",
                "--stake", "150", "--price", price, "--price-per-mgas", "0", "--yes", "--json");
            await Task.Delay(random.Next(3000, 12_000), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            provider.Kill();
            await provider.WaitForExitAsync(CancellationToken.None);
            if (random.Next(3) == 0 && Directory.Exists(directory))
                Directory.Delete(directory, recursive: true);
            await Task.Delay(random.Next(100, 3000), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(RpcClient rpc, string directory, CancellationToken stopping)
    {
        using var watcher = new AnswerWatcher(new Wallet(rpc, Watcher.Key), new ProviderOptions { Directory = directory }, fraction: 0.5, seed: 1);
        var next = 1UL;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var head = await rpc.GetBlockNumberAsync(stopping);
                if (head >= next)
                    next = (await watcher.WatchAsync(next, head, stopping)).NextBlock;
                await Task.Delay(300, stopping);
            }
            catch (OperationCanceledException)
            {
            }
            catch (AivmException)
            {
                await Task.Delay(300, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception exception)
            {
                _unexpected.Add(exception.ToString());
            }
        }
    }

    private static async Task UntilAllAskAsync(RpcClient rpc, CancellationToken stopping)
    {
        var compute = new ComputeClient(rpc);
        while (true)
        {
            var head = await rpc.GetBlockNumberAsync(stopping);
            var asks = await compute.ListAsksAsync(JobEvidence.Staked, 0, stopping);
            if (asks.Count == ProviderAccounts.Length && asks.All(ask => ask.EffectiveAt < head))
                return;
            await Task.Delay(200, stopping);
        }
    }

    /// <summary>A caller looks at the chain for what it has requested, and requests on until it is enough, whatever happens to single transactions.</summary>
    private async Task CallAsync(RpcClient rpc, TestAccount account, Address model, Random random, CancellationToken stopping)
    {
        var wallet = new Wallet(rpc, account.Key);
        var jobs = new JobsClient(rpc);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await RequestedAsync(rpc, account.Address, stopping) >= JobsPerCaller)
                    return;
                var head = await rpc.GetHeadAsync(stopping);
                var request = new JobRequest(model, JobEvidence.Staked, head.Time + (ulong)random.Next(25, 60), ModelsFixture.Packed(random.Next(10), random.Next(10)));
                var quote = await jobs.QuoteAsync(request, stopping);
                var receipt = await wallet.SendAndWaitAsync(JobsClient.Request(request, quote.Total + 5000), stopping);
                if (random.Next(20) == 0)
                    await wallet.SendAndWaitAsync(JobsClient.Cancel(JobsClient.ReadJob(receipt)), stopping);
            }
            catch (OperationCanceledException)
            {
                _unexpected.Add($"{account.Address} ran out of time");
            }
            catch (AivmException exception) when (exception.Error.Code is "call-reverted" or "transaction-reverted" || exception.Failure == Failure.Environment)
            {
                // All providers are busy, the job was accepted before it was cancelled, or the node is away.
                await Task.Delay(random.Next(200, 600), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception exception)
            {
                _unexpected.Add(exception.ToString());
                return;
            }
        }
    }

    private static async Task<int> RequestedAsync(RpcClient rpc, Address caller, CancellationToken stopping)
    {
        var head = await rpc.GetBlockNumberAsync(stopping);
        var query = new LogQuery(JobsInterface.Contract, 0, head, [JobsInterface.JobRequested.Topic, null, AbiEvent.TopicOf(caller)]);
        return (await rpc.GetLogsAsync(query, stopping)).Count;
    }

    private static async Task RequireEndsAsync(RpcClient rpc)
    {
        var jobs = new JobsClient(rpc);
        var count = await jobs.CountAsync();
        // A request that was lost with the node's pool, and sent again, may have been in a block after all.
        Assert.InRange(count, (ulong)(Callers * JobsPerCaller), (ulong)(Callers * JobsPerCaller) + 20);
        var ends = new Dictionary<Aivm.Sdk.JobEnd, int>();
        for (var job = 1UL; job <= count; job++)
        {
            var status = await jobs.GetAsync(job);
            Assert.Equal(JobState.Ended, status.State);
            ends[status.End] = ends.GetValueOrDefault(status.End) + 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", ends.OrderBy(end => end.Key).Select(end => $"{end.Key} {end.Value}")));
        Assert.True(ends[Aivm.Sdk.JobEnd.Settled] > (int)count / 2);
        Assert.True(ends[Aivm.Sdk.JobEnd.Wrong] > 0);

        var compute = new ComputeClient(rpc);
        foreach (var provider in ProviderAccounts)
        {
            var record = await compute.GetRecordAsync(provider.Address);
            Assert.Equal(provider == Liar, record.Wrong > 0);
        }
        Assert.True((await compute.FindProviderAsync(Liar.Address))!.Stake < Coin * 150);
    }

    /// <summary>Nothing is owed, stakes are where they belong, and all coins of the genesis are somewhere, or were burned.</summary>
    private static async Task RequireBalancesAsync(RpcClient rpc)
    {
        var compute = new ComputeClient(rpc);
        Assert.Equal(UInt256.Zero, await rpc.GetBalanceAsync(JobsInterface.Contract));
        var staked = UInt256.Zero;
        foreach (var provider in ProviderAccounts)
        {
            var status = (await compute.FindProviderAsync(provider.Address))!;
            Assert.Equal(UInt256.Zero, status.Reserved);
            Assert.Equal(0u, status.ActiveJobs);
            staked += status.Stake + status.Unbonding;
        }
        Assert.Equal(staked, await rpc.GetBalanceAsync(ComputeInterface.Contract));

        var total = UInt256.Zero;
        Address[] everybody =
        [
            .. DevChain.Accounts.Select(account => account.Address), .. CallerAccounts.Select(account => account.Address),
            .. LastingAccounts.Select(account => account.Address), Watcher.Address, Address.Zero, SystemContracts.Treasury, SystemContracts.Models,
            SystemContracts.Jobs, SystemContracts.Compute,
        ];
        foreach (var address in everybody)
            total += await rpc.GetBalanceAsync(address);
        Assert.Equal(Coin * 100_000, total + await BurnedAsync(rpc));
    }

    private static async Task<UInt256> BurnedAsync(RpcClient rpc)
    {
        var head = await rpc.GetBlockNumberAsync();
        var burned = UInt256.Zero;
        for (var number = 1UL; number <= head; number++)
        {
            var block = await rpc.InvokeAsync(new("eth_getBlockByNumber", json =>
            {
                json.WriteStringValue(((UInt256)number).ToHexQuantity());
                json.WriteBooleanValue(false);
            }));
            burned += Quantity(block, "baseFeePerGas") * Quantity(block, "gasUsed");
        }
        foreach (var log in await rpc.GetLogsAsync(new LogQuery(ComputeInterface.Contract, 0, head, [ComputeInterface.ProviderSlashed.Topic])))
        {
            var reader = new AbiReader(log.Log.Data.Span);
            Assert.True(reader.TryReadUInt256(out var amount) & reader.TryReadAddress(out _) & reader.TryReadUInt256(out var reward));
            burned += amount - reward;
        }
        return burned;
    }

    private static UInt256 Quantity(JsonElement block, string name) => UInt256.Parse(block.GetProperty(name).GetString());

    private static async Task<UInt256> OwedAsync(RpcClient rpc) => UInt256.FromBigEndian(
        await rpc.CallAsync(new Aivm.Sdk.CallRequest { To = JobsInterface.Contract, Data = JobsInterface.Owed.BeginCall().ToArray() }));

    private static async Task<ulong> TryAsync(Func<Task<ulong>> read)
    {
        try
        {
            return await read();
        }
        catch (AivmException)
        {
            return 0;
        }
    }
}
