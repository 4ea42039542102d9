using System.Globalization;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>The files of one request in configfs. Their lengths are not known before they are read.</summary>
internal sealed class TsmRequest(string directory)
{
    private const int MaxTextBytes = 128;

    public int Generation() =>
        int.TryParse(Text("generation"), NumberStyles.None, null, out var generation)
            ? generation
            : throw new AivmException(Failure.Environment, "tsm-failed", "The request's generation is no number.");

    public string Text(string field) => System.Text.Encoding.ASCII.GetString(Read(field, MaxTextBytes)).TrimEnd('\n');

    /// <summary>In one call to write, as the kernel wants a field.</summary>
    public void Write(string field, ReadOnlySpan<byte> value)
    {
        using var file = new FileStream(Path.Combine(directory, field), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(value);
    }

    /// <exception cref="AivmException"><c>tsm-failed</c>: longer than the limit.</exception>
    public byte[] Read(string field, int limit)
    {
        using var file = new FileStream(Path.Combine(directory, field), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var (bytes, length) = (new byte[limit + 1], 0);
        for (int read; length < bytes.Length && (read = file.Read(bytes, length, bytes.Length - length)) > 0;)
            length += read;
        return length <= limit
            ? bytes[..length]
            : throw new AivmException(Failure.Environment, "tsm-failed", $"The field {field} has more than {limit} bytes.");
    }

    /// <summary>Empty where the provider has no such field.</summary>
    public byte[] ReadOptional(string field, int limit) => File.Exists(Path.Combine(directory, field)) ? Read(field, limit) : [];

    /// <summary>A directory in configfs is removed with its files in it; they are not ours to delete.</summary>
    public static void Remove(string directory)
    {
        try
        {
            Directory.Delete(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What led here, the report or its failure, is what the caller wants to know.
        }
    }
}
