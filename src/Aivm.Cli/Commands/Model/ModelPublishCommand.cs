using System.CommandLine;
using System.Text;
using System.Text.Unicode;
using Aivm.Chain;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model publish</c>: a container becomes an account on the chain.</summary>
internal static class ModelPublishCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var file = new Argument<FileInfo>("MODEL.aivm") { Description = "A compiled model." }.AcceptExistingOnly();
        var name = new Option<string>("--name")
        {
            Description = "Its name under the publisher: a-z 0-9 . _ -, by default the file's. Publishing again under a name makes a new version.",
        };
        var metadata = new Option<FileInfo>("--metadata") { Description = "A JSON file of at most 16 KiB that says what the model is.", HelpName = "FILE" }.AcceptExistingOnly();
        var price = CommonOptions.Coins("--price", "What a paid inference costs, in coins.");
        var hidden = CommonOptions.PrivateWeights();
        var command = new Command("publish", "Publish a compiled model. Says what it costs before it pays; an interrupted upload goes on where it stopped.")
        {
            file, name, metadata, price, hidden, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            var container = ModelFile.Read(source);
            var model = ModelFile.Load(container, source.Name);
            using var secret = result.GetValue(hidden) ? await OpenAsync(model, result.GetValue(passwordFile), terminal) : null;
            var release = new ModelRelease(
                secret?.Container ?? container,
                result.GetValue(name) ?? Path.GetFileNameWithoutExtension(source.Name).ToLowerInvariant(),
                result.GetValue(metadata) is { } description ? ReadMetadata(description) : "",
                result.GetValue(price));
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var publisher = new ModelPublisher(wallet);

            var quote = await publisher.EstimateAsync(release, cancellation);
            terminal.Remark($"Publishing {release.Name} ({release.Container.Length:N0} bytes{(secret is null ? "" : ", without its weights")}) from {wallet.Address.ToChecksumString()}");
            terminal.Remark($"  {quote.Transactions} transactions, at most {Coins.Format(quote.Fee)} coins for gas, and a deposit of {Coins.Format(quote.Deposit)} that comes back.");
            await Consent.RequireAsync(wallet, quote.Total, result.GetValue(yes), terminal, cancellation);

            var published = await terminal.Step("Publishing", progress => publisher.PublishAsync(release, new UploadSteps(progress), cancellation));
            var roots = secret is null ? [] : await RootRegistration.RegisterAsync(wallet, published.Model, secret, result.GetValue(yes), terminal, cancellation);
            terminal.Result(
                new
                {
                    Address = published.Model.ToChecksumString(),
                    published.Hash,
                    published.Name,
                    published.Version,
                    published.Gas,
                    published.GasUsed,
                    Fee = published.Fee.ToString(),
                    Block = published.Height,
                    model.Macs,
                    Weights = secret is null ? "public" : "private",
                    Roots = roots.Select(each => each.Root),
                },
                () =>
                {
                    terminal.Line($"model    {published.Model.ToChecksumString()}");
                    terminal.Line($"name     {wallet.Address}/{published.Name}@{published.Version}");
                    terminal.Line($"hash     {published.Hash}");
                    terminal.Line(secret is null ? $"gas      {Coins.Gas(published.Gas)} a run" : "weights  private: it runs with you alone, and proofs show what it gave");
                    foreach (var (root, transaction) in roots)
                        terminal.Line($"root     {root} ({Coins.Gas(transaction.GasUsed)} gas, block {transaction.BlockNumber})");
                    terminal.Line($"paid     {Coins.Format(published.Fee)} coins ({Coins.Gas(published.GasUsed)} gas), block {published.Height}");
                });
            return 0;
        });
        return command;
    }

    private static Task<PrivateWeights> OpenAsync(Aivm.Inference.Model model, FileInfo? passwordFile, Terminal terminal)
    {
        var password = PrivateWeights.PasswordOf(model, passwordFile, terminal);
        return terminal.Step("Committing to the weights", progress => Task.Run(() => PrivateWeights.Open(model, password, new(progress))));
    }

    private static string ReadMetadata(FileInfo file)
    {
        var bytes = BoundedFile.Read(file.FullName, ModelsParameters.MaxMetadataBytes, "metadata-too-long");
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new AivmException(Failure.Input, "metadata-invalid", $"{file.Name} is not UTF-8 text.");
    }

    private sealed class UploadSteps(IProgress<string> progress) : IProgress<PublishProgress>
    {
        public void Report(PublishProgress value) => progress.Report($"{value.Uploaded:N0} of {value.Length:N0} bytes");
    }
}
