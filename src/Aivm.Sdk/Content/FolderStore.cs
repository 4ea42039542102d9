using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Content in a folder of this machine, laid out as the blobs of an OCI image layout: <c>blobs/sha256/HEX</c>.</summary>
public sealed class FolderStore : IContentStore
{
    private readonly string _blobs;

    /// <param name="root">Is made when something is added.</param>
    public FolderStore(string root) => (Root, _blobs) = (Path.GetFullPath(root), Path.Combine(Path.GetFullPath(root), "blobs", "sha256"));

    public string Root { get; }

    /// <summary>Where content lies that was added: to be read, never written. It was right when it was added; <see cref="FetchAsync"/> looks again.</summary>
    public bool TryFind(ContentDigest digest, out string path)
    {
        path = Path.Combine(_blobs, digest.Hex);
        return File.Exists(path);
    }

    public Task<bool> ContainsAsync(ContentDigest digest, CancellationToken cancellation = default) => Task.FromResult(TryFind(digest, out _));

    public async Task<ContentDescriptor> AddAsync(string file, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var descriptor = await ContentDescriptor.OfFileAsync(file, cancellation);
        if (TryFind(descriptor.Digest, out var path))
            return descriptor;
        CreateDirectory();
        try
        {
            await CopyAsync(file, descriptor.Digest, path, descriptor.Size, progress, cancellation);
        }
        catch (AivmException exception) when (exception.Error.Code is "content-mismatch" or "content-too-large")
        {
            throw ContentErrors.Changed(file);
        }
        return descriptor;
    }

    public async Task FetchAsync(ContentDigest digest, string file, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        if (!TryFind(digest, out var path))
            throw ContentErrors.Missing(digest, Root);
        await CopyAsync(path, digest, file, maxSize, progress, cancellation);
    }

    /// <summary>Has content here, so that it is fetched once: what lies here and still has its digest stays, anything else comes from another store.</summary>
    /// <param name="from">Another store.</param>
    /// <param name="maxSize">Bytes that are taken at most.</param>
    /// <returns>Where it lies: to be read, never written.</returns>
    /// <exception cref="AivmException">A code of <see cref="ContentErrors"/>.</exception>
    public async Task<string> KeepAsync(ContentDigest digest, IContentStore from, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        if (TryFind(digest, out var path) && new FileInfo(path).Length <= maxSize && (await ContentDescriptor.OfFileAsync(path, cancellation)).Digest == digest)
            return path;
        CreateDirectory();
        await from.FetchAsync(digest, path, maxSize, progress, cancellation);
        return path;
    }

    private void CreateDirectory()
    {
        try
        {
            PrivateFile.CreateDirectory(_blobs);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ContentErrors.Unwritable(_blobs, exception);
        }
    }

    private static async Task CopyAsync(string from, ContentDigest digest, string to, long maxSize, IProgress<long>? progress, CancellationToken cancellation)
    {
        await using var source = ContentFiles.OpenRead(from);
        using var receiving = await ReceivingFile.OpenAsync(to, digest, maxSize, cancellation);
        if (receiving.Length > source.Length)
            receiving.Restart();
        source.Position = receiving.Length;
        await foreach (var block in ContentFiles.BlocksOf(source, cancellation))
        {
            await receiving.WriteAsync(block, cancellation);
            progress?.Report(receiving.Length);
        }
        receiving.Complete(from);
    }
}
