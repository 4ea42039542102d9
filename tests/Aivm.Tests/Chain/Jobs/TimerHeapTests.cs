using Aivm.Chain;
using Aivm.State;
using CsCheck;

namespace Aivm.Tests.Chain.Jobs;

public class TimerHeapTests
{
    /// <summary>A timer to push; null takes the earliest out.</summary>
    private static readonly Gen<JobTimer?> Steps = Gen.Select(
        Gen.Int[0, 2], Gen.OneOf(Gen.ULong[0, 9], Gen.ULong), Gen.OneOf(Gen.ULong[1, 9], Gen.ULong),
        (kind, time, job) => kind == 0 ? (JobTimer?)null : new JobTimer(time, job));

    [Fact]
    public void Timers_come_out_by_time_and_then_by_job_however_they_went_in() =>
        Steps.Array[0, 60].Sample(steps =>
        {
            using var store = new MemoryStore();
            var heap = NewHeap(store);
            List<JobTimer> sorted = [];
            foreach (var step in steps)
            {
                if (step is { } timer)
                {
                    heap.Push(timer);
                    sorted.Add(timer);
                }
                else if (sorted.Count > 0)
                {
                    Take(heap, sorted);
                }
            }
            while (sorted.Count > 0)
                Take(heap, sorted);
            Assert.False(heap.TryPeek(out _));
        }, iter: 300);

    private static void Take(TimerHeap heap, List<JobTimer> sorted)
    {
        var expected = sorted.MinBy(timer => (timer.Time, timer.Job));
        Assert.Equal((ulong)sorted.Count, heap.Count);
        Assert.True(heap.TryPeek(out var earliest));
        Assert.Equal(expected, earliest);
        heap.Pop();
        sorted.Remove(expected);
    }

    private static TimerHeap NewHeap(MemoryStore store)
    {
        var block = new BlockContext(TestChain.DefaultGenesis, 1, 1, default, default, 1, default);
        var state = new WorldState(new StateDatabase(store), MerklePatriciaTrie.EmptyRoot);
        var context = new TransactionContext(state, block, new ModelCache(), default, default);
        var frame = new CallFrame
        {
            Kind = CallKind.Call,
            Caller = default,
            Account = SystemContracts.Jobs,
            Callee = SystemContracts.Jobs,
            Gas = ulong.MaxValue,
        };
        return new TimerHeap(new NativeCall(context, frame, SystemContracts.Jobs), 2);
    }
}
