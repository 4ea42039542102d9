using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs;

/// <summary>While it lives, provers on this thread draw known randomness: the same proofs come out each time.</summary>
internal sealed class KnownRandomness : IDisposable
{
    private byte _next;

    public KnownRandomness(byte seed)
    {
        Assert.Null(SecretRandom.SeedsOfTests);
        SecretRandom.SeedsOfTests = () => [seed, _next++, .. new byte[30]];
    }

    public void Dispose() => SecretRandom.SeedsOfTests = null;
}
