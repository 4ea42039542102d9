using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>A fresh commitment to private weights, in place of one that is spent.</summary>
/// <param name="Context">What the proof is for, as in its statement.</param>
/// <param name="Proof">That the weights are the same as before (<see cref="WeightEqualityVerifier"/>).</param>
public sealed record WeightRenewal(Hash256 Root, Hash256 Context, ReadOnlyMemory<byte> Proof);
