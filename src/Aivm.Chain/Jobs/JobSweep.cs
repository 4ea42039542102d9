using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>
/// The end of a block: jobs whose time is over, in the order of their times and then of their numbers, as many as a block may look at. It runs no code
/// of anybody and costs nobody gas: the transactions that set the timers paid for it.
/// </summary>
internal static class JobSweep
{
    /// <returns>What it announces.</returns>
    public static IReadOnlyList<LogEntry> Run(WorldState state, BlockContext block, ModelCache models)
    {
        var context = new TransactionContext(state, block, models, Address.Zero, UInt256.Zero);
        var frame = new CallFrame
        {
            Kind = CallKind.Call,
            Caller = Address.Zero,
            Account = SystemContracts.Jobs,
            Callee = SystemContracts.Jobs,
            Gas = ulong.MaxValue,
        };
        Run(new NativeCall(context, frame, SystemContracts.Jobs));
        state.EndTransaction();
        return context.Logs;
    }

    private static void Run(NativeCall call)
    {
        var timers = JobsStorage.Timers(call);
        for (var looked = 0; looked < JobsParameters.SweptPerBlock && timers.TryPeek(out var timer) && timer.Time < call.Block.Time; looked++)
        {
            timers.Pop();
            var slots = JobsStorage.Job(call, timer.Job);
            var head = slots.Head;
            var due = slots.Due;
            if (head.State == JobState.Ended || due.Time > timer.Time)
                continue;
            if (due.HasPassed(call.Block))
                ExpireJob.Apply(call, timer.Job, slots, head);
            else
                timers.Push(timer with { Time = call.Block.Time });
        }
    }
}
