using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The SHA-256 of some content, by which it is asked for: <c>sha256:</c> and 64 lower-case digits, as OCI writes it.</summary>
public readonly record struct ContentDigest(Hash256 Hash)
{
    private const string Algorithm = "sha256:";

    public string Hex => Convert.ToHexStringLower(Hash.Span);

    public static ContentDigest Of(ReadOnlySpan<byte> content) => new(new Hash256(SHA256.HashData(content)));

    public static bool TryParse(string text, out ContentDigest digest)
    {
        digest = default;
        if (text.Length != Algorithm.Length + (2 * Hash256.Size) || !text.StartsWith(Algorithm, StringComparison.Ordinal))
            return false;
        var hex = text.AsSpan(Algorithm.Length);
        if (hex.ContainsAnyExcept("0123456789abcdef"))
            return false;
        digest = new ContentDigest(new Hash256(Convert.FromHexString(hex)));
        return true;
    }

    public override string ToString() => Algorithm + Hex;
}

/// <summary>Some content: its digest, and how many bytes it has.</summary>
public sealed record ContentDescriptor(ContentDigest Digest, long Size)
{
    /// <exception cref="AivmException"><c>content-unreadable</c>.</exception>
    public static async Task<ContentDescriptor> OfFileAsync(string file, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var source = ContentFiles.OpenRead(file);
        var size = 0L;
        await foreach (var block in ContentFiles.BlocksOf(source, cancellation))
        {
            hash.AppendData(block.Span);
            size += block.Length;
        }
        return new ContentDescriptor(new ContentDigest(new Hash256(hash.GetHashAndReset())), size);
    }
}
