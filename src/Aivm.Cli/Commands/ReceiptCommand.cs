using System.CommandLine;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm receipt</c>: what an inference leaves behind, and the proof of it for whoever trusts a block's hash.</summary>
internal static class ReceiptCommand
{
    public static Command Create() => new("receipt", "Receipts of inferences: get one with its proof, show it, and verify it without a node.")
    {
        Get(),
        Show(),
        Verify(),
    };

    private static Command Get()
    {
        var json = CommonOptions.Json();
        var rpc = CommonOptions.Rpc();
        var reference = new Argument<Hash256>("ID") { Description = "A receipt's id, or the transaction that made it.", CustomParser = HashOf };
        var output = new Option<FileInfo>("--output", "-o") { Description = "The receipt file to write.", HelpName = "FILE", Required = true };
        var block = new Option<ulong?>("--block") { Description = "The block whose hash will be trusted: the receipt's own by default, or any later one.", HelpName = "N" };
        var command = new Command("get", "Get a receipt from a node, with what proves it.") { reference, output, block, rpc, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var file = result.GetRequiredValue(output);
            OutputFile.RequireWritable(file);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var got = await terminal.Step("Asking the node", _ => new ReceiptClient(client).GetAsync(result.GetRequiredValue(reference), result.GetValue(block), cancellation));
            OutputFile.Write(file, got.Encode());
            var (header, receipt) = Decode(got);
            terminal.Result(
                new { File = file.FullName, Header = header.Hash, Receipt = Document(receipt) },
                () =>
                {
                    Print(terminal, receipt);
                    terminal.Line($"written    {file.FullName}: whoever trusts the hash {header.Hash} of block {header.Number} can verify it without a node");
                });
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var json = CommonOptions.Json();
        var file = ReceiptArgument();
        var command = new Command("show", "Show what a receipt says. It is not verified.") { file, json };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var (header, receipt) = Decode(Read(result.GetRequiredValue(file)));
            terminal.Result(
                new { Verified = false, Header = header.Hash, Block = header.Number, Receipt = Document(receipt) },
                () =>
                {
                    Print(terminal, receipt);
                    terminal.Line($"unverified: 'aivm receipt verify' checks it against a hash that you trust of block {header.Number}");
                });
            return 0;
        });
        return command;
    }

    private static Command Verify()
    {
        var json = CommonOptions.Json();
        var file = ReceiptArgument();
        var trusted = CommonOptions.Hash("--header", "The hash of the block, from somebody you trust: a node of your own, a validator, a checkpoint.");
        trusted.Required = true;
        var command = new Command("verify", "Check a receipt without a node. Exits 0 if the block with this hash holds it, 1 if not.") { file, trusted, json };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var read = Read(result.GetRequiredValue(file));
            var (header, _) = Decode(read);
            if (!ReceiptVerifier.TryVerify(read, result.GetValue(trusted), out var receipt, out var error))
                throw new AivmException(Failure.Check, error.Code, error.Message);
            terminal.Result(
                new { Verified = true, Header = header.Hash, Block = header.Number, Receipt = Document(receipt) },
                () =>
                {
                    terminal.Line($"verified   block {header.Number} holds this receipt");
                    Print(terminal, receipt);
                });
            return 0;
        });
        return command;
    }

    private static Argument<FileInfo> ReceiptArgument() => new Argument<FileInfo>("FILE") { Description = "A file of 'aivm receipt get'." }.AcceptExistingOnly();

    private static Hash256 HashOf(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (Hash256.TryParse(result.Tokens[0].Value, out var hash))
            return hash;
        result.AddError("ID is 0x and 64 hexadecimal digits.");
        return default;
    }

    /// <exception cref="AivmException"><c>receipt-file</c>.</exception>
    private static ReceiptFile Read(FileInfo file) =>
        ReceiptFile.TryDecode(BoundedFile.Read(file.FullName, ReceiptFile.MaxBytes, "receipt-file"), out var read, out var error)
            ? read
            : throw new AivmException(Failure.Input, error.Code, error.Message);

    /// <exception cref="AivmException"><c>receipt-malformed</c>, <c>header-malformed</c>.</exception>
    private static (BlockHeader Header, InferenceReceipt Receipt) Decode(ReceiptFile file) =>
        InferenceReceipt.TryDecode(file.Receipt, out var receipt, out var error) && BlockHeader.TryDecode(file.Header, out var header, out error)
            ? (header, receipt)
            : throw new AivmException(Failure.Input, error!.Code, error.Message);

    private static object Document(InferenceReceipt receipt) => new
    {
        receipt.Id,
        receipt.Version,
        receipt.ChainId,
        receipt.Height,
        receipt.Job,
        Model = receipt.Model.ToChecksumString(),
        receipt.ModelHash,
        Payer = receipt.Payer.ToChecksumString(),
        receipt.CommitmentKind,
        receipt.InputCommitment,
        receipt.OutputHash,
        Evidence = Evidence(receipt),
        receipt.EvidenceHash,
        receipt.Licences,
        Shares = receipt.Shares.Select(share => new { Payee = share.Payee.ToChecksumString(), Amount = share.Amount.ToString() }),
    };

    private static void Print(Terminal terminal, InferenceReceipt receipt)
    {
        terminal.Line($"receipt    {receipt.Id}, version {receipt.Version}");
        terminal.Line($"chain      {receipt.ChainId}, block {receipt.Height}");
        terminal.Line($"model      {receipt.Model.ToChecksumString()}, hash {receipt.ModelHash}");
        terminal.Line($"payer      {receipt.Payer.ToChecksumString()}");
        terminal.Line($"input      {receipt.InputCommitment} (commitment of kind {receipt.CommitmentKind})");
        terminal.Line($"output     {receipt.OutputHash} (hash)");
        terminal.Line($"evidence   {Evidence(receipt)}");
        terminal.Line($"licences   {(receipt.Licences.Count == 0 ? "none" : string.Join(", ", receipt.Licences))}");
        foreach (var (payee, amount) in receipt.Shares)
            terminal.Line($"paid       {Coins.Format(amount)} coins to {payee.ToChecksumString()}");
    }

    private static string Evidence(InferenceReceipt receipt) => receipt.EvidenceKind switch
    {
        0 => "executed by every validator",
        1 => $"a zero-knowledge proof, verified by every validator, hash {receipt.EvidenceHash}",
        2 => $"signed by attested hardware, hash {receipt.EvidenceHash}; a challenge may have revoked it since",
        3 => "the provider's stake alone; a challenge may have revoked it since",
        4 => $"signed by a DEVELOPMENT TEE, which proves nothing, hash {receipt.EvidenceHash}",
        _ => $"kind {receipt.EvidenceKind}, which this version does not know, hash {receipt.EvidenceHash}",
    };
}
