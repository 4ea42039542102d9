using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm infer</c>: paid inferences of a published model, each checked against our own run of its code.</summary>
internal static class InferCommand
{
    private sealed record Inference(int Row, ModelAnswer Answer, InferenceResult Result);

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var name = new Argument<string>("MODEL") { Description = "An address, publisher/name, or a bare name when only one publisher has it." };
        var input = CommonOptions.Input();
        var maxPrice = CommonOptions.Coins("--max-price", "The most to pay for one inference, gas included, in coins; a dearer quote is refused.");
        var command = new Command("infer", "Run a published model in transactions, one a row. Quotes price and path before it pays.")
        {
            name, input, maxPrice, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var samples = InputFiles.Read(result.GetRequiredValue(input).FullName);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var address = await ModelReference.ResolveAsync(client, result.GetRequiredValue(name), cancellation);
            var model = await FetchAsync(client, address, cancellation);
            var inputs = Enumerable.Range(0, samples.Count).Select(row => ModelInput.Read(model, samples, row)).ToList();

            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var inferences = new InferenceClient(wallet);
            var quote = await inferences.QuoteAsync(address, ModelInput.Pack(model, inputs[0]), cancellation);
            if (result.GetResult(maxPrice) is not null && quote.Total > result.GetValue(maxPrice))
            {
                throw new AivmException(
                    Failure.Check, "price-too-high", $"One inference costs up to {Coins.Format(quote.Total)} coins, more than --max-price. Nothing was sent.");
            }
            var total = quote.Total * (UInt256)(ulong)inputs.Count;
            terminal.Remark($"On-chain path: {inputs.Count} {(inputs.Count == 1 ? "inference" : "inferences")}, each {Coins.Format(quote.Price)} coins to the owner and up to {Coins.Format(quote.Fee)} for gas.");
            await Consent.RequireAsync(wallet, total, result.GetValue(yes), terminal, cancellation);

            var done = await terminal.Step("Inferring", progress => RunAllAsync(inferences, address, model, inputs, quote, progress, cancellation));
            terminal.Result(Document(address, model, quote, done), () => Print(terminal, done));
            return 0;
        });
        return command;
    }

    /// <summary>The model's code from the chain: decoded here, so that inputs are encoded and answers re-executed by the same bytes.</summary>
    private static async Task<Model> FetchAsync(RpcClient client, Address address, CancellationToken cancellation)
    {
        var code = await client.GetCodeAsync(address, cancellation);
        if (OffChainModel.TryDecode(code, out _))
            throw new AivmException(
                Failure.Input, "model-off-chain", $"{address.ToChecksumString()} lies off the chain: request a job for it, with evidence of trusted hardware.");
        return code is [0xEF, 0xA1, ..]
            ? ModelFile.Load(code.AsSpan(2), address.ToChecksumString())
            : throw new AivmException(Failure.Input, "model-not-found", $"{address.ToChecksumString()} is not a model's account.");
    }

    private static async Task<List<Inference>> RunAllAsync(
        InferenceClient client, Address address, Model model, List<long[]> inputs, InferenceQuote quote, IProgress<string> progress, CancellationToken cancellation)
    {
        var done = new List<Inference>();
        for (var row = 0; row < inputs.Count; row++)
        {
            progress.Report($"{row + 1} of {inputs.Count}");
            var packed = ModelInput.Pack(model, inputs[row]);
            var result = await client.InferAsync(address, packed, quote, cancellation);
            var own = ModelAnswer.Run(model, inputs[row]);
            if (!own.Outputs.AsSpan().SequenceEqual(result.Output) || !result.Receipt.IsFor(packed))
            {
                throw new AivmException(
                    Failure.Check, "answer-mismatch", $"The chain's answer in transaction {result.Transaction.TransactionHash} differs from our own run of the same model: do not trust this node.");
            }
            done.Add(new Inference(row, own, result));
        }
        return done;
    }

    private static object Document(Address address, Model model, InferenceQuote quote, List<Inference> done) => new
    {
        Model = address.ToChecksumString(),
        model.Hash,
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

    private static void Print(Terminal terminal, List<Inference> done)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("row", "answer")
            .AddColumn(new TableColumn("probability").RightAligned())
            .AddColumn(new TableColumn("gas").RightAligned())
            .AddColumn(new TableColumn("block").RightAligned())
            .AddColumn("receipt");
        foreach (var (row, answer, result) in done)
        {
            table.AddRow(
                $"{row + 1}", Terminal.Cell(answer.Label ?? string.Join(' ', answer.Outputs.Take(8))),
                answer.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "",
                Coins.Gas(result.Transaction.GasUsed), $"{result.Transaction.BlockNumber}", $"{result.Receipt.Id}");
        }
        terminal.Screen.Write(table);
        terminal.Line("Each answer was re-executed here and equals the chain's, byte for byte.");
    }
}
