using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Checks for its user the evidence that opened a provider's session, before anything is sealed to it. The node only brings evidence, and Intel's collateral: who
/// made them is told by the vendors' roots that are pinned in the code, and by this machine's clock.
/// </summary>
/// <param name="policy">What is accepted; null: what the chain accepts, as the node tells it.</param>
public sealed class SessionVerifier(RpcClient rpc, AttestationPolicy? policy = null)
{
    /// <summary>Ten million blocks: collateral is good for 30 days.</summary>
    private const int MostWindows = 1_000;

    /// <summary>Tests stand authorities of their own in the vendors' place.</summary>
    internal TrustRoots Roots { get; init; } = TrustRoots.Vendors;

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <param name="session">As the node tells it.</param>
    /// <returns>The key on X25519 that the evidence names: to it, and to no other, may be sealed.</returns>
    /// <exception cref="AivmException">
    /// <c>session-evidence-missing</c>, <c>session-evidence-other</c>, <c>session-needs-cpu</c>, <c>development-evidence</c>, <c>collateral-missing</c>, and the verifier's and the policy's codes (docs/spec/attestation.md).
    /// </exception>
    public async Task<Hash256> VerifyAsync(Address provider, ProviderSession session, ulong chainId, CancellationToken cancellation = default)
    {
        var isDevelopment = session.Kind == (int)JobEvidence.DevelopmentAttested;
        if (isDevelopment)
            RequireOwnNode();
        var opening = await FindOpeningAsync(provider, session, cancellation);
        if (!Secp256k1.TryGetAddress(opening.SigningKey.Span, out var signer) || signer != session.Signer || opening.EncryptionKey != session.EncryptionKey)
            throw Refused(new Error("session-evidence-other", "The evidence is for other keys than the node says that the session has."));
        var bound = new ReportBinding(
            chainId, provider, opening.SigningKey, opening.EncryptionKey.ToArray(), opening.ModelSetRoot, opening.BlockHash, opening.Height, opening.Nonce,
            GpuEvidence: Hash256.Zero).ReportData();
        if (isDevelopment)
            RequireDevelopment(opening, chainId, bound);
        else
            await RequireHardwareAsync(opening, bound, cancellation);
        return opening.EncryptionKey;
    }

    private async Task<SessionEvidence> FindOpeningAsync(Address provider, ProviderSession session, CancellationToken cancellation)
    {
        Hash256?[] topics = [AttestationsInterface.SessionOpened.Topic, AbiEvent.TopicOf(provider), AbiEvent.TopicOf(session.Signer)];
        return await FindCalldataAsync(topics, cancellation) is { } calldata && SessionEvidence.TryDecode(calldata, out var opening)
            ? opening
            : throw Refused(new Error("session-evidence-missing", $"The node does not show what {provider.ToChecksumString()} opened its session with."));
    }

    /// <summary>A node says which chain it is, and so whether there are development TEEs: one far away could offer a key of its own as such a TEE's.</summary>
    private void RequireOwnNode()
    {
        if (policy is not null)
            throw Refused(new Error("development-evidence", "A policy was named, and a development TEE keeps to none: it proves nothing."));
        if (!rpc.Endpoint.IsLoopback)
            throw Refused(new Error("development-evidence", "A development TEE proves nothing, and the node is on another machine: it is for a node of one's own."));
    }

    /// <summary>It proves nothing; but what it says is looked at all the same.</summary>
    private void RequireDevelopment(SessionEvidence opening, ulong chainId, byte[] bound)
    {
        if (!DevelopmentNetwork.TryOpen(chainId, genesisAllows: true, out var network, out var error) || !network.TryVerify(opening.Evidence, out var evidence, out error))
            throw Refused(error);
        if (!evidence.ReportData.Span.SequenceEqual(bound))
            throw Refused(new Error("policy-report-data", "The evidence is bound to another session: to other keys, another provider or another chain."));
    }

    private async Task RequireHardwareAsync(SessionEvidence opening, byte[] bound, CancellationToken cancellation)
    {
        if (!Evidence.TryRead(opening.Evidence, out var evidence, out var error))
            throw Refused(error);
        if (evidence.Kind == EvidenceKind.NvidiaGpu)
            throw Refused(new Error("session-needs-cpu", "The evidence is a GPU's, which binds no keys."));
        var accepted = policy ?? await GetPolicyAsync(cancellation);
        var verified = evidence.Kind is EvidenceKind.Sgx or EvidenceKind.Tdx
            ? Authenticate(evidence, await GetCollateralAsync(evidence, cancellation))
            : Authenticate(evidence, opening.Certificates);
        if (!(accepted with { ReportData = bound }).TryAccept(verified, out error))
            throw Refused(error);
    }

    private VerifiedEvidence Authenticate(Evidence evidence, ReadOnlyMemory<byte> collateral) =>
        VerifiedCollateral.TryVerify(collateral, Now, Roots, out var known, out var error) && EvidenceVerifier.TryVerify(evidence, known, Now, out var verified, out error)
            ? verified
            : throw Refused(error);

    private VerifiedEvidence Authenticate(Evidence evidence, IReadOnlyList<ReadOnlyMemory<byte>> files) =>
        VendorCertificates.TryRead(evidence, files, out var certificates, out var error)
        && EvidenceVerifier.TryVerify(evidence, certificates, Now, Roots, out var verified, out error)
            ? verified
            : throw Refused(error);

    private long Now => Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Which workload may read an input is the chain's to say, and here the node's.</summary>
    private async Task<AttestationPolicy> GetPolicyAsync(CancellationToken cancellation)
    {
        var call = new CallRequest { To = AttestationsInterface.Contract, Data = AttestationsInterface.Policy.BeginCall().ToArray() };
        var reader = new AbiReader(await rpc.CallAsync(call, cancellation));
        if (!reader.TryReadBytes(out var json) || !reader.TryEnd())
            throw ModelsClient.Malformed(AttestationsInterface.Policy);
        if (json.IsEmpty)
            return AttestationPolicy.Default;
        return PolicyFile.TryRead(json.ToArray(), out var told, out var error) ? told : throw Refused(error);
    }

    private async Task<byte[]> GetCollateralAsync(Evidence evidence, CancellationToken cancellation)
    {
        if (!CollateralSubject.TryRead(evidence, out var subject, out var error))
            throw Refused(error);
        var calldata = await FindCalldataAsync([AttestationsInterface.CollateralStored.Topic, Keccak.Hash(subject.Encode())], cancellation);
        return ReadBundle(calldata) ?? throw Refused(new Error("collateral-missing", "The node does not show Intel's collateral about this family of platforms."));
    }

    private static byte[]? ReadBundle(ReadOnlySpan<byte> calldata)
    {
        if (!AbiSelector.TrySplit(calldata, out var selector, out var arguments) || selector != AttestationsInterface.StoreCollateral.Selector)
            return null;
        var reader = new AbiReader(arguments);
        return reader.TryReadBytes(out var bundle) && reader.TryEnd() ? bundle.ToArray() : null;
    }

    /// <summary>What the contract was called with when it last logged this.</summary>
    private async Task<byte[]?> FindCalldataAsync(Hash256?[] topics, CancellationToken cancellation)
    {
        var head = await rpc.GetBlockNumberAsync(cancellation);
        foreach (var (from, to) in LogWindows.Back(head).Take(MostWindows))
        {
            var logs = await rpc.GetLogsAsync(new LogQuery(AttestationsInterface.Contract, from, to, topics), cancellation);
            if (logs.Count > 0)
                return await rpc.GetCalldataAsync(logs[^1].TransactionHash, cancellation);
        }
        return null;
    }

    private static AivmException Refused(Error error) => new(
        Failure.Check, error.Code, $"The session is not one to seal an input to, and nothing was sealed: {error.Message} Ask another provider, or another node.");
}
