using System.CommandLine;
using Aivm.Cli.Output;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model list</c>: the models of a chain, in the order of publication.</summary>
internal static class ModelListCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var command = new Command("list", "List the chain's models in the order of publication.") { rpc, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var models = new ModelsClient(client);
            var infos = new List<ModelInfo>();
            foreach (var address in await models.ListAsync(cancellation: cancellation))
                infos.Add(await models.GetInfoAsync(address, cancellation));
            terminal.Result(
                new
                {
                    Models = infos.Select(info => new
                    {
                        Address = info.Address.ToChecksumString(),
                        Name = $"{info.Publisher}/{info.Name}",
                        info.Version,
                        info.Hash,
                        Price = info.Price.ToString(),
                        info.Gas,
                        info.Size,
                        info.IsOffChain,
                    }),
                },
                () =>
                {
                    if (infos.Count == 0)
                    {
                        terminal.Line("No models yet. Publish one with 'aivm model publish'.");
                        return;
                    }
                    var table = new Table().Border(TableBorder.Simple).AddColumns("address", "name", "version")
                        .AddColumn(new TableColumn("price").RightAligned()).AddColumn(new TableColumn("gas").RightAligned()).AddColumn(new TableColumn("bytes").RightAligned());
                    foreach (var info in infos)
                        table.AddRow(info.Address.ToChecksumString(), Terminal.Cell(info.Name), $"{info.Version}", Coins.Format(info.Price), Coins.Gas(info.Gas), info.IsOffChain ? "off the chain" : Coins.Gas(info.Size));
                    terminal.Screen.Write(table);
                });
            return 0;
        });
        return command;
    }
}
