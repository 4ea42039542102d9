using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Chain;

/// <summary>Which proofs a shape is of.</summary>
/// <param name="CodeHash">Of the model's account.</param>
internal readonly record struct ProofShapeKey(Hash256 CodeHash, uint Samples, ProofPrivacy Privacy);

/// <param name="Work">What building it took, as everybody pays who uses it.</param>
/// <param name="ResidentMemory">A bound on the bytes that it takes while it is kept.</param>
internal sealed record PreparedShape(ProofShape Shape, long Work, long ResidentMemory);

/// <summary>
/// Circuits of proofs, bounded in memory and shared by all threads. What it holds changes how long a call takes, never what it costs.
/// </summary>
public sealed class ProofShapeCache(long capacityBytes)
{
    private readonly LruCache<ProofShapeKey, PreparedShape> _shapes = new(capacityBytes, prepared => prepared.ResidentMemory);

    /// <summary>Bytes of all circuits that are kept, as each states a bound of its own.</summary>
    public long ResidentMemory => _shapes.Weight;

    internal bool TryGet(ProofShapeKey key, [NotNullWhen(true)] out PreparedShape? prepared) => _shapes.TryGet(key, out prepared);

    internal void Add(ProofShapeKey key, PreparedShape prepared) => _shapes.Add(key, prepared);
}
