using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Aivm.Fuzz;

/// <summary>Is told which input is on offer.</summary>
public interface IWatch
{
    void Begin(int worker, long index);

    void End(int worker);
}

/// <summary>Looks at nothing.</summary>
public sealed class NoWatch : IWatch
{
    public void Begin(int worker, long index)
    {
    }

    public void End(int worker)
    {
    }
}

/// <summary>
/// Ends the process with the input's number when one takes too long, and writes the number of each to a file before it is offered:
/// what ends the process at once, such as a wild pointer or a stack that overflows, is found there.
/// </summary>
public sealed class Watchdog : IWatch, IDisposable
{
    private const long Idle = -1;

    private readonly string _path;
    private readonly TimeSpan _limit;
    private readonly long[] _started;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _journal;
    private readonly Timer _timer;

    public Watchdog(string path, int workers, TimeSpan limit)
    {
        (_path, _limit) = (path, limit);
        _started = [.. Enumerable.Repeat(Idle, workers)];
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, 8L * workers);
        _journal = _file.CreateViewAccessor();
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Begin(int worker, long index)
    {
        _journal.Write(8L * worker, index);
        Volatile.Write(ref _started[worker], Stopwatch.GetTimestamp());
    }

    public void End(int worker) => Volatile.Write(ref _started[worker], Idle);

    /// <summary>The numbers that a process which died had on offer.</summary>
    public static long[] Journal(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return [.. Enumerable.Range(0, bytes.Length / 8).Select(i => BitConverter.ToInt64(bytes, 8 * i))];
    }

    private void Look()
    {
        for (var worker = 0; worker < _started.Length; worker++)
        {
            var started = Volatile.Read(ref _started[worker]);
            if (started != Idle && Stopwatch.GetElapsedTime(started) > _limit)
                Environment.FailFast($"input {_journal.ReadInt64(8L * worker)} takes more than {_limit.TotalSeconds} s");
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _journal.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
