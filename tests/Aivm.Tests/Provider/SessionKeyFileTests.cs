using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Chain;

namespace Aivm.Tests.Provider;

/// <summary>The keys of a session between two processes.</summary>
[SupportedOSPlatform("linux")]
public sealed class SessionKeyFileTests : IDisposable
{
    private const ulong ChainId = 7;
    private const int VersionAt = 0;
    private const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private static readonly Hash256 Chain = Keccak.Hash("chain"u8);

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("aivm-session-keys-");
    private readonly RpcClient _rpc = new(new Uri("http://127.0.0.1:1/"));
    private readonly ConcurrentQueue<string> _told = [];

    public SessionKeyFileTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere no folder is known to lie in memory.");

    public void Dispose()
    {
        _rpc.Dispose();
        _home.Delete(recursive: true);
    }

    [Fact]
    public void Keys_are_taken_up_by_the_next_process_from_a_file_that_its_user_alone_reads()
    {
        var first = SignerOf(FileOf());
        Assert.Equal(first, SignerOf(FileOf()));
        var path = Kept();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
    }

    public static TheoryData<string> BadFiles => [.. Bad.Keys];

    private static readonly Dictionary<string, (Action<string> Spoil, string Code)> Bad = new()
    {
        ["another version"] = (path => Flip(path, VersionAt), "session-keys-version"),
        ["another salt"] = (path => Flip(path, 1), "session-keys-unopened"),
        ["another secret"] = (path => Flip(path, 33), "session-keys-unopened"),
        ["another tag"] = (path => Flip(path, WrappedSessionKeys.Size - 1), "session-keys-unopened"),
        ["a cut file"] = (path => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]), "session-keys-file"),
        ["a longer file"] = (path => File.AppendAllText(path, "x"), "session-keys-file"),
        ["an empty file"] = (path => File.WriteAllBytes(path, []), "session-keys-file"),
        ["open to others"] = (path => File.SetUnixFileMode(path, Open), "session-keys-file"),
        ["a link to the right bytes"] = (Link, "session-keys-file"),
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void A_file_that_is_not_ours_as_we_left_it_gives_fresh_keys_and_goes(string name)
    {
        var first = SignerOf(FileOf());
        Bad[name].Spoil(Kept());
        var second = SignerOf(FileOf());
        Assert.NotEqual(first, second);
        Assert.Contains(_told, message => message.StartsWith($"{Bad[name].Code}: ", StringComparison.Ordinal));
        Assert.Equal(second, SignerOf(FileOf()));
    }

    /// <summary>Whoever is root here may give files away.</summary>
    [Fact]
    public void A_file_of_another_user_gives_fresh_keys()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Files are given away by root alone.");
        var first = SignerOf(FileOf());
        using (var chown = Process.Start("chown", ["65534", Kept()]))
            chown.WaitForExit();
        Assert.NotEqual(first, SignerOf(FileOf()));
        Assert.Contains(_told, message => message.StartsWith("session-keys-file: ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_in_the_place_of_the_file_costs_the_next_restart_its_keys_and_nothing_else()
    {
        var first = SignerOf(FileOf());
        var path = Kept();
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.NotEqual(first, SignerOf(FileOf()));
        Assert.Contains(_told, message => message.Contains("cannot be written", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("another account")]
    [InlineData("another chain")]
    [InlineData("another chain id")]
    [InlineData("another kind of evidence")]
    public void Keys_of_something_else_are_not_ours_even_where_their_file_is_in_our_place(string what)
    {
        var theirs = what switch
        {
            "another account" => FileOf(account: "another"),
            "another chain" => FileOf(chain: Keccak.Hash("another"u8)),
            "another chain id" => FileOf(chainId: ChainId + 1),
            _ => FileOf(kind: JobEvidence.DevelopmentAttested),
        };
        var signer = SignerOf(theirs);
        var from = Kept();
        var ours = Path.Combine(Path.GetDirectoryName(from)!, $"{Chain}-{TestAccount.Of("provider").Address}");
        if (from != ours)
            File.Move(from, ours);
        Assert.NotEqual(signer, SignerOf(FileOf()));
        Assert.Contains(_told, message => message.StartsWith("session-keys-unopened: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("overlay")]
    [InlineData("xtmpfs")]
    public void Nothing_is_written_to_a_folder_that_is_not_in_memory(string fileSystem)
    {
        var memory = TestMemory.In(_home, fileSystem);
        Assert.NotEqual(SignerOf(FileOf(memory)), SignerOf(FileOf(memory)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(memory.Folder));
        Assert.All(_told, message => Assert.StartsWith("memory-folder-missing: ", message, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_written_where_the_machine_swaps_and_what_was_written_before_goes()
    {
        const string Swap = TestMemory.NoSwap + "/dev/vdb partition 1024 0 -2\n";
        SignerOf(FileOf(TestMemory.In(_home, swaps: Swap)));
        Assert.Empty(KeptFiles());
        Assert.Contains(_told, message => message.StartsWith("memory-swapped: ", StringComparison.Ordinal));

        SignerOf(FileOf());
        Assert.Single(KeptFiles());
        SignerOf(FileOf(TestMemory.In(_home, swaps: Swap)));
        Assert.Empty(KeptFiles());
    }

    [Fact]
    public void The_file_goes_when_the_machine_begins_to_swap()
    {
        var file = FileOf();
        SignerOf(file);
        file.LeaveNoneToSwap();
        Assert.Single(KeptFiles());
        TestMemory.In(_home, swaps: TestMemory.NoSwap + "/swapfile file 1024 0 -2\n");
        file.LeaveNoneToSwap();
        Assert.Empty(KeptFiles());
    }

    [Fact]
    public void A_machine_that_does_not_say_whether_it_swaps_does()
    {
        SignerOf(FileOf(TestMemory.In(_home) with { Swaps = Path.Combine(_home.FullName, "nowhere") }));
        Assert.Empty(KeptFiles());
    }

    /// <summary>/dev/shm is everybody's to write in: somebody may have been there before us.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_is_written_to_a_folder_that_others_reach(bool isLink)
    {
        SignerOf(FileOf());
        var folder = Path.GetDirectoryName(Kept())!;
        Directory.Delete(folder, recursive: true);
        var elsewhere = _home.CreateSubdirectory("elsewhere").FullName;
        if (isLink)
            Directory.CreateSymbolicLink(folder, elsewhere);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        SignerOf(FileOf());
        Assert.Empty(KeptFiles());
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
        Assert.Contains(_told, message => message.StartsWith("memory-folder-open: ", StringComparison.Ordinal));
    }

    /// <summary>What the other tests make up, the kernel says of what every Linux has.</summary>
    [Fact]
    public void The_kernel_says_what_lies_in_memory()
    {
        Assert.True(new MachineMemory("/dev/shm").TryOpen(out var directory, out var error), error?.ToString());
        Assert.True(Directory.Exists(directory));
        Assert.False(new MachineMemory("/proc").TryOpen(out _, out error));
        Assert.Equal("memory-folder-missing", error.Code);
        Assert.False(new MachineMemory("/nowhere").TryOpen(out _, out _));
    }

    private static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static void Link(string path)
    {
        File.Move(path, $"{path}-moved");
        File.CreateSymbolicLink(path, $"{path}-moved");
    }

    private static Address SignerOf(SessionKeyFile file)
    {
        using var keys = file.Open();
        return keys.Signer;
    }

    private string Kept() => Assert.Single(KeptFiles());

    private string[] KeptFiles() => Directory.GetFiles(Path.Combine(_home.FullName, "memory"), "*", SearchOption.AllDirectories);

    private SessionKeyFile FileOf(
        MachineMemory? memory = null, string account = "provider", ulong chainId = ChainId, Hash256? chain = null, JobEvidence kind = JobEvidence.Attested) => new(
        new Wallet(_rpc, TestAccount.Of(account).Key), chainId, chain ?? Chain, kind, memory ?? TestMemory.In(_home), item => _told.Enqueue(item.Message));
}
