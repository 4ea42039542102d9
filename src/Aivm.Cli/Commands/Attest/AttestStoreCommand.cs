using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm attest store</c>: brings Intel's collateral onto the chain, without which no SGX or TDX quote opens a session there.</summary>
internal static class AttestStoreCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var collateral = new Option<FileInfo[]>("--collateral")
        {
            Description = "What Intel publishes about a family of platforms, as a JSON bundle (docs/spec/attestation.md). One or more.",
            HelpName = "FILE",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        }.AcceptExistingOnly();
        var command = new Command("store", "Store Intel's collateral on the chain, for every SGX or TDX quote of that family of platforms. Asks the node first whether it is good and newer, and says what it costs before it pays.")
        {
            collateral, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var bundles = result.GetRequiredValue(collateral).Select(Read).ToList();
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var attestations = new AttestationsClient(wallet);

            var quotes = await terminal.Step("Asking the node", _ => QuoteAsync(attestations, bundles, cancellation));
            var (gas, fee) = quotes.Aggregate((Gas: 0UL, Fee: UInt256.Zero), (sum, quote) => (sum.Gas + quote.Gas, sum.Fee + quote.Fee));
            terminal.Remark($"The node accepts the collateral. To store it takes up to {Coins.Gas(gas)} gas, {Coins.Format(fee)} coins.");
            await Consent.RequireAsync(wallet, fee, result.GetValue(yes), terminal, cancellation);
            var stored = await terminal.Step("Storing", _ => StoreAsync(attestations, bundles, quotes, cancellation));
            Print(terminal, stored);
            return 0;
        });
        return command;
    }

    private static byte[] Read(FileInfo file) => BoundedFile.Read(file.FullName, AttestationsInterface.MaxCollateralLength, "collateral-too-long");

    /// <exception cref="AivmException"><c>collateral-refused</c>: nothing was sent.</exception>
    private static async Task<List<GasQuote>> QuoteAsync(AttestationsClient attestations, List<byte[]> bundles, CancellationToken cancellation)
    {
        try
        {
            var quotes = new List<GasQuote>();
            foreach (var bundle in bundles)
                quotes.Add(await attestations.QuoteCollateralAsync(bundle, cancellation));
            return quotes;
        }
        catch (RpcException exception) when (exception.IsRevert)
        {
            throw new AivmException(Failure.Check, "collateral-refused", $"The chain would refuse the collateral, and nothing was sent: {exception.Message}");
        }
    }

    private static async Task<List<StoredCollateral>> StoreAsync(
        AttestationsClient attestations, List<byte[]> bundles, List<GasQuote> quotes, CancellationToken cancellation)
    {
        var stored = new List<StoredCollateral>();
        foreach (var (bundle, quote) in bundles.Zip(quotes))
            stored.Add(await attestations.StoreCollateralAsync(bundle, quote, cancellation));
        return stored;
    }

    private static void Print(Terminal terminal, List<StoredCollateral> stored) => terminal.Result(
        new { Stored = stored.Select(Document) },
        () =>
        {
            foreach (var collateral in stored)
                Print(terminal, collateral);
        });

    private static object Document(StoredCollateral stored) => new
    {
        stored.Key,
        stored.Kind,
        Fmspc = Digits(stored.Fmspc),
        stored.ValidFrom,
        stored.ValidUntil,
        Transaction = stored.Transaction.TransactionHash,
        Block = stored.Transaction.BlockNumber,
        stored.Transaction.GasUsed,
        Fee = stored.Transaction.Fee.ToString(),
    };

    private static void Print(Terminal terminal, StoredCollateral stored)
    {
        var sent = stored.Transaction;
        terminal.Line($"stored     in block {sent.BlockNumber}, for {stored.Kind} quotes of platforms {Digits(stored.Fmspc)}");
        terminal.Line($"key        {stored.Key}");
        terminal.Line($"valid      from {Date(stored.ValidFrom)} to {Date(stored.ValidUntil)}: store newer before that");
        terminal.Line($"paid       {Coins.Format(sent.Fee)} coins ({Coins.Gas(sent.GasUsed)} gas), transaction {sent.TransactionHash}");
    }

    private static string Digits(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Date(long seconds) => $"{DateTimeOffset.FromUnixTimeSeconds(seconds):u}";
}
