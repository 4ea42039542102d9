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
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public void A_directory_that_is_full_or_a_file_is_named()
    {
        var full = new ProviderFiles(_home.FullName, diskBytes: 1000, Chain);
        full.RequireRoom(1000);
        Assert.Equal("disk-full", Assert.Throws<JobRefusal>(() => full.RequireRoom(1001)).Error.Code);
        var file = Path.Combine(_home.FullName, "file");
        File.WriteAllBytes(file, []);
        Assert.Equal("provider-directory", Assert.Throws<AivmException>(() => new ProviderFiles(file, 1, Chain)).Error.Code);
    }

    [Fact]
    public void A_second_daemon_in_one_directory_does_not_start()
    {
        using (Open().Lock())
            Assert.Equal("provider-running", Assert.Throws<AivmException>(() => Open().Lock()).Error.Code);
        Open().Lock().Dispose();
    }

    private static Address SomeAccount => Address.Parse("0x00000000000000000000000000000000000000aa");

    private ProviderFiles Open() => new(_home.FullName, long.MaxValue, Chain);
}
