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
    private readonly string _chain;
    private readonly long _diskBytes;
    private readonly Lock _room = new();
    private readonly Dictionary<ulong, string> _needed = [];
    private readonly List<Reservation> _reservations = [];

    /// <param name="Path">A container's file, or the directory of a model from a store.</param>
    private sealed record KeptModel(string Path, bool IsFile, DateTime LastUse, long Bytes);

    /// <summary>Bytes that are about to be written, so that two who write at once do not both count on the same room.</summary>
    /// <param name="directory">Theirs alone: what lies there are the first of them. Null: none do.</param>
    private sealed class Reservation(ProviderFiles files, string? directory, long bytes) : IDisposable
    {
        public long Missing => Math.Max(0, bytes - (directory is null ? 0 : BytesIn(directory)));

        public void Dispose()
        {
            lock (files._room)
                files._reservations.Remove(this);
        }
    }

    /// <param name="chain">The hash of the chain's first block: jobs of another chain have the same numbers, and nothing else in common.</param>
    /// <exception cref="AivmException"><c>provider-directory</c>, from every method.</exception>
    public ProviderFiles(string directory, long diskBytes, Hash256 chain = default)
    {
        (_directory, _diskBytes, _chain) = (directory, diskBytes, Path.Combine("chains", $"{chain}"));
        foreach (var part in (string[])["models", Path.Combine(_chain, "answers"), Path.Combine(_chain, "inputs")])
            Create(Path.Combine(directory, part));
    }

    /// <summary>
    /// Keeps others out of the directory until it is disposed, whichever chain they work for: they would take each other's models, and with one key each other's nonces.
    /// Then removes what a crash left half written.
    /// </summary>
    /// <exception cref="AivmException"><c>provider-running</c>.</exception>
    public IDisposable Lock()
    {
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(_directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Unusable(exception);
        }
        catch (IOException exception)
        {
            throw new AivmException(
                Failure.Environment, "provider-running", $"Another provider, or a watcher, works in {_directory}: stop it, or name another directory and account.", exception);
        }
        try
        {
            Guarded(RemoveLeftovers);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The first block whose offers may still concern us; 0 where nothing is known.</summary>
    public ulong FirstBlock
    {
        get => TryRead(Path.Combine(_chain, "first-block")) is { Length: sizeof(ulong) } bytes ? BitConverter.ToUInt64(bytes) : 0;
        set => Write(Path.Combine(_chain, "first-block"), BitConverter.GetBytes(value));
    }

    /// <summary>This model stays on the disk until the job is forgotten, and counts as used now.</summary>
    public void Need(ulong job, Hash256 hash) => Need(job, $"{hash}");

    /// <summary>As <see cref="Need(ulong, Hash256)"/>, of a model from a store.</summary>
    public void Need(ulong job, ContentDigest digest) => Need(job, digest.Hex);

    public byte[]? TryReadModel(Hash256 hash) => TryRead(ModelName($"{hash}")) is { } bytes && Keccak.Hash(bytes) == hash ? bytes : null;

    public void WriteModel(Hash256 hash, byte[] container) => Write(ModelName($"{hash}"), container);

    /// <summary>Where a model from a store lies, once it has its digest. Alone in its directory: an ONNX file may name others that are beside it.</summary>
    public string ModelFile(ContentDigest digest)
    {
        var directory = DirectoryOf(digest);
        Create(directory);
        return Path.Combine(directory, "model");
    }

    /// <summary>Where a job's input from a store lies, once it has its digest; until the job is forgotten. Two jobs may have the same one: each has its own directory.</summary>
    public string InputFile(ulong job)
    {
        Create(InputDirectory(job));
        return Path.Combine(InputDirectory(job), "input");
    }

    public Task<byte[]> ReadInputAsync(ulong job, CancellationToken cancellation) => Guarded(() => File.ReadAllBytesAsync(InputFile(job), cancellation));

    /// <summary>An answer that was computed and not submitted, or null.</summary>
    public (byte[] Output, byte[] Evidence)? TryReadAnswer(JobStatus job)
    {
        if (TryRead(AnswerName(job.Job)) is not { } bytes)
            return null;
        var reader = new AbiReader(bytes);
        return reader.TryReadHash(out var task) && task == TaskOf(job) && reader.TryReadBytes(out var output) && reader.TryReadBytes(out var evidence) && reader.TryEnd()
            ? (output.ToArray(), evidence.ToArray())
            : null;
    }

    /// <summary>Keeps an answer until the chain has it. Where the disk does not take it, a crash before then means computing it again.</summary>
    public void WriteAnswer(JobStatus job, byte[] output, byte[] evidence)
    {
        var answer = new AbiWriter(3).WriteHash(TaskOf(job)).WriteBytes(output).WriteBytes(evidence).ToArray();
        try
        {
            using var room = MakeRoom(answer.Length);
            Write(AnswerName(job.Job), answer);
        }
        catch (AivmException)
        {
            // What was accepted is answered all the same.
        }
    }

    /// <summary>The answer that was kept is no good.</summary>
    public void ForgetAnswer(ulong job) => Guarded(() => File.Delete(Path.Combine(_directory, AnswerName(job))));

    /// <summary>The job is over.</summary>
    public void Forget(ulong job) => Guarded(() =>
    {
        lock (_room)
            _needed.Remove(job);
        File.Delete(Path.Combine(_directory, AnswerName(job)));
        if (Directory.Exists(InputDirectory(job)))
            Directory.Delete(InputDirectory(job), recursive: true);
    });

    /// <summary>Room for so many bytes. Where they do not fit, models that no job needs go, the one that was used longest ago first. None is removed in vain.</summary>
    /// <returns>To be disposed when the bytes are there, or will not come.</returns>
    /// <exception cref="JobRefusal"><c>disk-full</c>: they would not fit even then.</exception>
    public IDisposable MakeRoom(long bytes) => MakeRoom(null, bytes);

    /// <summary>Room for all of a model from a store; what came of it before takes its room already.</summary>
    /// <inheritdoc cref="MakeRoom(long)"/>
    public IDisposable MakeRoom(ContentDigest digest, long bytes) => MakeRoom(DirectoryOf(digest), bytes);

    /// <summary>Room for all of a job's input from a store.</summary>
    /// <inheritdoc cref="MakeRoom(long)"/>
    public IDisposable MakeRoomForInput(ulong job, long bytes) => MakeRoom(InputDirectory(job), bytes);

    /// <summary>What an answer is an answer to.</summary>
    private static Hash256 TaskOf(JobStatus job) =>
        Keccak.Hash(new AbiWriter(4).WriteUInt(job.Job).WriteAddress(job.Model).WriteHash(job.InputCommitment).WriteUInt((ulong)job.Evidence).ToArray());

    private Reservation MakeRoom(string? directory, long bytes) => Guarded(() =>
    {
        lock (_room)
        {
            var wanted = new Reservation(this, directory, bytes);
            var missing = BytesIn(_directory) + _reservations.Sum(other => other.Missing) + wanted.Missing - _diskBytes;
            var unneeded = missing > 0 ? FindUnneeded().OrderBy(model => model.LastUse).ToList() : [];
            if (unneeded.Sum(model => model.Bytes) < missing)
                throw new JobRefusal("disk-full", "this provider's disk has no room for it");
            foreach (var model in unneeded.TakeWhile(_ => missing > 0))
            {
                Remove(model);
                missing -= model.Bytes;
            }
            _reservations.Add(wanted);
            return wanted;
        }
    });

    private string InputDirectory(ulong job) => Path.Combine(_directory, _chain, "inputs", $"{job}");

    private string AnswerName(ulong job) => Path.Combine(_chain, "answers", $"{job}");

    private static string ModelName(string name) => Path.Combine("models", name);

    private string DirectoryOf(ContentDigest digest) => Path.Combine(_directory, ModelName(digest.Hex));

    private void Need(ulong job, string model) => Guarded(() =>
    {
        lock (_room)
        {
            _needed[job] = model;
            var path = Path.Combine(_directory, ModelName(model));
            if (File.Exists(path))
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            else if (Directory.Exists(path))
                Directory.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
    });

    private IEnumerable<KeptModel> FindUnneeded()
    {
        var needed = _needed.Values.ToHashSet();
        foreach (var entry in new DirectoryInfo(Path.Combine(_directory, "models")).EnumerateFileSystemInfos())
        {
            // What is being written is needed too.
            if (needed.Contains(entry.Name) || entry.Extension == ".tmp")
                continue;
            var file = entry as FileInfo;
            yield return new KeptModel(entry.FullName, file is not null, entry.LastWriteTimeUtc, file?.Length ?? BytesIn(entry.FullName));
        }
    }

    private static void Remove(KeptModel model)
    {
        if (model.IsFile)
            File.Delete(model.Path);
        else
            Directory.Delete(model.Path, recursive: true);
    }

    private static long BytesIn(string directory)
    {
        var used = 0L;
        if (!Directory.Exists(directory))
            return used;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                used += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Another job has just moved it to its place.
            }
        }
        return used;
    }

    private void RemoveLeftovers()
    {
        foreach (var file in Directory.EnumerateFiles(_directory, "*.tmp", SearchOption.AllDirectories))
            File.Delete(file);
        // An earlier release kept inputs there without directories of their own.
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_directory, _chain, "inputs")))
            File.Delete(file);
    }

    private byte[]? TryRead(string name)
    {
        var path = Path.Combine(_directory, name);
        return Guarded(() => File.Exists(path) ? File.ReadAllBytes(path) : null);
    }

    private static void Guarded(Action work) => Guarded(() =>
    {
        work();
        return true;
    });

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(exception);
        }
    }

    private static AivmException Unusable(Exception exception) =>
        new(Failure.Environment, "provider-directory", $"The provider's directory cannot be used: {exception.Message}", exception);

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
