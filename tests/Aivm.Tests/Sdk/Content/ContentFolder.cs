using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

/// <summary>A folder of one test, and files in it.</summary>
internal sealed class ContentFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("aivm-content-").FullName;

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    /// <summary>Bytes that look like nothing, the same for each seed.</summary>
    public static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Where what has come of some content waits for the rest.</summary>
    public string PartOf(ContentDigest digest) => At($".{digest.Hex}.part");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
