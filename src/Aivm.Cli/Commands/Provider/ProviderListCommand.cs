using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Output;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider list</c>: what is offered, cheapest first.</summary>
internal static class ProviderListCommand
{
    private const byte HighestTier = 3;

    private sealed record Offer(JobEvidence Evidence, byte Tier, StandingAsk Ask, ProviderStatus Provider);

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var command = new Command("list", "Show the standing asks of all providers, the cheapest of each kind first.") { rpc, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var offers = await terminal.Step("Asking the node", _ => ReadAsync(new ComputeClient(client), cancellation));
            terminal.Result(new { Asks = offers.Select(Document) }, () => Print(terminal, offers));
            return 0;
        });
        return command;
    }

    private static async Task<List<Offer>> ReadAsync(ComputeClient compute, CancellationToken cancellation)
    {
        List<Offer> offers = [];
        foreach (var evidence in Enum.GetValues<JobEvidence>())
        {
            for (byte tier = 0; tier <= HighestTier; tier++)
            {
                foreach (var ask in (await compute.ListAsksAsync(evidence, tier, cancellation)).OrderBy(ask => ask.NextBasePrice))
                {
                    if (await compute.FindProviderAsync(ask.Provider, cancellation) is { } provider)
                        offers.Add(new Offer(evidence, tier, ask, provider));
                }
            }
        }
        return offers;
    }

    private static object Document(Offer offer) => new
    {
        Provider = offer.Ask.Provider.ToChecksumString(),
        Evidence = offer.Evidence.ToString(),
        offer.Tier,
        BasePrice = offer.Ask.NextBasePrice.ToString(),
        PricePerMgas = offer.Ask.NextPricePerMgas.ToString(),
        offer.Ask.EffectiveAt,
        Free = offer.Provider.MaxJobs - offer.Provider.ActiveJobs,
        offer.Provider.AnswerSeconds,
        Reputation = offer.Provider.Reputation / 10_000.0,
    };

    private static void Print(Terminal terminal, List<Offer> offers)
    {
        if (offers.Count == 0)
        {
            terminal.Line("Nobody asks for jobs on this chain: 'aivm provider start' would be the first.");
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("evidence", "tier", "provider")
            .AddColumn(new TableColumn("price").RightAligned())
            .AddColumn(new TableColumn("per Mgas").RightAligned())
            .AddColumn(new TableColumn("places").RightAligned())
            .AddColumn(new TableColumn("reputation").RightAligned());
        foreach (var offer in offers)
        {
            table.AddRow(
                $"{offer.Evidence}", $"{offer.Tier}", offer.Ask.Provider.ToChecksumString(), Coins.Format(offer.Ask.NextBasePrice),
                Coins.Format(offer.Ask.NextPricePerMgas), $"{offer.Provider.MaxJobs - offer.Provider.ActiveJobs}",
                string.Create(CultureInfo.InvariantCulture, $"{offer.Provider.Reputation / 100.0:F1} %"));
        }
        terminal.Screen.Write(table);
    }
}
