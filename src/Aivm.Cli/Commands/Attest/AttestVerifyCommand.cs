using System.CommandLine;
using Aivm.Attestation;
using Aivm.Cli.Attesting;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm attest verify</c>: who signed a piece of evidence, and whether a policy accepts it.</summary>
internal static class AttestVerifyCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var evidence = new Option<FileInfo>("--evidence")
        {
            Description = "An SGX or TDX quote, a SEV-SNP report, a Nitro document or an NVIDIA report: binary, hexadecimal or base64. Its bytes say which.",
            HelpName = "FILE",
            Required = true,
        }.AcceptExistingOnly();
        var collateral = new Option<FileInfo[]>("--collateral")
        {
            Description = "What the vendor publishes: for Intel a JSON bundle; for AMD and NVIDIA certificates in PEM or DER, alone or in chains; nothing for Nitro. May be repeated.",
            HelpName = "FILE",
            DefaultValueFactory = _ => [],
        }.AcceptExistingOnly();
        var at = new Option<long>("--at")
        {
            Description = "The time of the check, in unix seconds: the verdict depends on no clock.",
            HelpName = "UNIX",
            Required = true,
        };
        var policy = new Option<FileInfo>("--policy")
        {
            Description = "What to accept, in JSON (docs/spec/attestation.md). Without it no workload is accepted.",
            HelpName = "FILE",
        }.AcceptExistingOnly();
        var anyMeasurement = new Option<bool>("--any-measurement") { Description = "Accept every workload. Waives the list of measurements, and nothing else." };
        var command = new Command("verify", "Check evidence and print the verdict in JSON. Exits 0 if it is acceptable, 1 if it is not, 2 if a file or an option is none.")
        {
            evidence, collateral, at, policy, anyMeasurement, json,
        };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var accepted = (result.GetValue(policy) is { } file ? AcceptedEvidence.Read(file) : AttestationPolicy.Default) with { AnyWorkload = result.GetValue(anyMeasurement) };
            var verdict = AttestationVerdict.Of(
                EvidenceFile.Read(result.GetRequiredValue(evidence)), ReadCollateral(result.GetRequiredValue(collateral)), result.GetRequiredValue(at), accepted);
            terminal.Document(VerdictView.Document(verdict));
            terminal.Remark(VerdictView.Sentence(verdict));
            return verdict.IsAcceptable ? 0 : (int)Failure.Check;
        });
        return command;
    }

    private static List<ReadOnlyMemory<byte>> ReadCollateral(FileInfo[] files) =>
        [.. files.Select(file => (ReadOnlyMemory<byte>)BoundedFile.Read(file.FullName, EvidenceVerifier.MaxCollateralBytes, "collateral-malformed"))];
}
