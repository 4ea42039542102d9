using System.Globalization;
using System.Text;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>The files of requests in configfs. Their lengths are not known before they are read. A test does in its overrides what the kernel does.</summary>
internal class TsmFiles(string root)
{
    private const int MaxTextBytes = 128;

    public bool Exists => Directory.Exists(root);

    public bool Has(string request) => Directory.Exists(PathOf(request));

    /// <summary>The kernel fills a new directory with the fields.</summary>
    public virtual void Make(string request) => Directory.CreateDirectory(PathOf(request));

    /// <summary>In one call to write, as the kernel wants a field.</summary>
    public virtual void Write(string request, string field, ReadOnlySpan<byte> value)
    {
        using var file = new FileStream(Path.Combine(PathOf(request), field), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(value);
    }

    /// <summary>A directory in configfs is removed with the files in it.</summary>
    public virtual void Remove(string request) => Directory.Delete(PathOf(request));

    public int Generation(string request) =>
        int.TryParse(Text(request, "generation"), NumberStyles.None, null, out var generation)
            ? generation
            : throw new AivmException(Failure.Environment, "tsm-failed", "The request's generation is no number.");

    public string Text(string request, string field) => Encoding.ASCII.GetString(Read(request, field, MaxTextBytes)).TrimEnd('\n');

    /// <exception cref="AivmException"><c>tsm-failed</c>: longer than the limit.</exception>
    public byte[] Read(string request, string field, int limit)
    {
        using var file = new FileStream(Path.Combine(PathOf(request), field), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var bytes = new byte[limit + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= limit
            ? bytes[..length]
            : throw new AivmException(Failure.Environment, "tsm-failed", $"The field {field} has more than {limit} bytes.");
    }

    /// <summary>Empty where the provider has no such field.</summary>
    public byte[] ReadOptional(string request, string field, int limit) =>
        File.Exists(Path.Combine(PathOf(request), field)) ? Read(request, field, limit) : [];

    protected string PathOf(string request) => Path.Combine(root, request);
}
