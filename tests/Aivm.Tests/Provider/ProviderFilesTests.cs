using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Tests.Provider;

public sealed class ProviderFilesTests : IDisposable
{
    private static readonly Hash256 Chain = Keccak.Hash("chain"u8);

    private static readonly JobStatus Job = new(
        1, Address.Zero, JobState.Accepted, JobEvidence.Staked, JobInputKind.Public, JobEnd.None, Address.Zero, Address.Zero, default, default, 0, 0, 0,
        Keccak.Hash("input"u8), default, default);

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("aivm-provider-files-");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void An_answer_is_kept_for_the_very_job_that_it_answers()
    {
        Open().WriteAnswer(Job, [1], [2]);
        var kept = Open().TryReadAnswer(Job);
        Assert.Equal([1], kept!.Value.Output);
        Assert.Equal([2], kept.Value.Evidence);
        Assert.Null(Open().TryReadAnswer(Job with { Job = 2 }));
        Assert.Null(Open().TryReadAnswer(Job with { InputCommitment = Keccak.Hash("another"u8) }));
        Assert.Null(Open().TryReadAnswer(Job with { Model = SomeAccount }));
        Assert.Null(Open().TryReadAnswer(Job with { Evidence = JobEvidence.Proved }));
        Open().Forget(Job.Job);
        Assert.Null(Open().TryReadAnswer(Job));
    }

    /// <summary>Jobs of another chain have the same numbers: an answer of there would be a wrong one here, and cost stake.</summary>
    [Fact]
    public void A_directory_brings_nothing_of_another_chain()
    {
        var other = new ProviderFiles(_home.FullName, long.MaxValue, Keccak.Hash("another chain"u8));
        other.WriteAnswer(Job, [1], [2]);
        other.FirstBlock = 1_000_000;
        Assert.Null(Open().TryReadAnswer(Job));
        Assert.Equal(0ul, Open().FirstBlock);
    }

    [Fact]
    public void What_a_crash_left_half_written_goes_when_the_next_one_starts()
    {
        Open().FirstBlock = 7;
        var leftover = Path.Combine(_home.FullName, "models", "x.tmp");
        File.WriteAllBytes(leftover, new byte[100]);
        Assert.Equal(7ul, Open().FirstBlock);
        using (Open().Lock())
            Assert.False(File.Exists(leftover));
    }

    [Fact]
    public void A_directory_that_is_full_or_a_file_is_named()
    {
        var full = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        full.MakeRoom(1000).Dispose();
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => full.MakeRoom(1001)).Error.Code);
        var file = Path.Combine(_home.FullName, "file");
        File.WriteAllBytes(file, []);
        Assert.Equal("provider-directory", Assert.Throws<AivmException>(() => new ProviderFiles(file, 1, Chain)).Error.Code);
    }

    [Fact]
    public void Models_that_no_job_needs_make_room_the_one_used_longest_ago_first()
    {
        var files = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        var (needed, old, young) = (Keep(files, "needed", daysAgo: 3), Keep(files, "old", daysAgo: 2), Keep(files, "young", daysAgo: 1));
        files.Need(job: 1, needed);
        files.MakeRoom(100).Dispose();
        Assert.All([needed, old, young], hash => Assert.NotNull(files.TryReadModel(hash)));
        files.MakeRoom(101).Dispose();
        Assert.Null(files.TryReadModel(old));
        Assert.All([needed, young], hash => Assert.NotNull(files.TryReadModel(hash)));

        // Nothing goes where it would not be enough.
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => files.MakeRoom(701)).Error.Code);
        Assert.NotNull(files.TryReadModel(young));
        files.MakeRoom(700).Dispose();
        Assert.Null(files.TryReadModel(young));
        files.Forget(1);
        files.MakeRoom(701).Dispose();
        Assert.Null(files.TryReadModel(needed));
    }

    [Fact]
    public void A_model_that_a_job_used_again_is_not_the_oldest_any_more()
    {
        var files = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        var (used, unused) = (Keep(files, "used", daysAgo: 2), Keep(files, "unused", daysAgo: 1));
        files.Need(job: 1, used);
        files.Forget(1);
        files.MakeRoom(500).Dispose();
        Assert.Null(files.TryReadModel(unused));
        Assert.NotNull(files.TryReadModel(used));
    }

    [Fact]
    public void What_came_of_a_model_before_takes_no_room_twice_and_goes_when_nobody_needs_it()
    {
        var files = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        var (coming, broken) = (ContentDigest.Of("coming"u8), ContentDigest.Of("broken"u8));
        foreach (var digest in (ContentDigest[])[coming, broken])
            File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(files.ModelFile(digest))!, $".{digest.Hex}.part"), new byte[400]);
        files.Need(job: 1, coming);
        files.MakeRoom(coming, 600).Dispose();
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(_home.FullName, "models")).Length);
        files.MakeRoom(coming, 1000).Dispose();
        Assert.Equal(coming.Hex, Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_home.FullName, "models")))));
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => files.MakeRoom(coming, 1001)).Error.Code);
    }

    /// <summary>Nor one for another chain: they share the models.</summary>
    [Fact]
    public void A_second_daemon_in_one_directory_does_not_start_and_takes_nothing_from_the_first()
    {
        var first = Open();
        using (first.Lock())
        {
            var coming = Path.Combine(_home.FullName, "models", "x.tmp");
            File.WriteAllBytes(coming, new byte[100]);
            File.WriteAllBytes(first.InputFile(job: 1), new byte[100]);
            Assert.Equal("provider-running", Assert.Throws<AivmException>(() => Open().Lock()).Error.Code);
            var other = new ProviderFiles(_home.FullName, long.MaxValue, Keccak.Hash("another chain"u8));
            Assert.Equal("provider-running", Assert.Throws<AivmException>(() => other.Lock()).Error.Code);
            Assert.True(File.Exists(coming));
            Assert.True(File.Exists(first.InputFile(job: 1)));
        }
        Open().Lock().Dispose();
        Assert.True(File.Exists(first.InputFile(job: 1)));
    }

    [Fact]
    public void Two_that_come_at_once_do_not_count_on_the_same_room()
    {
        var files = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        var first = files.MakeRoomForInput(job: 1, 600);
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => files.MakeRoomForInput(job: 2, 600)).Error.Code);
        // What has come of it is not counted twice.
        File.WriteAllBytes(files.InputFile(job: 1), new byte[500]);
        files.MakeRoomForInput(job: 2, 400).Dispose();
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => files.MakeRoomForInput(job: 2, 401)).Error.Code);
        first.Dispose();
        files.MakeRoomForInput(job: 2, 500).Dispose();
    }

    [Fact]
    public void What_came_of_an_input_goes_with_its_job()
    {
        var files = Open();
        var directory = Path.GetDirectoryName(files.InputFile(job: 1))!;
        File.WriteAllBytes(Path.Combine(directory, $".{ContentDigest.Of("x"u8).Hex}.part"), new byte[100]);
        files.Forget(1);
        Assert.False(Directory.Exists(directory));
    }

    /// <summary>An answer is submitted whether it was kept or not.</summary>
    [Fact]
    public void An_answer_that_the_disk_has_no_room_for_is_not_kept()
    {
        var files = new ProviderFiles(_home.FullName, diskBytes: 100, Chain);
        files.WriteAnswer(Job, [1], [2]);
        Assert.Null(files.TryReadAnswer(Job));
    }

    /// <summary>A model of 300 bytes.</summary>
    private Hash256 Keep(ProviderFiles files, string name, int daysAgo)
    {
        byte[] container = [.. System.Text.Encoding.ASCII.GetBytes(name.PadRight(300))];
        var hash = Keccak.Hash(container);
        files.WriteModel(hash, container);
        File.SetLastWriteTimeUtc(Path.Combine(_home.FullName, "models", $"{hash}"), DateTime.UtcNow.AddDays(-daysAgo));
        return hash;
    }

    private static Address SomeAccount => Address.Parse("0x00000000000000000000000000000000000000aa");

    private ProviderFiles Open() => new(_home.FullName, long.MaxValue, Chain);
}
