using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>openSession(…)</c>: the caller shows that its hardware runs a workload that the policy accepts, and that the session's keys live inside. The session takes the
/// place of the caller's last one, which is how a provider attests again.
/// </summary>
internal static class OpenSession
{
    /// <summary>Finding the point of a compressed key, in managed code.</summary>
    private const ulong KeyGas = 70_000;

    /// <summary>Two SHA-256 over what the evidence is bound to.</summary>
    private const ulong BindingGas = 1_000;

    /// <summary>An HMAC over development evidence.</summary>
    private const ulong DevelopmentGas = 5_000;

    private static ReadOnlySpan<byte> DevelopmentName => "development"u8;

    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!EvidenceBytes.TryRead(ref arguments, out var given) || !arguments.TryReadBytes(out var signingKey)
            || !arguments.TryReadHash(out var encryptionKey) || !arguments.TryReadHash(out var modelSetRoot) || !arguments.TryReadHash(out var blockHash)
            || !arguments.TryReadUInt64(out var height) || !arguments.TryReadHash(out var nonce) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.OpenSession);
        var signer = SignerOf(call, signingKey);
        RequireRecent(call, blockHash, height);
        call.Charge(BindingGas);
        var expected = new ReportBinding(
            call.Block.Genesis.ChainId, call.Caller, signingKey.ToArray(), encryptionKey.ToArray(), modelSetRoot, blockHash, height, nonce, Hash256.Zero).ReportData();
        RequireUnused(call, expected);
        var (kind, measurement, platform) = Accept(call, given, expected);
        if (!platform.IsZero)
            Claim(call, platform);

        var time = call.Block.Time;
        var session = new AttestedSession(signer, kind, time, time + call.Block.Genesis.Attestation.SessionSeconds, encryptionKey, modelSetRoot);
        AttestationsStorage.Session(call, call.Caller).Write(session, measurement, platform);
        call.Log(
            AttestationsAbi.SessionOpened,
            AttestationsAbi.SessionOpened.BeginData()
                .WriteUInt((ulong)kind)
                .WriteUInt(session.ExpiresAt)
                .WriteHash(encryptionKey)
                .WriteHash(modelSetRoot)
                .WriteHash(measurement),
            AbiEvent.TopicOf(call.Caller),
            AbiEvent.TopicOf(signer));
        return [];
    }

    private static Address SignerOf(NativeCall call, ReadOnlySpan<byte> signingKey)
    {
        call.Charge(KeyGas);
        return Secp256k1.TryGetAddress(signingKey, out var signer) ? signer : throw AttestationsErrors.InvalidSigningKey();
    }

    /// <summary>The block is one of this chain's last, so that the evidence is not older than it.</summary>
    private static void RequireRecent(NativeCall call, Hash256 blockHash, ulong height)
    {
        var (number, window) = (call.Block.Number, call.Block.Genesis.Attestation.FreshnessBlocks);
        if (height >= number)
            throw AttestationsErrors.UnknownBlock(height);
        if (number - height > window)
            throw AttestationsErrors.StaleBlock(height, number - window);
        if (BlockHistory.Read(call, height) != blockHash)
            throw AttestationsErrors.UnknownBlock(height);
    }

    /// <summary>By report data and never by signatures, of which the same evidence can have two.</summary>
    private static void RequireUnused(NativeCall call, byte[] reportData)
    {
        var hash = call.Keccak(reportData);
        if (AttestationsStorage.UsedAt(call, hash) is not 0 and var height)
            throw AttestationsErrors.EvidenceUsed(height);
        AttestationsStorage.MarkUsed(call, hash);
    }

    private static (EvidenceKind Kind, Hash256 Measurement, Hash256 Platform) Accept(NativeCall call, EvidenceBytes given, byte[] expected)
    {
        if (DevelopmentEvidence.IsOne(given.Evidence.Span))
            return (EvidenceKind.DevelopmentAttested, AcceptDevelopment(call, given, expected), Hash256.Zero);
        var verdict = EvidenceCheck.Of(call, given, call.Block.Genesis.Attestation.Accepted with { ReportData = expected });
        if (verdict.Kind == Attestation.EvidenceKind.NvidiaGpu)
            throw AttestationsErrors.EvidenceRefused(new Error("session-needs-cpu", "A GPU's report binds no keys: show the evidence of the CPU that it serves."));
        if (!verdict.IsAcceptable)
            throw AttestationsErrors.EvidenceRefused(verdict.Refusal!);
        return (EvidenceKind.Attested, EvidenceCheck.NameOf(call, verdict.Evidence!), PlatformOf(call, verdict.Evidence!));
    }

    /// <summary>The workload's name. A network that is not one for development has no way to come here with an answer.</summary>
    private static Hash256 AcceptDevelopment(NativeCall call, EvidenceBytes given, byte[] expected)
    {
        var genesis = call.Block.Genesis;
        if (!DevelopmentNetwork.TryOpen(genesis.ChainId, genesis.Attestation.DevelopmentTee, out var network, out var error))
            throw AttestationsErrors.EvidenceRefused(error);
        if (given.Certificates.Count > 0)
            throw AttestationsErrors.EvidenceRefused(new Error("collateral-needless", "Nobody certifies a development TEE: give no certificates."));
        call.Charge(DevelopmentGas + (ulong)VerificationWork.OfReading(given.Length));
        if (!network.TryVerify(given.Evidence, out var evidence, out error))
            throw AttestationsErrors.EvidenceRefused(error);
        if (!evidence.ReportData.Span.SequenceEqual(expected))
            throw AttestationsErrors.EvidenceRefused(new Error("policy-report-data", "The evidence is bound to another session than the call's: it is stale, or somebody else's."));
        return call.Keccak([.. DevelopmentName, .. evidence.Measurement.Span]);
    }

    private static Hash256 PlatformOf(NativeCall call, VerifiedEvidence evidence) => evidence.PlatformId.IsEmpty
        ? throw AttestationsErrors.PlatformHidden()
        : call.Keccak([.. evidence.Kind.NameBytes(), .. evidence.PlatformId.Span]);

    /// <summary>One machine counts once: who held it before has closed, moved or let the session run out.</summary>
    private static void Claim(NativeCall call, Hash256 platform)
    {
        var holder = AttestationsStorage.HolderOf(call, platform);
        if (holder == call.Caller)
            return;
        if (!holder.IsZero)
        {
            var other = AttestationsStorage.Session(call, holder);
            if (other.IsLive(call.Block.Time) && other.Platform == platform)
                throw AttestationsErrors.PlatformTaken(holder);
        }
        AttestationsStorage.SetHolder(call, platform, call.Caller);
    }
}
