using System.CommandLine;
using Aivm.Cli.Models;
using Aivm.Cli.Proving;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm verify</c>: checks a proof file, and says what it proves.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var file = new Argument<FileInfo>("PROOF") { Description = "A file of 'aivm prove'." }.AcceptExistingOnly();
        var expected = new Option<string>("--model")
        {
            Description = "The model that it has to be about: its hash, or a file with it. Without this any model will do, and the answer says which.",
            HelpName = "FILE|HASH",
        };
        var command = new Command("verify", "Check a proof of inference. Exits 0 if it holds, 1 if it is refused, 2 if the file is none.")
        {
            file, expected, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            var proof = ProofFile.TryDecode(BoundedFile.Read(source.FullName, ProofFile.MaxBytes, "proof-too-large"), ModelLimits.OffChain, out var decoded, out var error)
                ? decoded
                : throw new AivmException(Failure.Input, error.Code, $"{source.Name} is not a whole proof file. {error.Message}");
            var model = proof.TryDecodeModel(ModelLimits.OffChain, out var proved, out error)
                ? proved
                : throw new AivmException(Failure.Input, error.Code, $"{source.Name} holds no model: {error.Message}");
            if (result.GetValue(expected) is { } wanted && HashOf(wanted) is var hash && hash != model.Hash)
                throw new AivmException(Failure.Check, "model-mismatch", $"The proof is about the model {model.Hash}, not about {hash}.");
            if (await terminal.Step("Verifying", _ => Task.Run(() => proof.TryVerify(model, out error) ? null : error)) is { } refusal)
                throw new AivmException(refusal.Code == "proof-unsupported" ? Failure.Input : Failure.Check, refusal.Code, refusal.Message);
            terminal.Result(
                new { Accepted = true, Statement = ProofView.Document(proof, model) },
                () =>
                {
                    terminal.Line("accepted   the proof holds");
                    ProofView.Print(terminal, proof, model);
                });
            return 0;
        });
        return command;
    }

    private static Hash256 HashOf(string model)
    {
        if (Hash256.TryParse(model, out var hash))
            return hash;
        return File.Exists(model)
            ? Keccak.Hash(ModelFile.Read(new FileInfo(model)))
            : throw new AivmException(Failure.Input, "file-not-found", $"--model takes a file or a hash; there is no file '{model}'.");
    }
}
