using System.Globalization;
using Aivm.Attestation;
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
/// <param name="Policy">Which enclave may open a sealed input; null: what the chain accepts.</param>
internal sealed record JobTerms(string Evidence, ulong Seconds, Address? Provider, bool IsSealed, AttestationPolicy? Policy = null);

/// <summary>Inferences as jobs: somebody else computes them, and the chain checks the evidence before it pays.</summary>
internal sealed class OffChainInference(Wallet wallet, InferenceRequest request, JobTerms terms, Terminal terminal)
{
    private readonly JobCaller _caller = new(wallet, terms.Policy);

    private sealed record Inference(int Row, ulong Job, AnsweredJob Answer, ModelAnswer Read, TransactionReceipt Requested, Hash256? Salt);

    /// <summary>One inference as it would be sent now: what it pays for is priced, and so is the gas of these very bytes.</summary>
    /// <param name="Hidden">Null where the input is public.</param>
    /// <param name="Locked">Wei, for the job; what is over comes back.</param>
    /// <param name="Fee">Wei, the most that the gas costs.</param>
    private sealed record Offer(JobRequest Plain, JobQuote Quote, SealedRequest? Hidden, UInt256 Locked, UInt256 Fee, ulong Gas, GasFees Fees) : IDisposable
    {
        public TransactionRequest Transaction => JobsClient.Request(Hidden?.Request ?? Plain, Locked) with { GasLimit = Gas, Fees = Fees };

        public void Dispose() => Hidden?.ReplyKey.Dispose();
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var evidence = await EvidenceAsync(cancellation);
        using var offer = await OfferAsync(row: 0, evidence, request, cancellation);
        terminal.Remark(
            $"Off-chain path, {Words(evidence)}: {request.Count}, each {Coins.Format(offer.Quote.Price)} coins to {offer.Quote.Provider.ToChecksumString()}, {Coins.Format(offer.Quote.ModelPrice)} to the owner and up to {Coins.Format(offer.Fee)} for gas. {Coins.Format(offer.Locked)} are locked; what is over comes back.");
        // What is agreed to for one is the most for each: prices may have moved when it is a row's turn.
        var agreed = request with { MaxPrice = offer.Locked + offer.Fee };
        await Consent.RequireAsync(wallet, agreed.MaxPrice.Value * (ulong)request.Inputs.Count, request.Yes, terminal, cancellation);
        List<Inference> done = [];
        try
        {
            await terminal.Step("Inferring", progress => RunAllAsync(evidence, agreed, done, progress, cancellation));
        }
        catch when (done.Count > 0 && !terminal.Json)
        {
            Print(evidence, done);
            throw;
        }
        terminal.Result(Document(evidence, offer, done), () => Print(evidence, done));
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

    /// <exception cref="AivmException"><c>no-offer</c>, <c>price-too-high</c>, <c>session-missing</c>, a code of the session's evidence: nothing was sent.</exception>
    private async Task<Offer> OfferAsync(int row, JobEvidence evidence, InferenceRequest bounds, CancellationToken cancellation)
    {
        var plain = new JobRequest(request.Account, evidence, await NowAsync(cancellation) + terms.Seconds, request.Inputs[row]) { Provider = terms.Provider };
        var quote = await QuoteAsync(plain, cancellation);
        var hidden = terms.IsSealed ? await _caller.SealAsync(plain, quote, cancellation) : null;
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        var gas = await wallet.EstimateGasAsync(JobsClient.Request(hidden?.Request ?? plain, quote.Total), cancellation);
        var fee = fees.MaxFeePerGas * gas;
        bounds.RequireBelowMaxPrice(quote.Total + fee);
        // The next provider may ask for more, and a later row take more gas: what is locked for that comes back where it is not needed.
        var locked = bounds.MaxPrice is { } most ? most - fee : quote.Total + ((quote.Total + fee) / 4);
        return new Offer(plain, quote, hidden, locked, fee, gas, fees);
    }

    /// <summary>An idle development chain's last block may be hours old: its next one has the time of the wall clock.</summary>
    private async Task<ulong> NowAsync(CancellationToken cancellation)
    {
        var head = await wallet.Rpc.GetHeadAsync(cancellation);
        return Math.Max(head.Time, (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    private async Task<List<Inference>> RunAllAsync(
        JobEvidence evidence, InferenceRequest agreed, List<Inference> done, IProgress<string> progress, CancellationToken cancellation)
    {
        for (var row = 0; row < request.Inputs.Count; row++)
        {
            var place = $"{row + 1} of {request.Inputs.Count}";
            progress.Report(place);
            using var offer = await OfferAsync(row, evidence, agreed, cancellation);
            done.Add(await RunAsync(row, offer, text => progress.Report($"{place}: {text}"), cancellation));
        }
        return done;
    }

    private async Task<Inference> RunAsync(int row, Offer offer, Action<string> report, CancellationToken cancellation)
    {
        var (job, requested) = await _caller.RequestAsync(offer.Transaction, cancellation);
        var answer = await _caller.WaitAsync(job, requested.BlockNumber, new Reporter(status => report(Words(status))), cancellation);
        var outputs = await OpenAsync(job, answer, offer.Hidden, cancellation);
        await RequireReceiptAsync(job, answer.Receipt, offer, outputs, cancellation);
        var salt = offer.Hidden?.Input.Salt;
        RequireOwnRun(job, row, outputs, salt);
        return new Inference(row, job, answer, request.Model.Read(outputs), requested, salt);
    }

    private async Task RequireReceiptAsync(ulong job, InferenceReceipt receipt, Offer offer, long[] outputs, CancellationToken cancellation)
    {
        var isAsked = receipt.ChainId == await wallet.Rpc.GetChainIdAsync(cancellation)
            && receipt.Job == new UInt256(job).ToHash256()
            && receipt.Model == request.Account
            && receipt.ModelHash == request.Model.Hash
            && receipt.Payer == wallet.Address
            && receipt.EvidenceKind == (byte)offer.Plain.Evidence;
        var isForInput = offer.Hidden is { } hidden ? receipt.InputCommitment == hidden.Input.Commitment : receipt.IsFor(offer.Plain.Input.Span);
        if (!isAsked || !isForInput || !receipt.VouchesFor(outputs))
            throw new AivmException(
                Failure.Check, "receipt-mismatch", $"The receipt of job {job} is not for what was asked, or not for this output: do not trust this node.");
    }

    private async Task<long[]> OpenAsync(ulong job, AnsweredJob answer, SealedRequest? hidden, CancellationToken cancellation)
    {
        if (hidden is null)
            return OutputNumbers.Unpack(answer.Output);
        var chainId = await wallet.Rpc.GetChainIdAsync(cancellation);
        return SealedOutput.TryOpen(hidden.ReplyKey, chainId, job, answer.Receipt.OutputHash, answer.Output, out var outputs, out var error)
            ? outputs
            : throw new AivmException(Failure.Check, error.Code, $"The answer of job {job}: {error.Message}");
    }

    /// <summary>A public model is here already: a wrong answer is known at once.</summary>
    private void RequireOwnRun(ulong job, int row, long[] outputs, Hash256? salt)
    {
        if (!request.Model.Contradicts(request.Inputs[row], outputs))
            return;
        var remedy = request.IsOffChain ? "nobody can challenge it, since the chain does not hold the model: ask another provider, with --provider"
            : salt is null ? $"'aivm job challenge {job}' gets the money back, and half of what the provider loses"
            : $"'aivm job challenge {job} --input FILE --salt {salt}' gets the money back, and half of what the provider loses; FILE has this row alone";
        throw new AivmException(Failure.Check, "answer-mismatch", $"The answer of job {job} differs from our own run of the same model: {remedy}.");
    }

    private object Document(JobEvidence evidence, Offer offer, List<Inference> done) => new
    {
        Model = request.Account.ToChecksumString(),
        request.Model.Hash,
        Path = "off-chain",
        Evidence = Name(evidence),
        Sealed = terms.IsSealed,
        Quote = new
        {
            Provider = offer.Quote.Provider.ToChecksumString(),
            Price = offer.Quote.Price.ToString(),
            ModelPrice = offer.Quote.ModelPrice.ToString(),
            Total = offer.Quote.Total.ToString(),
            Fee = offer.Fee.ToString(),
        },
        Inferences = done.Select(inference => new
        {
            inference.Row,
            inference.Read.Outputs,
            OutputHash = inference.Read.Hash,
            inference.Read.Label,
            inference.Read.Probability,
            inference.Read.Tensors,
            ReceiptId = inference.Answer.Receipt.Id,
            inference.Answer.Transaction,
            Block = inference.Answer.BlockNumber,
            inference.Job,
            inference.Salt,
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
                $"{inference.Row + 1}", Terminal.Cell(inference.Read.Lines),
                inference.Read.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "",
                $"{inference.Job}", inference.Answer.Provider.ToChecksumString(), $"{inference.Answer.Receipt.Id}");
        }
        terminal.Screen.Write(table);
        terminal.Line($"Evidence: {Words(evidence)}. {request.Model.Assurance}");
    }

    private static string Name(JobEvidence evidence) => evidence switch
    {
        JobEvidence.Proved => "zk",
        JobEvidence.Attested => "tee",
        JobEvidence.DevelopmentAttested => "development-tee",
        _ => "stake",
    };

    private string Words(JobEvidence evidence) => evidence switch
    {
        JobEvidence.Proved => "a zero-knowledge proof that every validator verifies",
        JobEvidence.Attested => $"the signature of attested hardware; {Challenges}",
        JobEvidence.DevelopmentAttested => $"the signature of a DEVELOPMENT TEE, which proves nothing; {Challenges}",
        _ => $"the provider's stake alone; {Challenges}",
    };

    private string Challenges => request.IsOffChain ? "nobody can challenge it" : "it may be challenged for a while";

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
