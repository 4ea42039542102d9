using System.Runtime.CompilerServices;
using Org.BouncyCastle.Crypto.Digests;

namespace Aivm.Primitives;

/// <summary>
/// Keccak-256 as Ethereum uses it: the original Keccak submission (capacity 512, padding 0x01), not FIPS 202's SHA3-256. BouncyCastle
/// computes it; one digest object a thread keeps hashing free of allocation.
/// </summary>
public static class Keccak
{
    [ThreadStatic]
    private static KeccakDigest? _digest;

    [SkipLocalsInit]
    public static Hash256 Hash(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Hash256.Size];
        Hash(data, digest);
        return new Hash256(digest);
    }

    /// <param name="digest">Receives 32 bytes.</param>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        // Sliced first: what threw later would leave input behind in the shared object.
        digest = digest[..Hash256.Size];
        var keccak = _digest ??= new KeccakDigest(8 * Hash256.Size);
        keccak.BlockUpdate(data);
        keccak.DoFinal(digest);
    }
}
