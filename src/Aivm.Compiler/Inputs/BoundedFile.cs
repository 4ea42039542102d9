using Aivm.Primitives;

namespace Aivm.Compiler.Inputs;

/// <summary>Reads a whole file, whatever the path names: a directory, a pipe, a device without an end.</summary>
public static class BoundedFile
{
    private const int FirstRead = 64 << 10;

    /// <param name="limit">Most bytes of the file; no more are ever held.</param>
    /// <param name="tooLarge">The code of the error for a longer file.</param>
    /// <exception cref="AivmException"><c>file-not-found</c>, <c>file-unreadable</c>, or <paramref name="tooLarge"/>.</exception>
    public static byte[] Read(string path, int limit, string tooLarge)
    {
        try
        {
            if (Directory.Exists(path))
                throw Refusal.Input("file-unreadable", $"'{path}' is a directory; a file is wanted.");
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            // Pipes have no length, and the length of a device says nothing.
            var length = file.CanSeek ? file.Length : 0;
            return length <= limit && ReadToEnd(file, (int)length, limit) is { } bytes
                ? bytes
                : throw Refusal.Input(tooLarge, $"'{path}' has more than {limit} bytes, which is the limit.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AivmException(Failure.Input, "file-not-found", $"There is no file '{path}'.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new AivmException(Failure.Environment, "file-unreadable", $"'{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <returns>Null when there are more bytes than the limit.</returns>
    private static byte[]? ReadToEnd(FileStream file, int expected, int limit)
    {
        // One more than is expected: the read that finds the end needs room.
        var bytes = new byte[expected > 0 ? expected + 1 : Math.Min(FirstRead, limit + 1)];
        var length = 0;
        while (file.Read(bytes, length, bytes.Length - length) is > 0 and var read)
        {
            length += read;
            if (length > limit)
                return null;
            if (length == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(2L * length, limit + 1));
        }
        Array.Resize(ref bytes, length);
        return bytes;
    }
}
