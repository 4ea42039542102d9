using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model publish</c>: a model becomes an account on the chain.</summary>
internal static class ModelPublishCommand
{
    public static Command Create()
    {
        var options = new PublishOptions();
        var command = options.Command("publish", "Publish a model. Says what it costs before it pays; an interrupted upload goes on where it stopped.");
        command.SetAction((result, cancellation) => result.GetValue(options.OffChain)
            ? OffChainPublication.RunAsync(options, result, cancellation)
            : PublishAsync(options, result, cancellation));
        return command;
    }

    private static async Task<int> PublishAsync(PublishOptions options, ParseResult result, CancellationToken cancellation)
    {
        if (result.GetResult(options.Gas) is not null || result.GetResult(options.Store.Location) is not null)
            throw new AivmException(Failure.Input, "usage", "--gas and --store are for models off the chain: say --off-chain.");
        var terminal = options.Terminal(result);
        var source = options.File(result);
        var container = ModelFile.Read(source);
        var model = ModelFile.Load(container, source.Name);
        using var secret = result.GetValue(options.PrivateWeights) ? await OpenAsync(model, result.GetValue(options.PasswordFile), terminal) : null;
        var release = new ModelRelease(secret?.Container ?? container, options.Name(result), options.Metadata(result), options.Price(result));
        using var client = options.Client(result);
        var wallet = await options.OpenPayerAsync(client, result, terminal, cancellation);
        var publisher = new ModelPublisher(wallet);

        var quote = await publisher.EstimateAsync(release, cancellation);
        terminal.Remark($"Publishing {release.Name} ({release.Container.Length:N0} bytes{(secret is null ? "" : ", without its weights")}) from {wallet.Address.ToChecksumString()}");
        terminal.Remark($"  {quote.Transactions} transactions, up to {Coins.Format(quote.Fee)} coins for gas at up to twice its present price, and a deposit of {Coins.Format(quote.Deposit)} that comes back.");
        await Consent.RequireAsync(wallet, quote.Total, options.Yes(result), terminal, cancellation);

        var published = await terminal.Step("Publishing", progress => publisher.PublishAsync(release, new UploadSteps(progress), cancellation));
        var roots = secret is null ? [] : await RootRegistration.RegisterAsync(wallet, published.Model, secret, options.Yes(result), terminal, cancellation);
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
    }

    private static Task<PrivateWeights> OpenAsync(Aivm.Inference.Model model, FileInfo? passwordFile, Terminal terminal)
    {
        var password = WeightKeys.PasswordOf(model, passwordFile, terminal);
        return terminal.Step("Committing to the weights", progress => Task.Run(() => WeightKeys.Open(model, password, progress.Report)));
    }

    private sealed class UploadSteps(IProgress<string> progress) : IProgress<PublishProgress>
    {
        public void Report(PublishProgress value) => progress.Report($"{value.Uploaded:N0} of {value.Length:N0} bytes");
    }
}
