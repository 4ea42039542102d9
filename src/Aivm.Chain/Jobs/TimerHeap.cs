using Aivm.Primitives;
using static Aivm.Chain.ContractStorage;

namespace Aivm.Chain;

/// <summary>When to look at a job again (Unix seconds).</summary>
internal readonly record struct JobTimer(ulong Time, ulong Job);

/// <summary>
/// A binary heap of timers in an array of words, the earliest first, then the lowest job. A timer is never taken out before its time: one whose job has
/// moved on is dropped when it comes up. Each push is paid for by who makes it.
/// </summary>
internal readonly struct TimerHeap(NativeCall call, UInt256 array)
{
    public ulong Count => (ulong)call.Read(array);

    public bool TryPeek(out JobTimer earliest)
    {
        var any = Count > 0;
        earliest = any ? ToTimer(call.Read(Start)) : default;
        return any;
    }

    public void Push(JobTimer timer)
    {
        var start = Start;
        var count = Count;
        call.Write(array, count + 1);
        var word = ((UInt256)timer.Time << 64) | (UInt256)timer.Job;
        var place = count;
        while (place > 0)
        {
            var above = (place - 1) / 2;
            var parent = call.Read(start + above);
            if (parent <= word)
                break;
            call.Write(start + place, parent);
            place = above;
        }
        call.Write(start + place, word);
    }

    /// <summary>Takes the earliest out; there is one.</summary>
    public void Pop()
    {
        var start = Start;
        var last = Count - 1;
        var word = call.Read(start + last);
        call.Write(start + last, UInt256.Zero);
        call.Write(array, last);
        if (last == 0)
            return;
        var place = 0UL;
        while ((2 * place) + 1 < last)
        {
            var below = (2 * place) + 1;
            var child = call.Read(start + below);
            if (below + 1 < last && call.Read(start + (below + 1)) is var right && right < child)
                (below, child) = (below + 1, right);
            if (word <= child)
                break;
            call.Write(start + place, child);
            place = below;
        }
        call.Write(start + place, word);
    }

    private UInt256 Start => ArrayStart(call, array);

    private static JobTimer ToTimer(UInt256 word) => new(Bits(word, 64, 64), Bits(word, 0, 64));
}
