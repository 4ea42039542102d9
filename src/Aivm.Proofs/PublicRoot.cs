using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>A commitment to a model's public weights.</summary>
/// <param name="Proof">That it holds them (<see cref="PublicWeightsVerifier"/>).</param>
public sealed record PublicRoot(Hash256 Root, ReadOnlyMemory<byte> Proof);
