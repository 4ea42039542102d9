using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Aivm.Cli.Accounts;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider watch</c>: runs a sample of public answers again, and challenges the wrong ones.</summary>
internal static class ProviderWatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var maxGasPrice = CommonOptions.MaxGasPrice();
        var fraction = new Option<double>("--fraction")
        {
            Description = "The part of all answers that is run again, drawn at random.",
            HelpName = "0..1",
            DefaultValueFactory = _ => 0.1,
            CustomParser = result =>
            {
                if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var part) && part is > 0 and <= 1)
                    return part;
                result.AddError("--fraction takes a number above 0, at most 1.");
                return 0;
            },
        };
        var first = new Option<ulong?>("--from-block") { Description = "Where to begin. By default the latest block.", HelpName = "N" };
        var once = new Option<bool>("--once") { Description = "Look at what there is, and end." };
        var data = new Option<string>("--data") { Description = "Where models are kept. By default under $AIVM_HOME/provider.", HelpName = "DIR" };
        var memory = LimitOptions.MemoryMib();
        var disk = LimitOptions.DiskGib();
        var command = new Command(
            "watch", "Run a random sample of answers again and challenge those that are wrong: half of what the liar loses is yours. Gas is the only cost.")
        {
            fraction, first, once, data, memory, disk, rpc, from, passwordFile, maxGasPrice, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation, result.GetValue(maxGasPrice));
            var options = new ProviderOptions
            {
                Directory = result.GetValue(data) ?? AccountHome.ProviderOf(wallet.Address),
                ModelMemory = (long)result.GetValue(memory) << 20,
                DiskBytes = (long)result.GetValue(disk) << 30,
            };
            var (examined, skipped) = (0, 0);
            // Told one by one: in a span of blocks that is not finished, answers have been challenged all the same.
            SortedSet<ulong> wrong = [];
            using var watcher = new AnswerWatcher(wallet, options, result.GetValue(fraction), RandomNumberGenerator.GetInt32(int.MaxValue), happened =>
            {
                if (happened.Kind is ProviderEventKind.Challenged or ProviderEventKind.Lost)
                    wrong.Add(happened.Job);
                terminal.Remark($"{happened.Kind.ToString().ToLowerInvariant()} job {happened.Job}  {happened.Message}");
            });
            var head = await client.GetBlockNumberAsync(cancellation);
            var next = result.GetValue(first) ?? head;
            AivmException? failure = null;
            do
            {
                try
                {
                    await PollAsync();
                }
                catch (AivmException exception) when (result.GetValue(once))
                {
                    failure = exception;
                }
                catch (AivmException exception)
                {
                    terminal.Remark($"retry  {exception.Error.Code}: {exception.Message}");
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    break;
                }
                if (!result.GetValue(once))
                    await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            while (!result.GetValue(once) && !cancellation.IsCancellationRequested);
            if (failure is null && result.GetValue(once) && watcher.Waiting is { Count: > 0 } waiting)
                failure = new AivmException(
                    Failure.Environment, "answers-unchecked", $"The answers of jobs {string.Join(", ", waiting)} could not be checked, and may be wrong: watch the same blocks again.");
            // A document is of a whole watch.
            if (failure is not null && terminal.Json)
                return terminal.Fail((int)failure.Failure, failure.Error.Code, failure.Message);
            terminal.Result(
                new { Checked = examined, Skipped = skipped, Wrong = wrong, NextBlock = next },
                () =>
                {
                    terminal.Line($"checked    {examined} answers, {skipped} were not drawn or cannot be checked from outside");
                    terminal.Line(wrong.Count == 0 ? "wrong      none" : $"wrong      jobs {string.Join(", ", wrong)}");
                });
            return failure is null ? 0 : terminal.Fail((int)failure.Failure, failure.Error.Code, failure.Message);

            async Task PollAsync()
            {
                if (next > head)
                    head = await client.GetBlockNumberAsync(cancellation);
                if (next > head)
                    Count(await watcher.CheckWaitingAsync(cancellation));
                while (next <= head)
                {
                    var seen = await watcher.WatchAsync(next, head, cancellation);
                    next = seen.NextBlock;
                    Count(seen);
                }
            }

            void Count(WatchResult seen)
            {
                (examined, skipped) = (examined + seen.Checked, skipped + seen.Skipped);
                wrong.UnionWith(seen.Wrong);
            }
        });
        return command;
    }
}
