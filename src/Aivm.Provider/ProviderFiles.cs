using System.Security.Cryptography;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// A provider's directory: models by hash or digest, answers that the chain does not have yet, and the block from which to look for offers. Every file is written
/// beside its place and moved there, so that a crash leaves all of one or none of it. What it loses is fetched or computed again.
/// </summary>
internal sealed class ProviderFiles
{
    private readonly string _directory;
    private readonly long _diskBytes;

    public ProviderFiles(string directory, long diskBytes)
    {
        (_directory, _diskBytes) = (directory, diskBytes);
        foreach (var part in (string[])["models", "answers", "inputs"])
            Create(Path.Combine(directory, part));
    }

    /// <summary>The first block whose offers may still concern us; 0 where nothing is known.</summary>
    public ulong FirstBlock
    {
        get => TryRead("first-block") is { Length: sizeof(ulong) } bytes ? BitConverter.ToUInt64(bytes) : 0;
        set => Write("first-block", BitConverter.GetBytes(value));
    }

    public byte[]? TryReadModel(Hash256 hash) => TryRead(Path.Combine("models", $"{hash}")) is { } bytes && Keccak.Hash(bytes) == hash ? bytes : null;

    public void WriteModel(Hash256 hash, byte[] container) => Write(Path.Combine("models", $"{hash}"), container);

    /// <summary>Where a model from a store lies, once it has its digest. Alone in its directory: an ONNX file may name others that are beside it.</summary>
    public string ModelFile(ContentDigest digest)
    {
        var directory = Path.Combine(_directory, "models", digest.Hex);
        Create(directory);
        return Path.Combine(directory, "model");
    }

    public string InputFile(ulong job) => Path.Combine(_directory, "inputs", $"{job}");

    /// <summary>An answer that was computed and not submitted, or null.</summary>
    public (byte[] Output, byte[] Evidence)? TryReadAnswer(ulong job)
    {
        if (TryRead(AnswerName(job)) is not { } bytes)
            return null;
        var reader = new AbiReader(bytes);
        return reader.TryReadUInt64(out var number) && number == job && reader.TryReadBytes(out var output) && reader.TryReadBytes(out var evidence) && reader.TryEnd()
            ? (output.ToArray(), evidence.ToArray())
            : null;
    }

    public void WriteAnswer(ulong job, byte[] output, byte[] evidence) =>
        Write(AnswerName(job), new AbiWriter(3).WriteUInt(job).WriteBytes(output).WriteBytes(evidence).ToArray());

    /// <summary>The job is over.</summary>
    public void Forget(ulong job)
    {
        File.Delete(Path.Combine(_directory, AnswerName(job)));
        File.Delete(InputFile(job));
    }

    /// <exception cref="JobRefusal">They would not fit.</exception>
    public void RequireRoom(long bytes)
    {
        var used = new DirectoryInfo(_directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        if (used + bytes > _diskBytes)
            throw new JobRefusal("disk-full", "this provider's disk has no room for it");
    }

    private static string AnswerName(ulong job) => Path.Combine("answers", $"{job}");

    private byte[]? TryRead(string name)
    {
        var path = Path.Combine(_directory, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private void Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(_directory, name);
        var temporary = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new AivmException(Failure.Environment, "provider-directory", $"The provider's directory cannot be written: {exception.Message}", exception);
        }
    }

    private static void Create(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(Failure.Environment, "provider-directory", $"The provider's directory cannot be made: {exception.Message}", exception);
        }
    }
}
