using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.Provider;

/// <summary>
/// A folder that lies in the machine's memory, and whether that memory may reach a disk: there a process leaves to the next what must not leave the machine.
/// What cannot be told counts as unsafe.
/// </summary>
/// <param name="Folder">Whose folder ours is made in.</param>
/// <param name="Mounts">The kernel's list of what is mounted where.</param>
/// <param name="Swaps">The kernel's list of where memory is written to when it is short.</param>
internal sealed partial record MachineMemory(string Folder, string Mounts = "/proc/self/mountinfo", string Swaps = "/proc/swaps")
{
    /// <summary>PR_SET_DUMPABLE, prctl(2).</summary>
    private const int SetDumpable = 4;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly string[] MemoryBacked = ["tmpfs", "ramfs"];

    public static MachineMemory Default => new(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own : "/dev/shm");

    /// <summary>Whether memory may be written to a disk.</summary>
    public bool HasSwap
    {
        get
        {
            try
            {
                // The first line is the heading.
                return File.ReadLines(Swaps).Skip(1).Any(line => !string.IsNullOrWhiteSpace(line));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return true;
            }
        }
    }

    /// <summary>From now on this process leaves no core dump, and no other process of its user reads its memory. Without effect elsewhere than on Linux.</summary>
    /// <exception cref="AivmException"><c>core-dumps</c>: the kernel does not let us.</exception>
    public static void KeepOutOfDumps()
    {
        if (OperatingSystem.IsLinux() && ProcessControl(SetDumpable, 0, 0, 0, 0) != 0)
            throw new AivmException(Failure.Environment, "core-dumps", "The kernel does not keep this process out of core dumps, which would hold what callers sealed.");
    }

    /// <summary>Makes our folder where it is not there yet.</summary>
    /// <param name="error"><c>memory-folder-missing</c>, <c>memory-folder-open</c>.</param>
    public bool TryOpen([NotNullWhen(true)] out string? directory, [NotNullWhen(false)] out Error? error)
    {
        (directory, error) = (null, null);
        if (!OperatingSystem.IsLinux() || !IsInMemory(LinuxFile.Find(Folder, followsLink: true)))
            error = new Error("memory-folder-missing", $"{Folder} is no folder on a tmpfs or ramfs of Linux: name one with XDG_RUNTIME_DIR.");
        else
            error = TryMake(directory = Path.Combine(Folder, $"aivm-{LinuxFile.User}"));
        return error is null;
    }

    /// <summary>A folder that anybody may write in may hold what somebody else put in our place.</summary>
    private Error? TryMake(string directory)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory, Private);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Error("memory-folder-missing", $"{directory} cannot be made: {exception.Message}");
        }
        return LinuxFile.Find(directory) is { IsDirectory: true } made && made.IsPrivate(Private) && IsInMemory(made)
            ? null
            : new Error("memory-folder-open", $"{directory} is a link, another user's, or open to others: remove it, or have it belong to this user alone (chmod 700).");
    }

    private bool IsInMemory(LinuxFile? file)
    {
        try
        {
            return file is { Mount: not 0 } found && File.ReadLines(Mounts).Any(line => IsMemory(line, found.Mount));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    /// <summary>A line begins with the mount's number; the type of its file system follows the first hyphen that stands alone (proc(5)).</summary>
    private static bool IsMemory(string line, ulong mount)
    {
        var fields = line.Split(' ');
        var type = Array.IndexOf(fields, "-") + 1;
        return fields[0] == mount.ToString(CultureInfo.InvariantCulture) && type > 0 && type < fields.Length && MemoryBacked.Contains(fields[type]);
    }
}
