using System.CommandLine;
using System.CommandLine.Parsing;
using Aivm.Cli.Accounts;
using Aivm.Cli.Attesting;
using Aivm.Cli.Inference;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm infer</c>: the one front door. In transactions where every validator runs the model, or as jobs where others compute and show evidence.</summary>
internal static class InferCommand
{
    private const ulong DefaultSeconds = 300;

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
        var evidence = new Option<string>("--evidence")
        {
            Description = "Have it computed off the chain, with this evidence: zk (a proof), tee (attested hardware), stake (a provider's stake alone). By default every validator runs it, or, where it is too heavy for that, zk if there is such a proof, else tee.",
            HelpName = "zk|tee|stake",
        }.AcceptOnlyFromAmong("zk", "tee", "stake");
        var deadline = new Option<ulong>("--deadline")
        {
            Description = "With --evidence: seconds until the answer has to be there; later it is refunded.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => DefaultSeconds,
        };
        var provider = new Option<Address?>("--provider") { Description = "With --evidence: this provider and no other.", HelpName = "ADDRESS", CustomParser = ReadProvider };
        var isSealed = new Option<bool>("--sealed") { Description = "With --evidence tee: encrypt the input to the provider's enclave, and the output to us. Neither is on the chain. The enclave's evidence is checked here first." };
        var policy = new Option<FileInfo>("--policy")
        {
            Description = "With --sealed: which enclave may read the input, in JSON (docs/spec/attestation.md). Without it the chain's policy counts, which the node at --rpc tells.",
            HelpName = "FILE",
        }.AcceptExistingOnly();
        var store = new StoreOptions("--store-user", "--store-password-file");
        var command = new Command(
            "infer", "Run a published model: in transactions, or as jobs with evidence; one that lies off the chain by attested hardware, one with private weights by its owner, with a proof. Quotes price and path before it pays.")
        {
            name, input, evidence, maxPrice, deadline, provider, isSealed, policy, store.Location, store.User, store.PasswordFile, rpc, from, passwordFile, yes, json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var terms = ReadTerms(result);
            var samples = InputFiles.Read(result.GetRequiredValue(input).FullName);
            using var client = new RpcClient(result.GetRequiredValue(rpc));
            var address = await ModelReference.ResolveAsync(client, result.GetRequiredValue(name), cancellation);
            using var opened = store.Open(result, terminal);
            var (model, isOffChain) = await PublishedModel.FetchAsync(client, address, opened.Store, cancellation);
            terms ??= OnlyEvidence(model, isOffChain) is { } needed ? JobWith(needed) : null;
            if (model is PublishedArchitecture && terms!.Evidence != "zk")
                throw new AivmException(Failure.Input, "weights-private", "The weights of this model are private, and its owner alone can run it: ask for a proof, with --evidence zk.");
            var inputs = Enumerable.Range(0, samples.Count).Select(row => model.Pack(samples, row)).ToList();
            var wallet = await Payer.OpenAsync(client, result.GetValue(from), result.GetValue(passwordFile), terminal, cancellation);
            var request = new InferenceRequest(
                address, model, isOffChain, inputs, result.GetResult(maxPrice) is null ? null : result.GetValue(maxPrice), result.GetValue(yes));
            if (terms is null && await new OnChainInference(wallet, request, terminal).TryRunAsync(cancellation))
                return 0;
            terms ??= JobWith(await HeavyEvidenceAsync(wallet, address, inputs[0].Length, terminal, cancellation));
            await new OffChainInference(wallet, request, terms, terminal).RunAsync(cancellation);
            return 0;

            JobTerms JobWith(string kind) => new(kind, result.GetValue(deadline), null, IsSealed: false);
        });
        return command;

        JobTerms? ReadTerms(ParseResult result)
        {
            if (result.GetValue(evidence) is not { } kind)
                return result.GetValue(isSealed) || result.GetValue(provider) is not null || result.GetValue(policy) is not null
                    ? throw new AivmException(Failure.Input, "usage", "--sealed, --policy and --provider go with --evidence.")
                    : null;
            if (result.GetValue(isSealed) && kind != "tee")
                throw new AivmException(Failure.Input, "usage", "--sealed goes with --evidence tee: nothing else opens a sealed input.");
            var accepted = result.GetValue(policy) is { } file ? AcceptedEvidence.Read(file) : null;
            return accepted is not null && !result.GetValue(isSealed)
                ? throw new AivmException(Failure.Input, "usage", "--policy goes with --sealed: it says which enclave may read the input.")
                : new JobTerms(kind, result.GetValue(deadline), result.GetValue(provider), result.GetValue(isSealed), accepted);
        }
    }

    /// <summary>What vouches for a model that validators do not run; null for one that they do.</summary>
    private static string? OnlyEvidence(IPublishedModel model, bool isOffChain) => (model, isOffChain) switch
    {
        (PublishedArchitecture, _) => "zk",
        (_, true) => "tee",
        _ => null,
    };

    /// <summary>What vouches for a public model that no transaction runs: a proof, where a transaction verifies it.</summary>
    private static async Task<string> HeavyEvidenceAsync(Wallet wallet, Address model, int inputBytes, Terminal terminal, CancellationToken cancellation)
    {
        var isProvable = await IsProvableAsync();
        terminal.Remark(isProvable
            ? "A run takes more gas than a transaction may have: somebody else computes it, and proves it."
            : "A run takes more gas than a transaction may have, and so does the verification of its proof: attested hardware computes it.");
        return isProvable ? "zk" : "tee";

        async Task<bool> IsProvableAsync()
        {
            try
            {
                return JobsClient.HasRoomForProof(await new ProofsClient(wallet).GetVerificationGasAsync(model, samples: 1, hidesInputs: false, cancellation: cancellation), inputBytes);
            }
            catch (RpcException exception) when (exception.IsRevert || exception.IsOutOfGas)
            {
                return false;
            }
        }
    }

    private static Address? ReadProvider(ArgumentResult result)
    {
        if (Address.TryParse(result.Tokens[0].Value, out var address))
            return address;
        result.AddError("--provider takes an address.");
        return null;
    }
}
