namespace Aivm.Attestation;

/// <summary>Evidence as a machine gave it, ready to be submitted.</summary>
/// <param name="Bytes">Without padding.</param>
/// <param name="Certificates">What the host handed over with it, in DER. Unchecked, and often nothing.</param>
public sealed record CollectedEvidence(EvidenceKind Kind, ReadOnlyMemory<byte> Bytes, IReadOnlyList<ReadOnlyMemory<byte>> Certificates);
