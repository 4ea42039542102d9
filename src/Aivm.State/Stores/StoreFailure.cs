using Aivm.Primitives;

namespace Aivm.State;

/// <summary>Names the ways in which the disk under a store fails. All of them end the operation and none ends the process.</summary>
internal static class StoreFailure
{
    /// <summary>RocksDB reports the system's error as text only; the phrases are those of strerror and of its own lock.</summary>
    public static AivmException From(Exception exception, string path)
    {
        var message = exception.Message;
        if (Says(message, "No space left on device") || Says(message, "Disk quota exceeded") || Says(message, "File too large"))
            return DiskFull(path, exception);
        if (Says(message, "LOCK") && (Says(message, "lock hold by current process") || Says(message, "While lock file")))
        {
            return Environment("data-dir-in-use",
                $"another process uses the data directory {path}: stop it, or give this one another directory", exception);
        }
        if (exception is UnauthorizedAccessException || Says(message, "Permission denied") || Says(message, "Read-only file system")
            || Says(message, "Operation not permitted"))
        {
            return Environment("data-dir-read-only",
                $"the data directory {path} cannot be written: change its permissions, or choose another directory", exception);
        }
        if (File.Exists(path))
            return Environment("data-dir-invalid", $"{path} is a file: name a directory for the data", exception);
        if (Says(message, "Corruption"))
            return Corrupt($"the store in {path} does not read back what was written: {message}", exception);
        return Environment("store-failed", $"the store in {path} failed: {message}", exception);
    }

    public static AivmException DiskFull(string path, Exception? inner = null) =>
        Environment("disk-full", $"the disk of {path} is full: nothing was written; free some space and try again", inner);

    public static AivmException Version(string path, uint? found, uint expected) => Environment("store-version",
        $"the store in {path} has {(found is { } version ? $"version {version}" : "no readable version")}, this program reads version {expected}: "
        + "use the program that wrote it, or start with an empty directory", null);

    public static AivmException Corrupt(string message, Exception? inner = null) =>
        Environment("store-corrupt", $"{message}: restore the data directory from a backup or start with an empty one", inner);

    public static AivmException NotReopened(string path) => Environment("store-failed",
        $"the store in {path} was closed after a failed write and could not be opened again: correct the disk, the next write tries again", null);

    private static AivmException Environment(string code, string message, Exception? inner) =>
        new(Failure.Environment, code, message, inner);

    private static bool Says(string message, string phrase) => message.Contains(phrase, StringComparison.Ordinal);
}
