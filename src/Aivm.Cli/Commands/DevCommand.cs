using System.CommandLine;
using System.Globalization;
using Aivm.Chain;
using Aivm.Cli.Output;
using Aivm.Node;
using Aivm.Primitives;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm dev</c>: an embedded development node until Ctrl+C.</summary>
internal static class DevCommand
{
    private const double ShortestBlockTime = 0.01;
    private const double LongestBlockTime = 3600;

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var port = new Option<int>("--port")
        {
            Description = "The port on 127.0.0.1 for JSON-RPC over HTTP and WebSocket; 0 takes a free one.",
            DefaultValueFactory = _ => NodeOptions.DefaultPort,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    return number;
                result.AddError($"--port takes 0 to 65535; not '{text}'.");
                return 0;
            },
        };
        var blockTime = new Option<double>("--block-time")
        {
            Description = "Seconds between blocks; 0 mines each transaction as soon as it comes.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 0,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is 0 or (>= ShortestBlockTime and <= LongestBlockTime))
                    return seconds;
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--block-time takes 0, or {ShortestBlockTime} to {LongestBlockTime} seconds; not '{text}'."));
                return 0;
            },
        };
        var gasLimit = new Option<ulong>("--gas-limit")
        {
            Description = "Gas limit of a block.",
            DefaultValueFactory = _ => DevChain.DefaultBlockGasLimit,
        };
        var window = new Option<ulong>("--challenge-window")
        {
            Description = "Seconds in which an answer without a proof may be challenged, and after which it is paid.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => DevChain.DefaultChallengeSeconds,
        };
        var data = new Option<string>("--data")
        {
            Description = "Keep the chain in this directory; without it the chain lives in memory and is forgotten.",
            HelpName = "DIR",
        };
        var command = new Command(
            "dev",
            """
            Run a development chain: chain id 31337, mnemonic "test test test test test test test test test test test junk",
            ten accounts of 10,000 coins, on loopback only. It speaks Ethereum's JSON-RPC: MetaMask, viem and ethers work with it.
            """)
        {
            port, blockTime, gasLimit, window, data, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var loggers = Loggers();
            var options = new NodeOptions
            {
                Port = result.GetValue(port),
                BlockTime = TimeSpan.FromSeconds(result.GetValue(blockTime)),
                BlockGasLimit = result.GetValue(gasLimit),
                Genesis = DevChain.Genesis(result.GetValue(gasLimit), result.GetValue(window)),
                DataDirectory = result.GetValue(data),
                Loggers = loggers,
            };
            await using var node = await AivmNode.StartAsync(options, cancellation);
            if (!terminal.Json)
                node.Application.Reader.BlockCommitted += block => PrintBlock(terminal, block);
            PrintStart(terminal, node, options);
            await UntilStopped(cancellation);
            return 0;
        });
        return command;
    }

    /// <summary>Warnings and errors, on standard error: standard output belongs to the command's result.</summary>
    private static ILoggerFactory Loggers() => LoggerFactory.Create(logging =>
    {
        // What the web server reports to its host comes back to us as an exception, and is said once.
        logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft", LogLevel.None).AddSimpleConsole(console => console.SingleLine = true);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });

    private static void PrintStart(Terminal terminal, AivmNode node, NodeOptions options) => terminal.Result(
        new
        {
            Url = node.Url.ToString(),
            DevChain.ChainId,
            Block = node.Application.Reader.Head.Number,
            options.DataDirectory,
            DevChain.Mnemonic,
            Accounts = DevChain.Accounts.Select(account => account.Address.ToChecksumString()),
        },
        () =>
        {
            terminal.Line($"AIVM development chain {DevChain.ChainId} at {node.Url}  (block {node.Application.Reader.Head.Number})");
            terminal.Line(options.BlockTime == TimeSpan.Zero ? "  blocks    as transactions come" : $"  blocks    every {options.BlockTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
            terminal.Line($"  gas limit {Coins.Gas(options.BlockGasLimit)}");
            terminal.Line($"  data      {options.DataDirectory ?? "in memory, forgotten at the end"}");
            terminal.Line($"  curve     {(Secp256k1.IsNative ? "libsecp256k1" : "managed code (install libsecp256k1 for speed)")}");
            terminal.Line($"  mnemonic  {DevChain.Mnemonic}");
            terminal.Line();
            foreach (var account in DevChain.Accounts)
                terminal.Line($"  {account.Address.ToChecksumString()}  {Hex.Encode(account.Key.Span)}");
            terminal.Line();
            terminal.Line("These keys are public knowledge: never send real value to them. Ctrl+C stops the node.");
        });

    private static void PrintBlock(Terminal terminal, CommittedBlock block)
    {
        if (block.Transactions.Count == 0)
            return;
        try
        {
            terminal.Line($"block {block.Header.Number}  {block.Transactions.Count} transactions  {Coins.Gas(block.Header.Header.GasUsed)} gas");
        }
        catch (IOException)
        {
            // The log's disk is full, or its reader gone: the chain goes on.
        }
    }

    private static async Task UntilStopped(CancellationToken cancellation)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = cancellation.Register(stopped.SetResult);
        await stopped.Task;
    }
}
