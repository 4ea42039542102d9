using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm weights</c>: what registers a commitment to private weights, and a fresh one when it is spent.</summary>
internal static class WeightsCommand
{
    public static Command Create() => new("weights", "Commitments to private weights: the proofs that register them, and fresh ones when they are spent.")
    {
        ProveRanges(),
        Renew(),
        Register(),
    };

    private static Command ProveRanges()
    {
        var json = CommonOptions.Json();
        var file = CompiledModel();
        var output = Output("ranges");
        var passwordFile = CommonOptions.PasswordFile();
        var command = new Command(
            "prove-ranges",
            "Prove that the weights behind the commitment in use lie in their ranges. The proof is made once, and is one of those that a commitment is good for.")
        {
            file, output, passwordFile, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            var target = Target(result.GetValue(output), source, "ranges");
            var model = ModelFile.Load(source);
            var password = WeightKeys.PasswordOf(model, result.GetValue(passwordFile), terminal);
            byte[] proof = [];
            using var weights = await Work(terminal, model, password, weights => proof = weights.WeightRanges(RunProver.Threads));
            OutputFile.Write(target, proof);
            terminal.Result(
                new { Proof = target.FullName, Bytes = proof.Length, Model = weights.Model.Hash, weights.Root, weights.Left },
                () =>
                {
                    Print(terminal, weights);
                    terminal.Line($"written    {target.FullName} ({proof.Length:N0} bytes)");
                });
            return 0;
        });
        return command;
    }

    private static Command Renew()
    {
        var json = CommonOptions.Json();
        var file = CompiledModel();
        var output = Output("equality");
        var context = CommonOptions.Context();
        var again = new Option<bool>("--again") { Description = "Renew nothing: write the proof of the last renewal once more." };
        var passwordFile = CommonOptions.PasswordFile();
        var command = new Command(
            "renew",
            "Put a fresh commitment in the place of the one in use, and prove once, for one context, that it holds the same weights. The model keeps its hash.")
        {
            file, output, context, again, passwordFile, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            var target = Target(result.GetValue(output), source, "equality");
            var model = ModelFile.Load(source);
            if (!WeightKeys.Exists(model))
                throw new AivmException(
                    Failure.Input, "weights-not-found", $"There is no commitment to the weights of {source.Name}: 'aivm weights prove-ranges' makes the first.");
            var password = WeightKeys.PasswordOf(model, result.GetValue(passwordFile), terminal);
            using var weights = await Work(terminal, model, password, weights =>
            {
                if (!result.GetValue(again))
                    weights.Renew(result.GetValue(context), RunProver.Threads);
            });
            var (old, renewal) = weights.LastRenewal
                ?? throw new AivmException(Failure.Input, "weights-not-renewed", "The first commitment to these weights is in use: there was no renewal.");
            OutputFile.Write(target, renewal.Proof.ToArray());
            terminal.Result(
                new
                {
                    Proof = target.FullName,
                    Bytes = renewal.Proof.Length,
                    Model = weights.Model.Hash,
                    OldRoot = old,
                    weights.Root,
                    renewal.Context,
                    weights.Left,
                },
                () =>
                {
                    Print(terminal, weights);
                    terminal.Line($"before     {old}");
                    terminal.Line($"context    {renewal.Context}");
                    terminal.Line($"written    {target.FullName} ({renewal.Proof.Length:N0} bytes)");
                });
            return 0;
        });
        return command;
    }

    private static Command Register()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var file = CompiledModel();
        var command = new Command("register", "Register with the chain every commitment to the weights that it does not know yet, for your own publication of the private model.")
        {
            file, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var model = ModelFile.Load(result.GetRequiredValue(file));
            var password = WeightKeys.PasswordOf(model, result.GetValue(passwordFile), terminal);
            using var weights = await Work(terminal, model, password, _ => { });
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var account = ModelsInterface.ModelAddress(wallet.Address, weights.Model.Hash);
            var done = await RootRegistration.RegisterAsync(wallet, account, weights, result.GetValue(yes), terminal, cancellation);
            terminal.Result(
                new
                {
                    Model = account.ToChecksumString(),
                    weights.Root,
                    weights.Left,
                    Registered = done.Select(each => new { each.Root, Transaction = each.Transaction.TransactionHash, Block = each.Transaction.BlockNumber, each.Transaction.GasUsed, Fee = each.Transaction.Fee.ToString() }),
                },
                () =>
                {
                    Print(terminal, weights);
                    terminal.Line($"account    {account.ToChecksumString()}");
                    foreach (var (root, transaction) in done)
                        terminal.Line($"registered {root} in block {transaction.BlockNumber} ({Coins.Gas(transaction.GasUsed)} gas)");
                    if (done.Count == 0)
                        terminal.Line("registered nothing: the chain knows every commitment");
                });
            return 0;
        });
        return command;
    }

    private static Argument<FileInfo> CompiledModel() =>
        new Argument<FileInfo>("MODEL.aivm") { Description = "The compiled model, with its weights." }.AcceptExistingOnly();

    private static Option<FileInfo> Output(string extension) => new("--output", "-o")
    {
        Description = $"Where the proof goes; by default beside the model, as .{extension}.",
        HelpName = "FILE",
    };

    private static FileInfo Target(FileInfo? named, FileInfo model, string extension)
    {
        var target = named ?? new FileInfo(Path.ChangeExtension(model.FullName, extension));
        OutputFile.RequireWritable(target);
        return target;
    }

    private static Task<PrivateWeights> Work(Terminal terminal, Model model, string password, Action<PrivateWeights> work) =>
        terminal.Step("Proving", progress => Task.Run(() =>
        {
            var weights = WeightKeys.Open(model, password, progress.Report);
            work(weights);
            return weights;
        }));

    private static void Print(Terminal terminal, PrivateWeights weights)
    {
        terminal.Line($"model      {weights.Model.Hash}");
        terminal.Line($"weights    behind the commitment {weights.Root}");
        terminal.Line($"left       {weights.Left} proofs, and one that renews the commitment");
    }
}
