using System.Diagnostics.CodeAnalysis;
using Aivm.Attestation;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Prepared models by code hash, circuits of their proofs and verified collateral, bounded in memory and shared by all threads. What it holds changes how long
/// a call takes, never what it costs.
/// </summary>
/// <param name="roots">What evidence is trusted for; the vendors' unless a test has its own.</param>
public sealed class ModelCache(long capacityBytes = 128L << 20, TrustRoots? roots = null)
{
    private readonly LruCache<Hash256, Model> _models = new(capacityBytes, model => model.ResidentMemory);

    /// <summary>Bytes of all models that are kept, as each states a bound of its own.</summary>
    public long ResidentMemory => _models.Weight;

    /// <summary>The circuits of their proofs, in as much memory again.</summary>
    public ProofShapeCache Proofs { get; } = new(capacityBytes);

    /// <summary>Collateral of hardware's vendors, in an eighth of it.</summary>
    internal CollateralCache Collateral { get; } = new(capacityBytes / 8, roots ?? TrustRoots.Vendors);

    public bool TryGet(Hash256 codeHash, [NotNullWhen(true)] out Model? model) => _models.TryGet(codeHash, out model);

    public void Add(Hash256 codeHash, Model model) => _models.Add(codeHash, model);
}
