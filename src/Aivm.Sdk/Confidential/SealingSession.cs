using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Whom inputs are sealed to: a provider's enclave session on a chain. Sealed to one, an input opens for no other.</summary>
/// <param name="EncryptionKey">The session's public key on X25519, as its evidence names it: 32 bytes.</param>
public sealed record SealingSession(ulong ChainId, Address Provider, ReadOnlyMemory<byte> EncryptionKey);
