using System.CommandLine;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm prove</c>: a zero-knowledge proof that a model gives these outputs, in a file that is enough to check it.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var file = new Argument<FileInfo>("MODEL.aivm") { Description = "A compiled model." }.AcceptExistingOnly();
        var input = CommonOptions.Input();
        var secrets = new Option<string>("--private")
        {
            Description = "What stays secret: weights, input, or weights,input. For weights a key is made in $AIVM_HOME/weights, which is good for a limited number of proofs until 'aivm weights renew': keep one copy of it.",
            HelpName = "weights,input",
        };
        var byRoot = new Option<bool>("--weights-by-root")
        {
            Description = "Rest the proof on a commitment to the model's public weights: the chain checks its root against the stored weights once, when 'aivm submit' registers it. For verifiers who have no weights: on the chain itself such a proof takes more gas.",
        };
        var output = new Option<FileInfo>("--output", "-o") { Description = "Where the proof goes; by default beside the model, as .proof.", HelpName = "FILE" };
        var context = new ContextOptions();
        var batch = new Option<bool>("--batch") { Description = $"Prove all samples of the input in one proof, at most {Circuit.MaxSamples}." };
        var passwordFile = CommonOptions.PasswordFile();
        var command = new Command("prove", "Prove in zero knowledge that a model gives its outputs on an input. 'aivm verify' checks the file, and needs nothing else.")
        {
            file, input, secrets, byRoot, output, batch, passwordFile, json,
        };
        context.AddTo(command);
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            var target = result.GetValue(output) ?? new FileInfo(Path.ChangeExtension(source.FullName, ".proof"));
            OutputFile.RequireWritable(target);
            var hidden = Hidden(result.GetValue(secrets));
            if (hidden.HasFlag(ProofPrivacy.Weights) && result.GetValue(byRoot))
                throw new AivmException(Failure.Input, "usage", "--weights-by-root is for public weights; private ones are always behind a commitment.");
            var container = ModelFile.Read(source);
            var model = ModelFile.Load(container, source.Name);
            var request = Read(model, container, result.GetRequiredValue(input), result.GetValue(batch)) with
            {
                Context = context.Read(result),
                HidesInputs = hidden.HasFlag(ProofPrivacy.Inputs),
                WeightsByRoot = result.GetValue(byRoot),
            };
            var password = hidden.HasFlag(ProofPrivacy.Weights) ? WeightKeys.PasswordOf(model, result.GetValue(passwordFile), terminal) : null;
            var proof = await RunProver.ProveAsync(request, password, terminal);
            var bytes = proof.Encode();
            OutputFile.Write(target, bytes);
            var proved = RunProver.Require(proof.TryDecodeModel(ModelLimits.OffChain, out var decoded, out var error), decoded, error);
            terminal.Result(
                new { Proof = target.FullName, Bytes = bytes.Length, Statement = ProofView.Document(proof, proved) },
                () =>
                {
                    ProofView.Print(terminal, proof, proved);
                    terminal.Line($"written    {target.FullName} ({bytes.Length:N0} bytes, {proof.Proof.Length:N0} of them the proof)");
                });
            return 0;
        });
        return command;
    }

    private static ProofRequest Read(Model model, byte[] container, FileInfo input, bool batch)
    {
        var samples = InputFiles.Read(input.FullName);
        if (samples.Count > 1 && !batch)
            throw new AivmException(Failure.Input, "input-shape", $"{input.Name} has {samples.Count} samples: say --batch to prove all of them in one proof.");
        if (samples.Count is 0 or > Circuit.MaxSamples)
            throw new AivmException(Failure.Input, "input-shape", $"{input.Name} has {samples.Count} samples; one proof is of 1 to {Circuit.MaxSamples}.");
        var inputs = Enumerable.Range(0, samples.Count).Select(row => ModelInput.Read(model, samples, row)).ToList();
        return new ProofRequest(
            model, container, samples.Count, Hash256.Zero, [.. inputs.SelectMany(sample => sample)],
            [.. inputs.SelectMany(sample => ModelAnswer.Run(model, sample).Outputs)]);
    }

    private static ProofPrivacy Hidden(string? words) => (words?.Split(',') ?? []).Aggregate(ProofPrivacy.None, (all, word) => all | word switch
    {
        "weights" => ProofPrivacy.Weights,
        "input" => ProofPrivacy.Inputs,
        _ => throw new AivmException(Failure.Input, "usage", $"--private takes weights, input, or weights,input; not '{word}'."),
    });
}
