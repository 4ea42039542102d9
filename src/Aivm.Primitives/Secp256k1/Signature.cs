namespace Aivm.Primitives;

/// <summary>A recoverable ECDSA signature over secp256k1.</summary>
/// <param name="YParity">
/// Bit 0 is the parity of the nonce point's y. Bit 1 says that its x was at least the group order, which no honest signer
/// ever meets: transactions accept 0 and 1 only.
/// </param>
public readonly record struct Signature(UInt256 R, UInt256 S, byte YParity)
{
    /// <summary>Whether s is in the lower half, as EIP-2 demands: the other half holds the same signature once more.</summary>
    public bool IsLowS => S <= Secp256k1.HalfOrder;
}
