using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Cli;

/// <summary>The front door and the provider's commands, each in a process of its own, against a node in another.</summary>
public sealed class ProviderCommandTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly string ProviderAccount = DevChain.Accounts[1].Address.ToString();

    [Fact]
    public async Task The_owner_of_a_private_model_sells_what_it_gives()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli, "--block-time", "0.1");
        var model = cli.WriteFile("small.aivm", SmallNetwork.Container);
        var row = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        var password = cli.WriteFile("password", "correct horse\n");
        string[] start = ["provider", "start", "--private-model", model, "--weights-password-file", password, "--from", ProviderAccount, "--rpc", node.Url, "--json", "--evidence"];
        CommandLineTests.AssertFailure(await cli.Run([.. start, "stake"]), 2, "usage");
        CommandLineTests.AssertFailure(await cli.Run([.. start, "zk"]), 2, "weights-not-found");
        var published = await cli.Run(
            "model", "publish", model, "--name", "small", "--private-weights", "--password-file", password, "--price", "0.01", "--from", ProviderAccount, "--rpc", node.Url, "--json", "--yes");
        Assert.True(published.ExitCode == 0, published.Error);

        using var provider = cli.Start([.. start, "zk"]);
        try
        {
            string[] infer = ["infer", "small", "--input", row, "--rpc", node.Url, "--json"];
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            var answered = await cli.Run(infer);
            for (; answered.ExitCode != 0; answered = await cli.Run(infer))
            {
                // An ask counts after some blocks.
                CommandLineTests.AssertFailure(answered, 1, "no-offer");
                Assert.False(provider.HasExited);
                await Task.Delay(300, patience.Token);
            }
            var inference = answered.Json.GetProperty("inferences")[0];
            Assert.Equal("zk", answered.Json.GetProperty("evidence").GetString());
            Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(1)), inference.GetProperty("outputs").EnumerateArray().Select(number => number.GetInt64()));
            CommandLineTests.AssertFailure(await cli.Run([.. infer, "--evidence", "stake"]), 2, "weights-private");
        }
        finally
        {
            provider.Kill();
        }
    }

    [Fact]
    public async Task An_inference_is_bought_on_every_path_from_a_provider_that_is_killed_and_started_again()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli, "--block-time", "0.1", "--challenge-window", "5");
        var model = cli.WriteFile("small.aivm", SmallNetwork.Container);
        var row = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        await cli.Succeed("model", "publish", model, "--name", "small", "--price", "0.01", "--rpc", node.Url);

        var none = await cli.Run("infer", "small", "--input", row, "--evidence", "zk", "--rpc", node.Url, "--json");
        CommandLineTests.AssertFailure(none, 1, "no-offer");
        CommandLineTests.AssertFailure(await cli.Run("provider", "status", ProviderAccount, "--rpc", node.Url, "--json"), 2, "provider-not-found");

        var port = FreePort();
        var content = cli.PathOf("content");
        string[] start = ["provider", "start", "--evidence", "zk", "tee", "stake", "--from", ProviderAccount, "--health-port", $"{port}", "--store", content, "--rpc", node.Url, "--json"];
        using var provider = cli.Start(start);
        try
        {
            await UntilOfferedAsync();
            var onChain = await cli.Succeed("infer", "small", "--input", row, "--rpc", node.Url);
            var expected = Hash(onChain);
            var proved = await cli.Succeed("infer", "small", "--input", row, "--evidence", "zk", "--rpc", node.Url);
            Assert.Equal((expected, "zk"), (Hash(proved), proved.GetProperty("evidence").GetString()));
            Assert.Equal(HttpStatusCode.OK, await HealthAsync(port));

            // Killed as a power cut would: the next one finds on the chain what there is to do.
            var session = await SessionAsync();
            provider.Kill();
            var waiting = cli.Run("infer", "small", "--input", row, "--evidence", "tee", "--rpc", node.Url, "--json");
            using var second = cli.Start(start);
            try
            {
                var attested = await waiting;
                Assert.True(attested.ExitCode == 0, attested.Error);
                Assert.Equal((expected, "development-tee"), (Hash(attested.Json), attested.Json.GetProperty("evidence").GetString()));
                var hidden = await cli.Succeed("infer", "small", "--input", row, "--evidence", "tee", "--sealed", "--rpc", node.Url);
                Assert.Equal(expected, Hash(hidden));
                Assert.True(hidden.GetProperty("sealed").GetBoolean());
                Assert.Equal(!new MachineMemory(cli.Memory).HasSwap, session == await SessionAsync());

                var job = hidden.GetProperty("inferences")[0].GetProperty("job").GetUInt64();
                var shown = await cli.Succeed("job", "show", $"{job}", "--rpc", node.Url);
                Assert.Contains(shown.GetProperty("state").GetString(), (string[])["answered", "ended"]);
                Assert.Equal(JsonValueKind.Null, shown.GetProperty("output").ValueKind);
                Assert.Equal(66, hidden.GetProperty("inferences")[0].GetProperty("salt").GetString()!.Length);
                var open = await cli.Succeed("job", "show", $"{proved.GetProperty("inferences")[0].GetProperty("job").GetUInt64()}", "--rpc", node.Url);
                Assert.Equal(
                    proved.GetProperty("inferences")[0].GetProperty("outputs").EnumerateArray().Select(number => number.GetInt64()),
                    open.GetProperty("output").EnumerateArray().Select(number => number.GetInt64()));
                Assert.Equal(proved.GetProperty("inferences")[0].GetProperty("transaction").GetString(), open.GetProperty("answer_transaction").GetString());
                var receipt = cli.PathOf("receipt.json");
                var got = await cli.Succeed("receipt", "get", hidden.GetProperty("inferences")[0].GetProperty("receipt_id").GetString()!, "-o", receipt, "--rpc", node.Url);
                var verified = await cli.Succeed("receipt", "verify", receipt, "--header", got.GetProperty("header").GetString()!);
                Assert.True(verified.GetProperty("verified").GetBoolean());

                await cli.Succeed(
                    "model", "publish", model, "--off-chain", "--store", content, "--name", "stored", "--from", DevChain.Accounts[3].Address.ToString(), "--rpc", node.Url);
                var stored = await cli.Succeed("infer", "stored", "--input", row, "--store", content, "--rpc", node.Url);
                Assert.Equal((expected, "development-tee"), (Hash(stored), stored.GetProperty("evidence").GetString()));

                var watched = await cli.Succeed("provider", "watch", "--once", "--from-block", "1", "--fraction", "1", "--from", DevChain.Accounts[2].Address.ToString(), "--rpc", node.Url);
                Assert.Empty(watched.GetProperty("wrong").EnumerateArray());
                var status = await cli.Succeed("provider", "status", ProviderAccount, "--rpc", node.Url);
                Assert.True(status.GetProperty("record").GetProperty("succeeded").GetInt32() >= 1);
                Assert.Equal(0, status.GetProperty("record").GetProperty("late").GetInt32());
                var unbonded = await cli.Succeed("provider", "unbond", "50", "--from", ProviderAccount, "--rpc", node.Url);
                Assert.Equal("50000000000000000000", unbonded.GetProperty("unbonding").GetString());
                CommandLineTests.AssertFailure(await cli.Run("provider", "withdraw", "--from", ProviderAccount, "--rpc", node.Url, "--json"), 2, "call-reverted");

                // Whoever reads the health page is not told the node's address, which may hold a key.
                var restarting = node.KillAndRestartAsync(cli, TimeSpan.FromSeconds(5), "--block-time", "0.1");
                Assert.Equal("node-unreachable", await FailureAsync(port));
                await restarting;
            }
            finally
            {
                second.Kill();
            }
        }
        finally
        {
            provider.Kill();
        }

        async Task<ProviderSession?> SessionAsync()
        {
            using var rpc = new RpcClient(new Uri(node.Url));
            return await new AttestationsClient(new Wallet(rpc, DevChain.Accounts[0].Key.Span)).GetSessionAsync(DevChain.Accounts[1].Address, Cancellation);
        }

        async Task UntilOfferedAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (true)
            {
                Assert.False(provider.HasExited, provider.HasExited ? await provider.StandardError.ReadToEndAsync() : "");
                var list = await cli.Succeed("provider", "list", "--rpc", node.Url);
                var status = await cli.Succeed("model", "list", "--rpc", node.Url);
                Assert.NotEqual(default, status.ValueKind);
                if (list.GetProperty("asks").GetArrayLength() == 12)
                    break;
                await Task.Delay(300, patience.Token);
            }
            await Task.Delay(2500, patience.Token);
        }
    }

    /// <summary>Killed as a power cut would, at each step of a job in turn: when it is offered, when it is accepted, and when its answer was sent.</summary>
    [Fact]
    public async Task A_provider_that_is_killed_at_any_step_of_a_job_answers_it_once_and_in_time()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli, "--block-time", "0.1", "--challenge-window", "5");
        using var rpc = new RpcClient(new Uri(node.Url));
        var caller = new Wallet(rpc, DevChain.Accounts[0].Key.Span);
        var model = (await new ModelPublisher(caller).PublishAsync(new ModelRelease(SmallNetwork.Container, "small"), cancellation: Cancellation)).Model;
        var jobs = new JobsClient(rpc);
        string[] start = ["provider", "start", "--evidence", "zk", "--tiers", "0", "--from", ProviderAccount, "--store", cli.PathOf("content"), "--rpc", node.Url, "--yes"];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        List<ulong> asked = [];
        foreach (var step in (string[])["offered", "accepted", "answered"])
        {
            using var killed = cli.Start(start);
            while ((await new ComputeClient(rpc).ListAsksAsync(JobEvidence.Proved, 0, patience.Token)) is not [{ } ask] || ask.EffectiveAt >= await rpc.GetBlockNumberAsync(patience.Token))
                await Task.Delay(100, patience.Token);
            var request = new JobRequest(model, JobEvidence.Proved, (await rpc.GetHeadAsync(patience.Token)).Time + 150, SmallNetwork.Input(1).Select(number => (byte)number).ToArray());
            var (job, _) = await new JobCaller(caller).RequestAsync(request, UInt256.Parse("10000000000000000"), patience.Token);
            asked.Add(job);
            if (step != "offered")
                while (!(await killed.StandardError.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException("The provider ended.")).Contains($" {step} job {job} ", StringComparison.Ordinal))
                {
                }
            killed.Kill();
            await killed.WaitForExitAsync(patience.Token);

            using var next = cli.Start(start);
            try
            {
                while ((await jobs.GetAsync(job, patience.Token)).State != JobState.Ended)
                    await Task.Delay(100, patience.Token);
            }
            finally
            {
                next.Kill();
                await next.WaitForExitAsync(CancellationToken.None);
            }
        }
        foreach (var job in asked)
            Assert.Equal(JobEnd.Settled, (await jobs.GetAsync(job, patience.Token)).End);
        Assert.Equal(asked, (await jobs.GetAnswersAsync(0, await rpc.GetBlockNumberAsync(patience.Token), patience.Token)).Select(answer => answer.Job));
        var record = await new ComputeClient(rpc).GetRecordAsync(DevChain.Accounts[1].Address, patience.Token);
        Assert.Equal((3u, 0u, 0u, 0u), (record.Succeeded, record.Missed, record.Late, record.Wrong));
    }

    [Fact]
    public async Task What_a_provider_counts_reaches_a_collector_before_it_stops()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli, "--block-time", "0.1");
        await using var collector = await MetricsCollector.StartAsync(Cancellation);
        using var provider = cli.Start(
            "provider", "start", "--evidence", "stake", "--from", ProviderAccount, "--store", cli.PathOf("content"), "--otlp", collector.Url, "--rpc", node.Url, "--yes", "--json");
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            while ((await cli.Run("provider", "list", "--rpc", node.Url, "--json")).Json.GetProperty("asks").GetArrayLength() == 0)
                await Task.Delay(300, patience.Token);
            // As whatever keeps services ends them. (Ctrl+C's signal is ignored by all that a shell starts in the background, these tests with it.)
            using var end = Process.Start("kill", ["-TERM", $"{provider.Id}"]);
            await provider.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!provider.HasExited)
                provider.Kill();
        }
        foreach (var name in (string[])["Aivm.Provider", "aivm.provider.events", "Registered", "aivm.provider.jobs"])
            Assert.Contains(name, collector.Received);
    }

    [Fact]
    public async Task A_provider_that_allows_less_than_gas_costs_sends_nothing()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        string[] start = ["provider", "start", "--from", DevChain.Accounts[1].Address.ToString(), "--rpc", node.Url, "--json"];
        var outcome = await cli.Run([.. start, "--max-gas-price", "0.0000001"]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("aivm: gas-too-dear: ", outcome.Error, StringComparison.Ordinal);
        using var rpc = new RpcClient(new Uri(node.Url));
        Assert.Equal(0ul, await rpc.GetNonceAsync(DevChain.Accounts[1].Address, Cancellation));
    }

    [Fact]
    public async Task A_watcher_outlives_its_node_and_challenges_on()
    {
        using var cli = new CliProcess();
        string[] options = ["--block-time", "0.1", "--challenge-window", "120", "--data", cli.PathOf("chain")];
        using var node = await DevNode.StartAsync(cli, options);
        using var rpc = new RpcClient(new Uri(node.Url));
        var caller = new Wallet(rpc, DevChain.Accounts[0].Key.Span);
        var model = (await new ModelPublisher(caller).PublishAsync(new ModelRelease(SmallNetwork.Container, "small"), cancellation: Cancellation)).Model;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var liar = new ProviderOptions
        {
            Directory = cli.PathOf("liar"),
            Stake = UInt256.Parse("200000000000000000000"),
            Asks = [new ProviderAsk(JobEvidence.Staked, 0, 1000, 0)],
        };
        using var daemon = new ProviderDaemon(new Wallet(rpc, DevChain.Accounts[1].Key.Span), liar) { Answered = outputs => [.. outputs.Select(output => output + 1)] };
        var lying = daemon.RunAsync(stopping.Token);
        using var watcher = cli.Start(
            "provider", "watch", "--fraction", "1", "--from-block", "1", "--from", DevChain.Accounts[2].Address.ToString(), "--rpc", node.Url);
        try
        {
            await ChallengedAsync();
            await node.KillAndRestartAsync(cli, TimeSpan.FromSeconds(3), options);
            Assert.Contains(await ChallengedAsync(), line => line.StartsWith("retry  node-unreachable", StringComparison.Ordinal));
        }
        finally
        {
            watcher.Kill();
            await stopping.CancelAsync();
            await lying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        // What the watcher says until it has challenged a wrong answer, and knows it: while it waits for its own transaction, an absent node is waited for too.
        async Task<List<string>> ChallengedAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while ((await new ComputeClient(rpc).ListAsksAsync(JobEvidence.Staked, 0, patience.Token)) is not [{ } ask] || ask.EffectiveAt >= await rpc.GetBlockNumberAsync(patience.Token))
                await Task.Delay(100, patience.Token);
            var packed = SmallNetwork.Input(1).Select(number => (byte)number).ToArray();
            var request = new JobRequest(model, JobEvidence.Staked, (await rpc.GetHeadAsync(patience.Token)).Time + 100, packed);
            var (job, _) = await new JobCaller(caller).RequestAsync(request, 10_000, patience.Token);
            List<string> said = [];
            while (said.LastOrDefault()?.StartsWith($"challenged job {job} ", StringComparison.Ordinal) != true)
                said.Add(await watcher.StandardError.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException($"The watcher ended: {string.Join('\n', said)}"));
            Assert.Equal(JobEnd.Wrong, (await new JobsClient(rpc).GetAsync(job, patience.Token)).End);
            return said;
        }
    }

    [Theory]
    [InlineData("--sealed")]
    [InlineData("--provider", "0x00000000000000000000000000000000000000aa")]
    [InlineData("--evidence", "zk", "--sealed")]
    [InlineData("--evidence", "magic")]
    [InlineData("--evidence", "zk", "--provider", "nobody")]
    public async Task Options_that_make_no_sense_together_are_refused_before_anything_is_asked(params string[] options)
    {
        using var cli = new CliProcess();
        var row = cli.WriteFile("row.json", "[[1]]");
        CommandLineTests.AssertFailure(await cli.Run(["infer", "small", "--input", row, "--json", .. options]), 2, "usage");
    }

    [Theory]
    [InlineData("--jobs", "0")]
    [InlineData("--jobs", "many")]
    [InlineData("--tiers", "4")]
    [InlineData("--tiers", "heavy")]
    [InlineData("--health-port", "70000")]
    [InlineData("--price", "-1")]
    [InlineData("--max-gas-price", "cheap")]
    [InlineData("--otlp", "collector")]
    public async Task A_provider_with_senseless_options_does_not_start(params string[] options)
    {
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run(["provider", "start", "--json", .. options]), 2, "usage");
    }

    private static string? Hash(JsonElement document) => document.GetProperty("inferences")[0].GetProperty("output_hash").GetString();

    private static async Task<HttpStatusCode> HealthAsync(int port)
    {
        using var http = new HttpClient();
        return (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health"))).StatusCode;
    }

    private static async Task<string?> FailureAsync(int port)
    {
        using var http = new HttpClient();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            using var health = JsonDocument.Parse(await (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health"), patience.Token)).Content.ReadAsStringAsync(patience.Token));
            if (health.RootElement.GetProperty("failure").GetString() is { } failure)
                return failure;
            await Task.Delay(50, patience.Token);
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
