using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs;

/// <summary>While it lives, provers on this thread draw known randomness: the same proofs come out each time.</summary>
internal sealed class KnownRandomness : IDisposable
{
    private byte _next;

    /// <param name="seed">Below 2^16.</param>
    public KnownRandomness(int seed)
    {
        Assert.Null(SecretRandom.SeedsOfTests);
        SecretRandom.SeedsOfTests = () => [(byte)(seed & 255), _next++, (byte)(seed >> 8), .. new byte[29]];
    }

    public void Dispose() => SecretRandom.SeedsOfTests = null;
}
