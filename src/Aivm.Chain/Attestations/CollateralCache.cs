using System.Diagnostics.CodeAnalysis;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Collateral as it was verified under these roots, by the bundle's hash, bounded in memory and shared by all threads. What it holds changes how long a
/// call takes, never what it costs or answers.
/// </summary>
internal sealed class CollateralCache(long capacityBytes, TrustRoots roots)
{
    /// <summary>Lists of levels and of the revoked take as much as the text that they are read from, and the text stays with them.</summary>
    private const long MemoryPerByte = 4;

    private readonly LruCache<Hash256, Entry> _bundles = new(capacityBytes, entry => entry.Memory);

    private sealed record Entry(VerifiedCollateral Collateral, long Memory);

    public TrustRoots Roots => roots;

    /// <summary>A bundle that was verified when it was stored. It is the same whenever in its window it is verified, so that its first second serves.</summary>
    /// <param name="hash">Of the bundle.</param>
    public bool TryVerify(
        Hash256 hash, ReadOnlyMemory<byte> bundle, long validFrom, [NotNullWhen(true)] out VerifiedCollateral? collateral, [NotNullWhen(false)] out Error? error)
    {
        (collateral, error) = (null, null);
        if (_bundles.TryGet(hash, out var entry))
        {
            collateral = entry.Collateral;
            return true;
        }
        if (!VerifiedCollateral.TryVerify(bundle, validFrom, roots, out collateral, out error))
            return false;
        _bundles.Add(hash, new Entry(collateral, MemoryPerByte * bundle.Length));
        return true;
    }
}
