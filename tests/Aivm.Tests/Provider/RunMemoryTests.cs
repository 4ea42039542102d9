using Aivm.Primitives;
using Aivm.Provider;

namespace Aivm.Tests.Provider;

public sealed class RunMemoryTests
{
    [Fact]
    public void A_model_runs_once_for_a_job_that_is_looked_at_and_answered()
    {
        var (memory, model) = (new RunMemory(capacity: 2), new CountingModel());
        Assert.Equal([7, 1], memory.Run(1, model, [7], TestContext.Current.CancellationToken));
        Assert.Equal([7, 1], memory.Run(1, model, [7], TestContext.Current.CancellationToken));
        Assert.Equal(1, model.Runs);
    }

    [Fact]
    public void A_third_answer_is_computed_anew()
    {
        var (memory, model) = (new RunMemory(capacity: 2), new CountingModel());
        memory.Run(1, model, [7], TestContext.Current.CancellationToken);
        memory.Run(1, model, [7], TestContext.Current.CancellationToken);
        Assert.Equal([7, 2], memory.Run(1, model, [7], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Whoever_clears_what_he_was_given_changes_no_answer()
    {
        var (memory, model) = (new RunMemory(capacity: 2), new CountingModel());
        Array.Clear(memory.Run(1, model, [7], TestContext.Current.CancellationToken));
        Assert.Equal([7, 1], memory.Run(1, model, [7], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Jobs_do_not_mix_and_the_oldest_is_run_again_when_there_are_too_many()
    {
        var (memory, model) = (new RunMemory(capacity: 2), new CountingModel());
        for (byte job = 1; job <= 3; job++)
            memory.Run(job, model, [job], TestContext.Current.CancellationToken);
        Assert.Equal([3, 3], memory.Run(3, model, [3], TestContext.Current.CancellationToken));
        Assert.Equal([2, 2], memory.Run(2, model, [2], TestContext.Current.CancellationToken));
        Assert.Equal([1, 4], memory.Run(1, model, [1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_the_model_refuses_is_not_kept()
    {
        var (memory, model) = (new RunMemory(capacity: 2), new CountingModel());
        Assert.Throws<JobRefusal>(() => memory.Run(1, model, [], TestContext.Current.CancellationToken));
        Assert.Throws<JobRefusal>(() => memory.Run(1, model, [], TestContext.Current.CancellationToken));
    }

    /// <summary>Gives its input, and how often it ran.</summary>
    private sealed class CountingModel : IRunnable
    {
        public int Runs { get; private set; }

        public Hash256 Hash => default;

        public int OutputCount => 2;

        public long ResidentMemory => 0;

        public long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation) => input.IsEmpty ? throw new JobRefusal("input", "empty") : [input[0], ++Runs];
    }
}
