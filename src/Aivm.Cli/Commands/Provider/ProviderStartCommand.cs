using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Cli.Providing;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using OpenTelemetry.Metrics;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider start</c>: the daemon, until Ctrl+C.</summary>
internal static class ProviderStartCommand
{
    private const int MostJobs = 1024;
    private const int HighestTier = 3;

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var maxGasPrice = CommonOptions.MaxGasPrice();
        var yes = CommonOptions.Yes();
        var evidence = new Option<string[]>("--evidence")
        {
            Description = "What you offer, one or more: zk (proofs), tee (attested hardware, or the development TEE on a development chain), stake (your stake alone).",
            HelpName = "zk|tee|stake",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["stake"],
        }.AcceptOnlyFromAmong("zk", "tee", "stake");
        var price = CommonOptions.Coins("--price", "Coins for an answer. By default 0.001.");
        var perMgas = CommonOptions.Coins("--price-per-mgas", "Coins for each million gas of the model's run, besides. By default 0.0001.");
        var stake = CommonOptions.Coins("--stake", "Coins of stake, locked when you register. By default what the chain demands at least, once more.");
        var tiers = new Option<int[]>("--tiers")
        {
            Description = "How heavy a run you take, one or more: 0 (up to 2^22 gas), 1 (2^25), 2 (2^30), 3 (any). A gas is a nanosecond of a core. By default all; a run that takes too long is declined.",
            HelpName = "0..3",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. Enumerable.Range(0, HighestTier + 1)],
        };
        tiers.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value is not ("0" or "1" or "2" or "3")))
                result.AddError("--tiers takes 0, 1, 2 or 3.");
        });
        var jobs = LimitOptions.Number("--jobs", "Jobs at once.", 2, 1, MostJobs);
        var answerSeconds = LimitOptions.Number("--answer-seconds", "The time from acceptance to answer that you promise.", 60, 1, 86_400);
        var memory = LimitOptions.MemoryMib();
        var disk = LimitOptions.DiskGib();
        var health = LimitOptions.Number("--health-port", "Serve GET /health on 127.0.0.1 at this port. 0: not at all.", 0, 0, 65_535);
        var otlp = CommonOptions.Url("--otlp", "Send metrics to this OpenTelemetry collector, by gRPC.", "http://127.0.0.1:4317");
        var data = new Option<string>("--data") { Description = "The provider's directory. By default under $AIVM_HOME/provider.", HelpName = "DIR" };
        var ownModels = new Option<FileInfo[]>("--private-model")
        {
            Description = "Models that you published with private weights, one or more: their .aivm files. With --evidence zk, jobs for them are answered with proofs, of which a commitment to the weights is good for so many.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        }.AcceptExistingOnly();
        var weightsPassword = new Option<FileInfo>("--weights-password-file") { Description = "Holds the password of the keys of private weights.", HelpName = "FILE" }.AcceptExistingOnly();
        var store = new StoreOptions("--store-user", "--store-password-file");
        var command = new Command("start", "Take jobs, compute them, show the evidence and be paid, until Ctrl+C. Killed at any moment, it goes on where the chain says.")
        {
            evidence, tiers, price, perMgas, stake, jobs, answerSeconds, memory, disk, health, otlp, data, ownModels, weightsPassword, store.Location, store.User, store.PasswordFile, rpc, from, passwordFile, maxGasPrice, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation, result.GetValue(maxGasPrice));
            var isDevelopment = await client.GetChainIdAsync(cancellation) == DevChain.ChainId;
            var asked = result.GetRequiredValue(evidence).Distinct().Select(word => EvidenceOf(word, isDevelopment)).ToList();
            var compute = new ComputeClient(client);
            var terms = await compute.GetTermsAsync(cancellation);
            var locked = result.GetResult(stake) is null ? terms.MinStake + terms.MinStake : result.GetValue(stake);
            using var content = store.OpenIfNamed(result, terminal);
            using var own = OwnModels.Open(result.GetRequiredValue(ownModels), result.GetValue(weightsPassword), asked.Contains(JobEvidence.Proved), terminal);
            var options = new ProviderOptions
            {
                Directory = result.GetValue(data) ?? AccountHome.ProviderOf(wallet.Address),
                Stake = locked,
                Concurrency = result.GetValue(jobs),
                AnswerSeconds = (uint)result.GetValue(answerSeconds),
                ModelMemory = (long)result.GetValue(memory) << 20,
                DiskBytes = (long)result.GetValue(disk) << 30,
                Content = content?.Store,
                Private = own.Weights,
                Asks =
                [
                    .. asked.SelectMany(_ => result.GetRequiredValue(tiers).Distinct(), (kind, tier) => new ProviderAsk(
                        kind, (byte)tier, Amount(result, price, DefaultPrice), Amount(result, perMgas, DefaultPerMgas))),
                ],
            };
            if (await compute.FindProviderAsync(wallet.Address, cancellation) is null)
            {
                terminal.Remark($"Registering locks {Coins.Format(locked)} coins of stake; they come back {terms.UnbondingSeconds} s after 'aivm provider unbond'.");
                await Consent.RequireAsync(wallet, locked, result.GetValue(yes), terminal, cancellation);
            }
            ITrustedHardware? hardware = asked.Contains(JobEvidence.DevelopmentAttested) ? new DevelopmentHardware()
                : asked.Contains(JobEvidence.Attested) ? new ConfidentialVirtualMachine()
                : null;
            using var daemon = new ProviderDaemon(wallet, options, hardware, happened => Print(terminal, happened));
            using var server = result.GetValue(health) == 0 ? null : new HealthServer(result.GetValue(health), () => daemon.Health);
            using var metrics = result.GetValue(otlp) is { } collector ? Export(collector) : null;
            PrintStart(terminal, wallet.Address, options, hardware);
            await daemon.RunAsync(cancellation);
            return 0;
        });
        return command;
    }

    private static readonly UInt256 DefaultPrice = UInt256.Parse("1000000000000000");
    private static readonly UInt256 DefaultPerMgas = UInt256.Parse("100000000000000");

    private static UInt256 Amount(ParseResult result, Option<UInt256> option, UInt256 otherwise) =>
        result.GetResult(option) is null ? otherwise : result.GetValue(option);

    private static JobEvidence EvidenceOf(string word, bool isDevelopment) => word switch
    {
        "zk" => JobEvidence.Proved,
        "stake" => JobEvidence.Staked,
        _ => isDevelopment ? JobEvidence.DevelopmentAttested : JobEvidence.Attested,
    };

    private static MeterProvider Export(Uri collector) => OpenTelemetry.Sdk.CreateMeterProviderBuilder()
        .AddMeter("Aivm.Provider")
        .AddOtlpExporter(options => options.Endpoint = collector)
        .Build();

    private static void PrintStart(Terminal terminal, Address provider, ProviderOptions options, ITrustedHardware? hardware) => terminal.Result(
        new
        {
            Provider = provider.ToChecksumString(),
            options.Directory,
            Stake = options.Stake.ToString(),
            Private = options.Private.Select(weights => new { weights.Model.Hash, ProofsLeft = weights.Left }),
            Asks = options.Asks.Select(ask => new { Evidence = ask.Evidence.ToString(), ask.Tier, BasePrice = ask.BasePrice.ToString(), PricePerMgas = ask.PricePerMgas.ToString() }),
        },
        () =>
        {
            terminal.Line($"provider   {provider.ToChecksumString()}");
            terminal.Line($"directory  {options.Directory}");
            foreach (var weights in options.Private)
                terminal.Line($"private    {weights.Model.Hash}, {weights.Left} proofs left");
            foreach (var ask in options.Asks)
                terminal.Line($"asks       {Coins.Format(ask.BasePrice)} coins and {Coins.Format(ask.PricePerMgas)} per Mgas for {ask.Evidence}, tier {ask.Tier}; a new price counts after 10 blocks");
            if (hardware is DevelopmentHardware)
                terminal.Line("hardware   DEVELOPMENT TEE: it proves nothing, and is taken on a development chain alone");
            terminal.Line();
        });

    private static void Print(Terminal terminal, ProviderEvent happened)
    {
        var job = happened.Job == 0 ? "" : $" job {happened.Job}";
        terminal.Remark($"{DateTime.Now:HH:mm:ss} {happened.Kind.ToString().ToLowerInvariant()}{job}  {happened.Message}");
    }
}
