using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Holds models and inputs by what they are: who has the digest gets those bytes or none. Files pass through in blocks, whatever their size.
/// </summary>
public interface IContentStore
{
    Task<bool> ContainsAsync(ContentDigest digest, CancellationToken cancellation = default);

    /// <summary>Stores a file's content. What is there already is not sent again, and what was cut off goes on.</summary>
    /// <param name="progress">Bytes stored.</param>
    /// <exception cref="AivmException">A code of <see cref="ContentErrors"/>.</exception>
    Task<ContentDescriptor> AddAsync(string file, IProgress<long>? progress = null, CancellationToken cancellation = default);

    /// <summary>Writes content to a file, in its place only when all of it is there and has the digest. What was cut off goes on the next time.</summary>
    /// <param name="maxSize">Bytes that are taken at most.</param>
    /// <param name="progress">Bytes there.</param>
    /// <exception cref="AivmException">A code of <see cref="ContentErrors"/>.</exception>
    Task FetchAsync(ContentDigest digest, string file, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default);
}
