using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model publish --off-chain</c>: the file goes into a store, what describes it on the chain.</summary>
internal static class OffChainPublication
{
    public static async Task<int> RunAsync(PublishOptions options, ParseResult result, CancellationToken cancellation)
    {
        if (result.GetValue(options.PrivateWeights))
            throw new AivmException(Failure.Input, "usage", "--private-weights is for models on the chain: leave out --off-chain.");
        var terminal = options.Terminal(result);
        var source = options.File(result);
        var isOnnx = source.Extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase);
        var gas = isOnnx ? RequireOnnx(source, result.GetValue(options.Gas)) : RequireContainer(source, result.GetValue(options.Gas));
        var model = await OffChainModel.OfFileAsync(isOnnx ? OffChainKind.Onnx : OffChainKind.Container, source.FullName, gas, cancellation);
        var release = new OffChainRelease(model, options.Name(result), options.Metadata(result), options.Price(result));
        using var store = options.Store.Open(result, terminal);
        using var client = options.Client(result);
        var wallet = await options.OpenPayerAsync(client, result, terminal, cancellation);
        var publisher = new ModelPublisher(wallet);

        var quote = await publisher.EstimateOffChainAsync(release, cancellation);
        terminal.Remark($"Publishing {release.Name} ({model.Size:N0} bytes, which go to {store.Name}) from {wallet.Address.ToChecksumString()}");
        terminal.Remark($"  1 transaction, up to {Coins.Format(quote.Fee)} coins for gas.");
        await Consent.RequireAsync(wallet, quote.Total, options.Yes(result), terminal, cancellation);

        await terminal.Step("Storing", progress => StoreAsync(store.Store, source, model, new StoredBytes(progress, model.Size), cancellation));
        var published = await terminal.Step("Publishing", _ => publisher.PublishOffChainAsync(release, cancellation));
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
                Kind = model.Kind.Word(),
                Digest = model.Digest.ToString(),
                model.Size,
                Store = store.Name,
            },
            () =>
            {
                terminal.Line($"model    {published.Model.ToChecksumString()}");
                terminal.Line($"name     {wallet.Address}/{published.Name}@{published.Version}");
                terminal.Line($"hash     {published.Hash}");
                terminal.Line($"digest   {model.Digest}, in {store.Name}");
                terminal.Line($"gas      {Coins.Gas(published.Gas)} a run{(isOnnx ? ", as declared" : "")}");
                terminal.Line($"paid     {Coins.Format(published.Fee)} coins ({Coins.Gas(published.GasUsed)} gas), block {published.Height}");
            });
        return 0;
    }

    /// <summary>As the descriptor's JSON has it.</summary>
    public static string Word(this OffChainKind kind) => kind == OffChainKind.Container ? "aivm-q" : "onnx";

    private static ulong RequireOnnx(FileInfo file, ulong? gas)
    {
        if (gas is null)
            throw new AivmException(Failure.Input, "usage", "The gas of an ONNX file is what you declare: say --gas N, the nanoseconds of a run on one core.");
        try
        {
            FloatModels.RequireRunnable(file.FullName);
        }
        catch (AivmException exception)
        {
            throw new AivmException(Failure.Input, exception.Error.Code, $"No provider would run {file.Name}: {exception.Message}.");
        }
        return gas.Value;
    }

    private static ulong RequireContainer(FileInfo file, ulong? gas) => gas is null
        ? ModelFile.Load(file).Gas
        : throw new AivmException(Failure.Input, "usage", "The gas of a compiled model is its own: --gas is for ONNX files.");

    private static async Task<ContentDescriptor> StoreAsync(
        IContentStore store, FileInfo file, OffChainModel model, IProgress<long> progress, CancellationToken cancellation)
    {
        var added = await store.AddAsync(file.FullName, progress, cancellation);
        return added.Digest == model.Digest
            ? added
            : throw new AivmException(Failure.Check, "content-changed", $"{file.Name} changed while it was published: try again when nobody writes to it.");
    }

    private sealed class StoredBytes(IProgress<string> progress, long all) : IProgress<long>
    {
        public void Report(long value) => progress.Report($"{value:N0} of {all:N0} bytes");
    }
}
