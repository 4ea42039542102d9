using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// Leaves a session's keys to the next process of this account on this chain, so that it opens what was sealed to them. What was attested is the machine: the
/// file lies in its memory, never on a disk, encrypted to the account, and goes with the machine.
/// </summary>
internal sealed class SessionKeyFile
{
    private const string Cost = "Until then a restart loses the sealed inputs that were accepted and not yet answered.";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Wallet _wallet;
    private readonly MachineMemory _memory;
    private readonly Action<ProviderEvent> _report;
    private readonly string _name;
    private readonly byte[] _context;

    /// <summary>Null where nothing is kept.</summary>
    private string? _path;

    /// <param name="chain">The hash of the chain's first block.</param>
    /// <param name="kind">Keys that development hardware vouched for are no other hardware's.</param>
    public SessionKeyFile(Wallet wallet, ulong chainId, Hash256 chain, JobEvidence kind, MachineMemory memory, Action<ProviderEvent> report)
    {
        (_wallet, _memory, _report) = (wallet, memory, report);
        _name = $"{chain}-{wallet.Address}";
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(number, chainId);
        _context = [.. number, .. chain.Span, .. wallet.Address.Span, (byte)kind];
    }

    /// <summary>The keys that the last process left; where there are none that can be used, fresh ones, which are left to the next.</summary>
    public SessionKeys Open()
    {
        if (!_memory.TryOpen(out var directory, out var error))
            Tell($"{error} {Cost}");
        else
            _path = Path.Combine(directory, _name);
        LeaveNoneToSwap();
        return _path is null ? SessionKeys.Generate() : TakeOrMake(_path);
    }

    /// <summary>Where the machine swaps, what lies in its memory may be on a disk: the file goes, and no other is written.</summary>
    public void LeaveNoneToSwap()
    {
        if (_path is null || !_memory.HasSwap)
            return;
        try
        {
            File.Delete(_path);
            Tell($"memory-swapped: The machine may write its memory to a swap area: turn that off (swapoff -a). {Cost}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell($"memory-swapped: The machine may write its memory to a swap area, and {_path} cannot be removed: {exception.Message} Remove it.");
        }
        _path = null;
    }

    private SessionKeys TakeOrMake(string path)
    {
        if (TryRead(path, out var keys, out var error))
        {
            Tell($"taken up again from {path}");
            return keys;
        }
        if (error is not null)
            Tell($"{error} The session gets fresh ones.");
        keys = SessionKeys.Generate();
        Keep(path, keys);
        return keys;
    }

    /// <param name="error">Null too where nothing was kept.</param>
    private bool TryRead(string path, [NotNullWhen(true)] out SessionKeys? keys, out Error? error)
    {
        (keys, error) = (null, null);
        if (LinuxFile.Find(path) is not { } file)
            return false;
        if (!file.IsRegular || !file.IsPrivate(Private) || file.Size != WrappedSessionKeys.Size)
        {
            error = new Error("session-keys-file", $"{path} is a link, another user's, open to others, or of another length: it is not read.");
            return false;
        }
        try
        {
            return WrappedSessionKeys.TryOpen(File.ReadAllBytes(path), _wallet, _context, out keys, out error);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = new Error("session-keys-file", $"{path} cannot be read: {exception.Message}");
            return false;
        }
    }

    /// <summary>In the place of what is there, all of it or nothing.</summary>
    private void Keep(string path, SessionKeys keys)
    {
        try
        {
            File.Delete(path);
            var temporary = $"{path}.tmp";
            File.Delete(temporary);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = Private;
            using (var file = new FileStream(temporary, options))
                file.Write(WrappedSessionKeys.Wrap(keys, _wallet, _context));
            File.Move(temporary, path, overwrite: false);
            Tell($"kept in {path}: they outlive this process, and not the machine");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell($"session-keys-file: {path} cannot be written: {exception.Message} {Cost}");
        }
    }

    private void Tell(string message) => _report(new ProviderEvent(ProviderEventKind.SessionKeys, 0, message));
}
