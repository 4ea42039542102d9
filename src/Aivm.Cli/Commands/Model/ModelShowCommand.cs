using System.CommandLine;
using System.Text.Json;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model show</c>: what a file, or the chain, says of a model.</summary>
internal static class ModelShowCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var model = new Argument<string>("MODEL") { Description = "A compiled file, an address, publisher/name, or a name of the paying account." };
        var command = new Command("show", "Show a model: inputs, outputs, gas, and on the chain its owner and price.") { model, rpc, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var name = result.GetRequiredValue(model);
            if (File.Exists(name))
            {
                var local = ModelFile.Load(new FileInfo(name));
                using var document = JsonDocument.Parse(local.Describe());
                terminal.Result(document.RootElement, () => PrintDescription(terminal, document.RootElement));
                return 0;
            }
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var models = new ModelsClient(client);
            var address = await ModelReference.ResolveAsync(client, name, cancellation);
            var info = await models.GetInfoAsync(address, cancellation);
            var offChain = info.IsOffChain ? await models.GetOffChainAsync(address, cancellation) : null;
            using var description = JsonDocument.Parse(await models.DescribeAsync(address, cancellation));
            terminal.Result(
                new
                {
                    Address = info.Address.ToChecksumString(),
                    Name = $"{info.Publisher}/{info.Name}",
                    info.Version,
                    Owner = info.Owner.ToChecksumString(),
                    Publisher = info.Publisher.ToChecksumString(),
                    info.Hash,
                    Price = info.Price.ToString(),
                    info.Gas,
                    info.LoadGas,
                    Size = offChain?.Size ?? info.Size,
                    Kind = offChain?.Kind.Word() ?? OffChainKind.Container.Word(),
                    info.IsOffChain,
                    Digest = offChain?.Digest.ToString(),
                    Block = info.Height,
                    info.Metadata,
                    Description = description.RootElement,
                },
                () =>
                {
                    terminal.Line($"model      {info.Address.ToChecksumString()}");
                    terminal.Line($"name       {info.Publisher}/{info.Name}@{info.Version}");
                    terminal.Line($"owner      {info.Owner.ToChecksumString()}");
                    terminal.Line($"price      {Coins.Format(info.Price)} coins an inference, gas apart");
                    if (offChain is not null)
                    {
                        PrintOffChain(terminal, info, offChain);
                    }
                    else
                    {
                        terminal.Line($"load gas   {Coins.Gas(info.LoadGas)}");
                        terminal.Line($"size       {Coins.Gas(info.Size)} bytes, published in block {info.Height}");
                        PrintDescription(terminal, description.RootElement);
                    }
                    if (info.Metadata.Length > 0)
                        terminal.Line($"metadata   {info.Metadata}");
                });
            return 0;
        });
        return command;
    }

    private static void PrintOffChain(Terminal terminal, ModelInfo info, OffChainModel model)
    {
        var kind = model.Kind == OffChainKind.Onnx ? "an ONNX file, run in floats: trusted hardware vouches for it, and nobody can challenge it" : "an AIVM-Q container";
        terminal.Line($"kind       off the chain, {kind}");
        terminal.Line($"size       {Coins.Gas((ulong)model.Size)} bytes, published in block {info.Height}");
        terminal.Line($"hash       {model.Hash}");
        terminal.Line($"digest     {model.Digest}");
        terminal.Line($"gas        {Coins.Gas(model.Gas)} a run, as its publisher declared");
    }

    private static void PrintDescription(Terminal terminal, JsonElement description)
    {
        terminal.Line($"hash       {description.GetProperty("hash").GetString()}");
        terminal.Line($"gas        {Coins.Gas(description.GetProperty("gas").GetUInt64())} a run, {Coins.Gas(description.GetProperty("macs").GetUInt64())} MACs");
        foreach (var input in description.GetProperty("inputs").EnumerateArray())
        {
            var format = input.GetProperty("format").GetString() == "u8" ? "bytes" : $"numbers with {input.GetProperty("decimals")} decimals";
            terminal.Line($"input      {input.GetProperty("name").GetString()} {input.GetProperty("shape").GetRawText()}, {format}");
        }
        foreach (var output in description.GetProperty("outputs").EnumerateArray())
        {
            var classes = output.GetProperty("classes").EnumerateArray().Select(name => name.GetString()).ToList();
            var meaning = output.GetProperty("kind").GetString() == "label" ? "label" : $"integers / 2^{output.GetProperty("exponent")}";
            terminal.Line($"output     {output.GetProperty("name").GetString()} {output.GetProperty("shape").GetRawText()}, {meaning}{(classes.Count > 0 ? ": " + string.Join(", ", classes) : "")}");
        }
    }
}
