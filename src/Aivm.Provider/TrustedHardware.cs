using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>What hardware says about the program that runs on it.</summary>
/// <param name="Certificates">What goes with it; nothing for most kinds.</param>
public sealed record HardwareEvidence(ReadOnlyMemory<byte> Bytes, IReadOnlyList<ReadOnlyMemory<byte>> Certificates);

/// <summary>Where evidence comes from.</summary>
public interface ITrustedHardware
{
    /// <summary>What an answer of a session here counts as.</summary>
    JobEvidence Kind { get; }

    /// <param name="reportData">64 bytes that the evidence is to be bound to.</param>
    HardwareEvidence Attest(ReadOnlySpan<byte> reportData);
}

/// <summary>A confidential virtual machine, TDX or SEV-SNP: the whole machine that this provider runs in is what is attested.</summary>
public sealed class ConfidentialVirtualMachine : ITrustedHardware
{
    private readonly ConfigfsTsm _tsm = new();

    public JobEvidence Kind => JobEvidence.Attested;

    public HardwareEvidence Attest(ReadOnlySpan<byte> reportData)
    {
        var collected = _tsm.Collect($"aivm-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", reportData);
        return new HardwareEvidence(collected.Bytes, collected.Certificates);
    }
}

/// <summary>No hardware at all. Evidence of it says so, and is taken on a development chain alone.</summary>
public sealed class DevelopmentHardware : ITrustedHardware
{
    private static readonly byte[] Measurement = SHA256.HashData("aivm provider, development"u8);

    public JobEvidence Kind => JobEvidence.DevelopmentAttested;

    public HardwareEvidence Attest(ReadOnlySpan<byte> reportData) => new(DevelopmentEvidence.Make(Measurement, reportData).Encoded, []);
}
