namespace Aivm.Tests.Consensus;

/// <summary>A clock that moves when a test moves it.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = now;
    private long _elapsed;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _elapsed);

    /// <summary>Sets the wall clock, backwards if need be; timers do not notice.</summary>
    public void SetWallClock(DateTimeOffset now)
    {
        lock (_lock)
            _now = now;
    }

    /// <summary>Lets time pass: due timers fire on this thread.</summary>
    public void Pass(TimeSpan time)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += time;
            Interlocked.Add(ref _elapsed, time.Ticks);
            due = [.. _timers.Where(timer => timer.IsDue(_elapsed))];
        }
        foreach (var timer in due)
            timer.Fire(_elapsed);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_lock)
            _timers.Add(timer);
        return timer;
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        private long? _due;
        private TimeSpan _period;

        public bool IsDue(long elapsed) => _due <= elapsed;

        public void Fire(long elapsed)
        {
            _due = _period > TimeSpan.Zero ? elapsed + _period.Ticks : null;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? null : owner.GetTimestamp() + dueTime.Ticks;
            _period = period;
            return true;
        }

        public void Dispose()
        {
            lock (owner._lock)
                owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
