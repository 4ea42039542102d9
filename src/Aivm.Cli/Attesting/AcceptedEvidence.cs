using Aivm.Attestation;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;

namespace Aivm.Cli.Attesting;

/// <summary>A policy on disk.</summary>
internal static class AcceptedEvidence
{
    /// <exception cref="AivmException"><c>policy-malformed</c>.</exception>
    public static AttestationPolicy Read(FileInfo file) =>
        PolicyFile.TryRead(BoundedFile.Read(file.FullName, PolicyFile.MaxBytes, "policy-malformed"), out var policy, out var error)
            ? policy
            : throw new AivmException(Failure.Input, error.Code, error.Message);
}
