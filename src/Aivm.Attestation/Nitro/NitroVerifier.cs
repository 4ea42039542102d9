using System.Text;

namespace Aivm.Attestation;

/// <summary>From a document to evidence: AWS's root, the chain inside the document, the document.</summary>
internal static class NitroVerifier
{
    public static VerifiedEvidence Verify(NitroDocument document, long at, TrustRoots roots)
    {
        var leaf = Certificate.Read(document.Certificate);
        var authorities = document.Authorities.ConvertAll(authority => Certificate.Read(authority));
        var chain = new TrustChain(roots.Nitro, SignatureScheme.EcdsaSha384);
        chain.RequireRoot(authorities[0]);
        var path = chain.Walk(leaf, authorities, at);
        Refused.Unless(path.Count == authorities.Count, "certificate-chain", "The document has certificates that are not between its own and the root.");
        var isSigned = leaf.Key.On(EllipticCurve.P384).Verifies(document.SignedPart.Span, document.Signature.Span);
        Refused.Unless(isSigned, "nitro-signature", "The document is not signed by the key of its certificate.");
        return new NitroEvidence(document);
    }
}

/// <summary>An enclave, as its document has it. Report data are the document's user data.</summary>
public sealed record NitroEvidence : VerifiedEvidence
{
    internal NitroEvidence(NitroDocument document)
        : base(EvidenceKind.Nitro, document.UserData, Measure(document), Encoding.UTF8.GetBytes(document.ModuleId))
    {
        (PublicKey, Nonce, Timestamp) = (document.PublicKey, document.Nonce, document.Timestamp);
        IsDebug = !document.Pcrs.TryGetValue(0, out var image) || !image.AsSpan().ContainsAnyExcept((byte)0);
    }

    /// <summary>Whether the parent instance reads the enclave's console: the registers are zero then, the one of the image too.</summary>
    public bool IsDebug { get; }

    public ReadOnlyMemory<byte> PublicKey { get; }

    public ReadOnlyMemory<byte> Nonce { get; }

    /// <summary>Milliseconds since 1970, by the hypervisor's clock.</summary>
    public ulong Timestamp { get; }

    private static List<Measurement> Measure(NitroDocument document)
    {
        var measurements = new List<Measurement>();
        foreach (var (index, value) in document.Pcrs)
            measurements.Add(new Measurement($"pcr{index}", value));
        return measurements;
    }
}
