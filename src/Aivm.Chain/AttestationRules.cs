using System.Text;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a genesis may set of evidence by trusted hardware (docs/spec/attestations-contract.md, "Parameters").</summary>
public sealed record AttestationRules
{
    private readonly string _policy = "";
    private readonly Error? _policyError;

    public static AttestationRules Default { get; } = new();

    /// <summary>Whether development evidence, which proves nothing, opens sessions. A development chain's genesis alone may say so.</summary>
    public bool DevelopmentTee { get; init; }

    /// <summary>Which evidence is accepted, as docs/spec/attestation.md has it. Empty: none.</summary>
    public string Policy
    {
        get => _policy;
        init
        {
            _policy = value;
            Accepted = AttestationPolicy.Default;
            _policyError = null;
            if (value.Length > 0 && PolicyFile.TryRead(Encoding.UTF8.GetBytes(value), out var accepted, out _policyError))
                Accepted = accepted;
        }
    }

    /// <summary>How long a session lives before its provider has to attest again.</summary>
    public ulong SessionSeconds { get; init; } = 86_400;

    /// <summary>How many blocks old the block may be that evidence names.</summary>
    public ulong FreshnessBlocks { get; init; } = 256;

    /// <summary>The policy, read once.</summary>
    internal AttestationPolicy Accepted { get; private init; } = AttestationPolicy.Default;

    /// <returns>What is wrong with these rules, or null.</returns>
    internal string? Validate(ulong chainId)
    {
        if (DevelopmentTee && chainId != DevelopmentNetwork.ChainId)
            return $"attestation.developmentTee is set on chain {chainId}; only chain {DevelopmentNetwork.ChainId} may take evidence that proves nothing";
        if (_policyError is { } error)
            return $"attestation.policy: {error.Message}";
        if (Accepted.ReportData is not null || Accepted.GpuNonce is not null)
            return "attestation.policy names report_data or gpu_nonce, which belong to one piece of evidence and not to a chain";
        if (SessionSeconds is < 60 or > MaxSessionSeconds)
            return $"attestation.sessionSeconds is {SessionSeconds}";
        return FreshnessBlocks is < 1 or > BlockHistory.Window ? $"attestation.freshnessBlocks is {FreshnessBlocks}" : null;
    }

    private const ulong MaxSessionSeconds = 366 * 86_400;
}
