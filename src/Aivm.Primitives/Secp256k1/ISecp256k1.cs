namespace Aivm.Primitives;

/// <summary>
/// The curve operations that a backend supplies. All backends give the same answers to all inputs: consensus depends on it.
/// </summary>
public interface ISecp256k1
{
    /// <param name="publicKey">Receives x and y, 64 bytes, when the answer is true.</param>
    /// <returns>False for r or s of zero or at least the order, a recovery id over 3, an x off the curve, or the point at infinity.</returns>
    bool TryRecover(in Hash256 hash, in Signature signature, Span<byte> publicKey);

    /// <summary>Signs with the deterministic nonce of RFC 6979 (SHA-256); s is in the lower half.</summary>
    /// <returns>False when the key is not a secret key.</returns>
    bool TrySign(in Hash256 hash, ReadOnlySpan<byte> key, out Signature signature);

    /// <param name="publicKey">Receives x and y, 64 bytes, when the answer is true.</param>
    /// <returns>False when the key is not 32 bytes that make a number in [1, order).</returns>
    bool TryGetPublicKey(ReadOnlySpan<byte> key, Span<byte> publicKey);

    /// <param name="compressed">2 or 3, and x: SEC 1, 2.3.4.</param>
    /// <param name="publicKey">Receives x and y, 64 bytes, when the answer is true.</param>
    /// <returns>False when these are not 33 bytes that name a point of the curve.</returns>
    bool TryDecompress(ReadOnlySpan<byte> compressed, Span<byte> publicKey);
}
