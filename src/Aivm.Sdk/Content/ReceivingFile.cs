using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Content on its way into a file: hashed as it comes, bounded, and in its place only when it is whole and has its digest. Until then it lies beside it, under the digest's
/// name, and the next attempt goes on from there.
/// </summary>
internal sealed class ReceivingFile : IDisposable
{
    private readonly string _target;
    private readonly ContentDigest _digest;
    private readonly long _maxSize;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private ReceivingFile(string target, ContentDigest digest, long maxSize, FileStream stream) =>
        (_target, _digest, _maxSize, _stream) = (target, digest, maxSize, stream);

    /// <summary>Bytes there.</summary>
    public long Length { get; private set; }

    /// <exception cref="AivmException"><c>content-busy</c>, <c>content-unwritable</c>.</exception>
    public static async Task<ReceivingFile> OpenAsync(string target, ContentDigest digest, long maxSize, CancellationToken cancellation)
    {
        var path = Path.GetFullPath(target);
        var file = new ReceivingFile(path, digest, maxSize, Open(Path.Combine(Path.GetDirectoryName(path)!, $".{digest.Hex}.part")));
        try
        {
            await foreach (var block in ContentFiles.BlocksOf(file._stream, cancellation))
            {
                file._hash.AppendData(block.Span);
                file.Length += block.Length;
            }
            if (file.Length > maxSize)
                file.Restart();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="AivmException"><c>content-too-large</c>, <c>content-unwritable</c>.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (bytes.Length > _maxSize - Length)
        {
            Discard();
            throw ContentErrors.TooLarge(_digest, _maxSize);
        }
        try
        {
            await _stream.WriteAsync(bytes, cancellation);
        }
        catch (IOException exception)
        {
            throw ContentErrors.Unwritable(_stream.Name, exception);
        }
        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>Forgets what is there.</summary>
    public void Restart()
    {
        _stream.SetLength(0);
        _hash.GetHashAndReset();
        Length = 0;
    }

    /// <summary>Puts the file in its place, or deletes it.</summary>
    /// <param name="source">Who gave it.</param>
    /// <exception cref="AivmException"><c>content-mismatch</c>, <c>content-unwritable</c>.</exception>
    public void Complete(string source)
    {
        var actual = new ContentDigest(new Hash256(_hash.GetHashAndReset()));
        if (actual != _digest)
        {
            Discard();
            throw ContentErrors.Mismatch(_digest, actual, source);
        }
        try
        {
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
            File.Move(_stream.Name, _target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ContentErrors.Unwritable(_target, exception);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }

    private void Discard()
    {
        _stream.Dispose();
        File.Delete(_stream.Name);
    }

    private static FileStream Open(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            BufferSize = 0,
        };
        // It may be somebody's input: nobody else reads it.
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw ContentErrors.Busy(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ContentErrors.Unwritable(path, exception);
        }
    }
}
