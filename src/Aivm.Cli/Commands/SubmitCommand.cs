using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm submit</c>: every validator checks a proof of inference.</summary>
internal static class SubmitCommand
{
    private const ulong GasOfTransaction = 21_000;
    private const ulong GasPerByte = 16;

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var from = CommonOptions.From();
        var passwordFile = CommonOptions.PasswordFile();
        var yes = CommonOptions.Yes();
        var subject = ContextOptions.Subject();
        var file = new Argument<FileInfo>("PROOF") { Description = "A file of 'aivm prove --sender' with the paying account." }.AcceptExistingOnly();
        var name = new Option<string>("--model") { Description = "The published model: an address, publisher/name, or a bare name. By default your own publication of it.", HelpName = "MODEL" };
        var command = new Command("submit", "Show a proof to the chain in a transaction. Asks the node first whether it holds, and says what it costs before it pays.")
        {
            file, name, subject, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var (proof, model) = ProofFiles.Read(result.GetRequiredValue(file));
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            await RequireContextAsync(proof, wallet, result.GetValue(subject), cancellation);
            var account = result.GetValue(name) is { } reference
                ? await ModelReference.ResolveAsync(client, reference, cancellation)
                : ModelsInterface.ModelAddress(wallet.Address, model.Hash);
            var submission = Submission(proof, model, account, result.GetValue(subject));
            var proofs = new ProofsClient(wallet);

            var registered = proof.PublicRoot is { } weights
                ? await RegisterRootAsync(proof, model, weights, wallet, account, result.GetValue(yes), terminal, cancellation)
                : null;
            var quote = await terminal.Step("Asking the node", _ => QuoteAsync(proofs, submission, registered, cancellation));
            terminal.Remark($"The node accepts the proof. In a transaction that takes up to {Coins.Gas(quote.Gas)} gas, {Coins.Format(quote.Fee)} coins.");
            await Consent.RequireAsync(wallet, quote.Fee, result.GetValue(yes), terminal, cancellation);
            var receipt = await terminal.Step("Submitting", _ => proofs.SubmitAsync(submission, quote, cancellation));
            terminal.Result(
                new
                {
                    Accepted = true,
                    Model = account.ToChecksumString(),
                    Transaction = receipt.TransactionHash,
                    Block = receipt.BlockNumber,
                    receipt.GasUsed,
                    Fee = receipt.Fee.ToString(),
                    RootTransaction = registered?.TransactionHash.ToString(),
                    RootFee = registered?.Fee.ToString(),
                    Statement = ProofView.Document(proof, model),
                },
                () =>
                {
                    terminal.Line($"accepted   in block {receipt.BlockNumber}, by every validator");
                    terminal.Line($"account    {account.ToChecksumString()}");
                    ProofView.Print(terminal, proof, model);
                    if (registered is not null)
                        terminal.Line($"root       registered in block {registered.BlockNumber}, once for all proofs by it: {Coins.Format(registered.Fee)} coins ({Coins.Gas(registered.GasUsed)} gas)");
                    terminal.Line($"paid       {Coins.Format(receipt.Fee)} coins ({Coins.Gas(receipt.GasUsed)} gas), transaction {receipt.TransactionHash}");
                });
            return 0;
        });
        return command;
    }

    /// <summary>A root is paid for before its proof: so the whole file is checked here first.</summary>
    /// <exception cref="AivmException"><c>proof-refused</c>, and those of <see cref="RootRegistration"/>: nothing was sent.</exception>
    private static async Task<TransactionReceipt?> RegisterRootAsync(
        ProofFile proof, ProvedModel model, PublicRoot weights, Wallet wallet, Address account, bool yes, Terminal terminal, CancellationToken cancellation)
    {
        if (await terminal.Step("Verifying", _ => Task.Run(() => proof.TryVerify(model, out var error) ? null : error)) is { } refusal)
            throw new AivmException(Failure.Check, "proof-refused", $"The chain would refuse the proof, and nothing was sent: {refusal}");
        var verification = await new ProofsClient(wallet).GetVerificationGasAsync(account, proof.Samples, proof.InputRoot is not null, weightsByRoot: true, cancellation);
        var gas = verification + GasOfTransaction + (GasPerByte * (ulong)(proof.Proof.Length + proof.Outputs.Length * sizeof(long) + proof.Inputs.Length * sizeof(long)));
        terminal.Remark($"The proof by its root then takes about {Coins.Gas(gas)} gas.");
        if (gas > Wallet.MaxTransactionGas)
            throw new AivmException(
                Failure.Check, "proof-refused", $"The proof takes about {gas:N0} gas, more than a transaction may have ({Wallet.MaxTransactionGas:N0}), and nothing was sent: prove fewer samples at once.");
        return await RootRegistration.RegisterAsync(wallet, account, weights, yes, terminal, cancellation);
    }

    /// <param name="registered">What was paid for the proof's root, just before.</param>
    /// <exception cref="AivmException"><c>proof-refused</c>: the proof was not sent.</exception>
    private static async Task<GasQuote> QuoteAsync(ProofsClient proofs, ProofSubmission submission, TransactionReceipt? registered, CancellationToken cancellation)
    {
        try
        {
            return await proofs.QuoteAsync(submission, cancellation);
        }
        catch (RpcException exception) when (exception.IsRevert || exception.IsOutOfGas)
        {
            throw new AivmException(
                Failure.Check, "proof-refused",
                $"The chain would refuse the proof, and {(registered is null ? "nothing was sent" : $"it was not sent (its root is registered, by transaction {registered.TransactionHash})")}: {exception.Message}");
        }
    }

    /// <exception cref="AivmException"><c>proof-context</c>.</exception>
    private static async Task RequireContextAsync(ProofFile proof, Wallet wallet, Hash256 subject, CancellationToken cancellation)
    {
        var chainId = await wallet.Rpc.GetChainIdAsync(cancellation);
        if (proof.Context != ProofsInterface.ContextOf(chainId, wallet.Address, subject))
            throw new AivmException(
                Failure.Input, "proof-context",
                $"The proof is bound to something else than this account, chain and subject: prove with --sender {wallet.Address.ToChecksumString()} --chain-id {chainId}{(subject.IsZero ? "" : $" --subject {subject}")}.");
    }

    private static ProofSubmission Submission(ProofFile proof, ProvedModel model, Address account, Hash256 subject)
    {
        var perSample = proof.Inputs.Length / proof.Samples;
        var inputs = Enumerable.Range(0, perSample == 0 ? 0 : proof.Samples).SelectMany(sample => ModelInput.Pack(model.Graph, proof.Inputs.Span.Slice(sample * perSample, perSample)));
        return new ProofSubmission(
            account, proof.WeightRoot(model) ?? Hash256.Zero, proof.InputRoot ?? Hash256.Zero, proof.Samples, subject, inputs.ToArray(), proof.Outputs, proof.Proof);
    }
}
