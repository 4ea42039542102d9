using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Inference;

/// <summary>Paid inferences in transactions: every validator runs the model, and so do we.</summary>
internal sealed class OnChainInference(Wallet wallet, InferenceRequest request, Terminal terminal)
{
    private sealed record Inference(int Row, ModelAnswer Answer, InferenceResult Result);

    /// <returns>False where no transaction runs the model: nothing was sent.</returns>
    public async Task<bool> TryRunAsync(CancellationToken cancellation)
    {
        var inferences = new InferenceClient(wallet);
        if (await inferences.TryQuoteAsync(request.Account, request.Inputs[0], cancellation) is not { } quote)
            return false;
        request.RequireBelowMaxPrice(quote.Total);
        terminal.Remark($"On-chain path: {request.Count}, each {Coins.Format(quote.Price)} coins to the owner and up to {Coins.Format(quote.Fee)} for gas.");
        await Consent.RequireAsync(wallet, quote.Total * (ulong)request.Inputs.Count, request.Yes, terminal, cancellation);
        var done = await terminal.Step("Inferring", progress => RunAllAsync(inferences, quote, progress, cancellation));
        terminal.Result(Document(quote, done), () => Print(done));
        return true;
    }

    private async Task<List<Inference>> RunAllAsync(
        InferenceClient client, InferenceQuote quote, IProgress<string> progress, CancellationToken cancellation)
    {
        var done = new List<Inference>();
        for (var row = 0; row < request.Inputs.Count; row++)
        {
            progress.Report($"{row + 1} of {request.Inputs.Count}");
            var input = request.Inputs[row];
            var result = await client.InferAsync(request.Account, input, quote, cancellation);
            if (request.Model.Contradicts(input, result.Output) || !result.Receipt.IsFor(input))
            {
                throw new AivmException(
                    Failure.Check, "answer-mismatch", $"The chain's answer in transaction {result.Transaction.TransactionHash} differs from our own run of the same model: do not trust this node.");
            }
            done.Add(new Inference(row, request.Model.Read(result.Output), result));
        }
        return done;
    }

    private object Document(InferenceQuote quote, List<Inference> done) => new
    {
        Model = request.Account.ToChecksumString(),
        request.Model.Hash,
        Path = "on-chain",
        Quote = new { Price = quote.Price.ToString(), quote.Gas, Fee = quote.Fee.ToString() },
        Inferences = done.Select(inference => new
        {
            inference.Row,
            inference.Answer.Outputs,
            OutputHash = inference.Answer.Hash,
            inference.Answer.Label,
            inference.Answer.Probability,
            ReceiptId = inference.Result.Receipt.Id,
            Transaction = inference.Result.Transaction.TransactionHash,
            Block = inference.Result.Transaction.BlockNumber,
            inference.Result.Transaction.GasUsed,
            Fee = inference.Result.Transaction.Fee.ToString(),
        }),
    };

    private void Print(List<Inference> done)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("row", "answer")
            .AddColumn(new TableColumn("probability").RightAligned())
            .AddColumn(new TableColumn("gas").RightAligned())
            .AddColumn(new TableColumn("block").RightAligned())
            .AddColumn("receipt");
        foreach (var (row, answer, result) in done)
        {
            table.AddRow(
                $"{row + 1}", Terminal.Cell(answer.Lines),
                answer.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "",
                Coins.Gas(result.Transaction.GasUsed), $"{result.Transaction.BlockNumber}", $"{result.Receipt.Id}");
        }
        terminal.Screen.Write(table);
        terminal.Line(request.Model.Assurance);
    }
}
