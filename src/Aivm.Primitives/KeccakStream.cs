using Org.BouncyCastle.Crypto.Digests;

namespace Aivm.Primitives;

/// <summary><see cref="Keccak"/> of data that comes in pieces.</summary>
public sealed class KeccakStream
{
    private readonly KeccakDigest _digest = new(8 * Hash256.Size);

    public void Append(ReadOnlySpan<byte> data) => _digest.BlockUpdate(data);

    /// <summary>The hash of everything that was appended; the next begins empty.</summary>
    public Hash256 Finish()
    {
        Span<byte> hash = stackalloc byte[Hash256.Size];
        _digest.DoFinal(hash);
        return new Hash256(hash);
    }
}
