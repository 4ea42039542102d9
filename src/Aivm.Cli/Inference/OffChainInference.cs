using System.Globalization;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Inference;

/// <summary>How the answers of jobs are to be believed.</summary>
/// <param name="Seconds">From now to the deadline of each job.</param>
/// <param name="Provider">Null: whoever asks the least.</param>
internal sealed record JobTerms(string Evidence, ulong Seconds, Address? Provider, bool IsSealed);

/// <summary>Inferences as jobs: somebody else computes them, and the chain checks the evidence before it pays.</summary>
internal sealed class OffChainInference(Wallet wallet, InferenceRequest request, JobTerms terms, Terminal terminal)
{
    private readonly JobCaller _caller = new(wallet);

    private sealed record Inference(int Row, ulong Job, AnsweredJob Answer, ModelAnswer Read, TransactionReceipt Requested);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var evidence = await EvidenceAsync(cancellation);
        var head = await wallet.Rpc.GetHeadAsync(cancellation);
        // An idle development chain's last block may be hours old: its next one has the time of the wall clock.
        var now = Math.Max(head.Time, (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var job = new JobRequest(request.Account, evidence, now + terms.Seconds, request.Packed(0)) { Provider = terms.Provider };
        var quote = await QuoteAsync(job, cancellation);
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        var gas = await wallet.EstimateGasAsync(JobsClient.Request(job, quote.Total), cancellation);
        var fee = fees.CurrentPrice * gas;
        request.RequireBelowMaxPrice(quote.Total + fee);
        // The next provider may ask for more: what is locked for it comes back where it is not needed.
        var locked = request.MaxPrice is { } most ? most - fee : quote.Total + (quote.Total / 4);
        terminal.Remark(
            $"Off-chain path, {Words(evidence)}: {request.Count}, each {Coins.Format(quote.Price)} coins to {quote.Provider.ToChecksumString()}, {Coins.Format(quote.ModelPrice)} to the owner and up to {Coins.Format(fee)} for gas. {Coins.Format(locked)} are locked; what is over comes back.");
        await Consent.RequireAsync(wallet, (locked + fee) * (ulong)request.Inputs.Count, request.Yes, terminal, cancellation);
        var done = await terminal.Step("Inferring", progress => RunAllAsync(job, quote, locked, progress, cancellation));
        terminal.Result(Document(evidence, quote, fee, done), () => Print(evidence, done));
    }

    private async Task<JobEvidence> EvidenceAsync(CancellationToken cancellation)
    {
        if (terms.Evidence == "zk")
            return JobEvidence.Proved;
        if (terms.Evidence == "stake")
            return JobEvidence.Staked;
        return await wallet.Rpc.GetChainIdAsync(cancellation) == DevChain.ChainId ? JobEvidence.DevelopmentAttested : JobEvidence.Attested;
    }

    /// <exception cref="AivmException"><c>no-offer</c>: nobody would take the job, and why.</exception>
    private async Task<JobQuote> QuoteAsync(JobRequest job, CancellationToken cancellation)
    {
        try
        {
            return await _caller.QuoteAsync(job, cancellation);
        }
        catch (RpcException exception) when (exception.IsRevert)
        {
            throw new AivmException(Failure.Check, "no-offer", $"Nobody takes this job, and nothing was sent: {exception.Message}");
        }
    }

    private async Task<List<Inference>> RunAllAsync(JobRequest job, JobQuote quote, UInt256 locked, IProgress<string> progress, CancellationToken cancellation)
    {
        var done = new List<Inference>();
        for (var row = 0; row < request.Inputs.Count; row++)
        {
            var place = $"{row + 1} of {request.Inputs.Count}";
            progress.Report(place);
            done.Add(await RunAsync(row, job with { Input = request.Packed(row) }, quote, locked, text => progress.Report($"{place}: {text}"), cancellation));
        }
        return done;
    }

    private async Task<Inference> RunAsync(
        int row, JobRequest plain, JobQuote quote, UInt256 locked, Action<string> report, CancellationToken cancellation)
    {
        var hidden = terms.IsSealed ? await _caller.SealAsync(plain, quote, cancellation) : null;
        using var replyKey = hidden?.ReplyKey;
        var (job, requested) = await _caller.RequestAsync(hidden?.Request ?? plain, locked, cancellation);
        var answer = await _caller.WaitAsync(job, requested.BlockNumber, new Reporter(status => report(Words(status))), cancellation);
        var outputs = await OpenAsync(job, answer, hidden, cancellation);
        var commitment = hidden?.Input.Commitment;
        if (!answer.Receipt.VouchesFor(outputs) || (commitment is null ? !answer.Receipt.IsFor(plain.Input.Span) : answer.Receipt.InputCommitment != commitment))
            throw new AivmException(Failure.Check, "receipt-mismatch", $"The receipt of job {job} is not for this input and this output: do not trust this node.");
        RequireOwnRun(job, row, outputs);
        return new Inference(row, job, answer, ModelAnswer.Read(request.Model.Graph, request.Model.Analysis, outputs), requested);
    }

    private async Task<long[]> OpenAsync(ulong job, AnsweredJob answer, SealedRequest? hidden, CancellationToken cancellation)
    {
        if (hidden is null)
            return JobsClient.Numbers(answer.Output);
        var chainId = await wallet.Rpc.GetChainIdAsync(cancellation);
        return SealedOutput.TryOpen(hidden.ReplyKey, chainId, job, answer.Receipt.OutputHash, answer.Output, out var outputs, out var error)
            ? outputs
            : throw new AivmException(Failure.Check, error.Code, $"The answer of job {job}: {error.Message}");
    }

    /// <summary>A public model is here already: a wrong answer is known at once.</summary>
    private void RequireOwnRun(ulong job, int row, long[] outputs)
    {
        var own = ModelAnswer.Run(request.Model, request.Inputs[row]);
        if (!own.Outputs.AsSpan().SequenceEqual(outputs))
            throw new AivmException(
                Failure.Check, "answer-mismatch",
                $"The answer of job {job} differs from our own run of the same model: 'aivm job challenge {job} --input' gets the money back, and half of what the provider loses.");
    }

    private object Document(JobEvidence evidence, JobQuote quote, UInt256 fee, List<Inference> done) => new
    {
        Model = request.Account.ToChecksumString(),
        request.Model.Hash,
        Path = "off-chain",
        Evidence = Name(evidence),
        Sealed = terms.IsSealed,
        Quote = new
        {
            Provider = quote.Provider.ToChecksumString(),
            Price = quote.Price.ToString(),
            ModelPrice = quote.ModelPrice.ToString(),
            Total = quote.Total.ToString(),
            Fee = fee.ToString(),
        },
        Inferences = done.Select(inference => new
        {
            inference.Row,
            inference.Read.Outputs,
            OutputHash = inference.Read.Hash,
            inference.Read.Label,
            inference.Read.Probability,
            ReceiptId = inference.Answer.Receipt.Id,
            inference.Answer.Transaction,
            Block = inference.Answer.BlockNumber,
            inference.Job,
            Provider = inference.Answer.Provider.ToChecksumString(),
            inference.Requested.GasUsed,
            Fee = inference.Requested.Fee.ToString(),
        }),
    };

    private void Print(JobEvidence evidence, List<Inference> done)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("row", "answer")
            .AddColumn(new TableColumn("probability").RightAligned())
            .AddColumn(new TableColumn("job").RightAligned())
            .AddColumn("provider").AddColumn("receipt");
        foreach (var inference in done)
        {
            table.AddRow(
                $"{inference.Row + 1}", Terminal.Cell(inference.Read.Label ?? string.Join(' ', inference.Read.Outputs.Take(8))),
                inference.Read.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "",
                $"{inference.Job}", inference.Answer.Provider.ToChecksumString(), $"{inference.Answer.Receipt.Id}");
        }
        terminal.Screen.Write(table);
        terminal.Line($"Evidence: {Words(evidence)}. Each answer was re-executed here and is the same, byte for byte.");
    }

    private static string Name(JobEvidence evidence) => evidence switch
    {
        JobEvidence.Proved => "zk",
        JobEvidence.Attested => "tee",
        JobEvidence.DevelopmentAttested => "development-tee",
        _ => "stake",
    };

    private static string Words(JobEvidence evidence) => evidence switch
    {
        JobEvidence.Proved => "a zero-knowledge proof that every validator verifies",
        JobEvidence.Attested => "the signature of attested hardware; it may be challenged for a while",
        JobEvidence.DevelopmentAttested => "the signature of a DEVELOPMENT TEE, which proves nothing; it may be challenged for a while",
        _ => "the provider's stake alone; it may be challenged for a while",
    };

    private static string Words(JobStatus status) => status.State switch
    {
        JobState.Offered => $"job {status.Job}, offered to {status.Provider.ToChecksumString()}",
        JobState.Accepted => $"job {status.Job}, accepted by {status.Provider.ToChecksumString()}",
        _ => $"job {status.Job}, answered",
    };

    private sealed class Reporter(Action<JobStatus> report) : IProgress<JobStatus>
    {
        public void Report(JobStatus value) => report(value);
    }
}
