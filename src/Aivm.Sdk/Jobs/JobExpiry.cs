namespace Aivm.Sdk;

/// <summary>When a caller has to end a job that is due, because no block does it by itself: seldom, and each try costs gas.</summary>
internal sealed class JobExpiry(TimeProvider time)
{
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    private ulong _block;
    private long _blockSeenAt = time.GetTimestamp();
    private long? _triedAt;

    /// <summary>Whether to try now; it counts as tried.</summary>
    public bool IsNow(JobStatus job, ChainHead head)
    {
        if (head.Number != _block)
            (_block, _blockSeenAt) = (head.Number, time.GetTimestamp());
        if (_triedAt is { } tried && time.GetElapsedTime(tried) < BetweenTries)
            return false;
        var isOver = head.Time > job.DueTime && head.Number >= job.DueHeight;
        if (!isOver && !(IsIdle && time.GetUtcNow().ToUnixTimeSeconds() > (long)job.DueTime))
            return false;
        _triedAt = time.GetTimestamp();
        return true;
    }

    /// <summary>The head's time says nothing where no block comes: the next one has the time of the wall clock.</summary>
    private bool IsIdle => time.GetElapsedTime(_blockSeenAt) >= IdleAfter;
}
