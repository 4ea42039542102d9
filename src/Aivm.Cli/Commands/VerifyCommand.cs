using System.CommandLine;
using Aivm.Cli.Models;
using Aivm.Cli.Proving;
using Aivm.Primitives;

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
        var verbose = new Option<bool>("--verbose") { Description = "List what the soundness is made of: each way for a false statement to be accepted." };
        var command = new Command("verify", "Check a proof of inference. Exits 0 if it holds, 1 if it is refused, 2 if the file is none.")
        {
            file, expected, verbose, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var (proof, model) = ProofFiles.Read(result.GetRequiredValue(file));
            if (result.GetValue(expected) is { } wanted && HashOf(wanted) is var hash && hash != model.Hash)
                throw new AivmException(Failure.Check, "model-mismatch", $"The proof is about the model {model.Hash}, not about {hash}.");
            if (await terminal.Step("Verifying", _ => Task.Run(() => proof.TryVerify(model, out var error) ? null : error)) is { } refusal)
                throw new AivmException(refusal.Code is "proof-unsupported" or "proof-work" ? Failure.Input : Failure.Check, refusal.Code, refusal.Message);
            var soundness = SoundnessView.Of(proof, model);
            terminal.Result(
                new { Accepted = true, SoundnessBits = soundness.Bits, Soundness = soundness.Document(), Statement = ProofView.Document(proof, model) },
                () =>
                {
                    terminal.Line("accepted   the proof holds");
                    soundness.Print(terminal, result.GetValue(verbose));
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
