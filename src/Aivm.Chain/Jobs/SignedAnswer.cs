using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>An answer that the key of an attested session signed, for this job and no other (docs/spec/jobs.md, "Evidence").</summary>
internal static class SignedAnswer
{
    private const string Domain = "aivm tee answer v1";
    private const int SignatureSize = 65;
    private const byte LeastV = 27;
    private const ulong RecoverGas = 100_000;

    /// <returns>The hash of the output's numbers: of a sealed output only the signature tells it.</returns>
    public static Hash256 Verify(NativeCall call, Answer answer)
    {
        var reader = new AbiReader(answer.Evidence);
        if (!reader.TryReadUInt64(out var height) || !reader.TryReadHash(out var outputHash) || !reader.TryReadBytes(out var signature) || !reader.TryEnd())
            throw JobsErrors.EvidenceRejected("evidence-malformed", "evidence of hardware is abi.encode(uint64 height, bytes32 outputHash, bytes signature)");
        var session = RequireSession(call, answer);
        var accepted = answer.Slots.Times.AcceptedHeight;
        if (height < accepted || height > call.Block.Number)
            throw JobsErrors.EvidenceRejected("signature-height", $"the answer was signed at block {height}, outside {accepted} (its acceptance) to {call.Block.Number}");
        if (answer.Head.InputKind != InputKind.Sealed)
            RequireOutput(call, answer, outputHash);
        else if (answer.Output.IsEmpty)
            throw JobsErrors.InvalidOutput("a sealed output is not empty");
        call.Charge(RecoverGas);
        if (Signer(Digest(call, answer, outputHash, height), signature) != session.Signer)
            throw JobsErrors.EvidenceRejected("signature-wrong", "the session's key did not sign this answer, for this job, on this chain");
        return outputHash;
    }

    private static AttestedSession RequireSession(NativeCall call, Answer answer)
    {
        if (AttestationsStorage.ReadSession(call, call.Caller) is not { } session)
            throw JobsErrors.EvidenceRejected("session-missing", "the provider has no attested session: open one first");
        if (!session.IsLive(call.Block.Time))
            throw JobsErrors.EvidenceRejected("session-expired", $"the provider's session ended at {session.ExpiresAt} (Unix seconds): attest again");
        return session.Kind == answer.Head.Evidence
            ? session
            : throw JobsErrors.EvidenceRejected("session-kind", $"the caller asked for {answer.Head.Evidence}, and the session is {session.Kind}");
    }

    private static void RequireOutput(NativeCall call, Answer answer, Hash256 outputHash)
    {
        AnswerEvidence.Numbers(answer.Output);
        if (call.Keccak(answer.Output) != outputHash)
            throw JobsErrors.EvidenceRejected("signature-output", "another output was signed than is submitted");
    }

    private static Hash256 Digest(NativeCall call, Answer answer, Hash256 outputHash, ulong height) => call.Keccak(
        new AbiWriter(7)
            .WriteString(Domain)
            .WriteUInt(call.Block.Genesis.ChainId)
            .WriteUInt(answer.Job)
            .WriteHash(ModelsStorage.Model(call.On(SystemContracts.Models), answer.Slots.Model.Account).Hash)
            .WriteHash(answer.Slots.Commitment)
            .WriteHash(outputHash)
            .WriteUInt(height)
            .ToArray());

    /// <returns>Null for bytes that are no signature: r ‖ s ‖ v, v 27 or 28.</returns>
    private static Address? Signer(Hash256 digest, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize || signature[^1] is < LeastV or > LeastV + 1)
            return null;
        var parts = new Signature(
            UInt256.FromBigEndian(signature[..Hash256.Size]), UInt256.FromBigEndian(signature.Slice(Hash256.Size, Hash256.Size)), (byte)(signature[^1] - LeastV));
        return Secp256k1.TryRecover(digest, parts, out var signer) ? signer : null;
    }
}
