using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider status</c>: what the chain knows of one provider.</summary>
internal static class ProviderStatusCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var address = new Argument<string?>("PROVIDER") { Description = "Its address. By default your own.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Show a provider's stake, places and record, all from the chain.") { address, rpc, from, passwordFile, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var provider = result.GetValue(address) switch
            {
                null => (await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation)).Address,
                var text when Address.TryParse(text, out var parsed) => parsed,
                var text => throw new AivmException(Failure.Input, "usage", $"'{text}' is not an address."),
            };
            var compute = new ComputeClient(client);
            var status = await compute.FindProviderAsync(provider, cancellation)
                ?? throw new AivmException(Failure.Input, "provider-not-found", $"{provider.ToChecksumString()} is not a provider: 'aivm provider start' registers one.");
            var record = await compute.GetRecordAsync(provider, cancellation);
            terminal.Result(
                new
                {
                    Provider = provider.ToChecksumString(),
                    Stake = status.Stake.ToString(),
                    Reserved = status.Reserved.ToString(),
                    Unbonding = status.Unbonding.ToString(),
                    status.UnbondedAt,
                    status.MaxJobs,
                    status.ActiveJobs,
                    status.AnswerSeconds,
                    status.Strikes,
                    status.RegisteredAt,
                    Reputation = status.Reputation / 10_000.0,
                    Record = record,
                },
                () => Print(terminal, provider, status, record));
            return 0;
        });
        return command;
    }

    private static void Print(Terminal terminal, Address provider, ProviderStatus status, ProviderRecord record)
    {
        terminal.Line($"provider   {provider.ToChecksumString()}, registered in block {status.RegisteredAt}");
        terminal.Line($"stake      {Coins.Format(status.Stake)} coins, {Coins.Format(status.Reserved)} of them behind jobs");
        if (!status.Unbonding.IsZero)
            terminal.Line($"unbonding  {Coins.Format(status.Unbonding)} coins, from {DateTimeOffset.FromUnixTimeSeconds((long)status.UnbondedAt):u} on");
        terminal.Line($"jobs       {status.ActiveJobs} of {status.MaxJobs} places taken, answers within {status.AnswerSeconds} s");
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"reputation {status.Reputation / 100.0:F1} %"));
        terminal.Line($"record     {record.Succeeded} paid ({record.Slow} slow), {record.Missed} missed, {record.Late} late, {record.Wrong} wrong; {status.Strikes} strikes");
    }
}
