using System.Diagnostics;

namespace Aivm.Fuzz;

/// <summary>
/// Offers inputs to a target, numbered from 0. Input i of a seed is the same on every machine and with any number of workers: inputs come in
/// blocks, and each block starts with the target's seeds and keeps for its own length what reached something new.
/// </summary>
public sealed class Campaign(FuzzTarget target, int seed)
{
    public const int BlockLength = 16384;

    private const int MaxFailures = 20;

    private readonly Tally _tally = new();
    private readonly List<FuzzFailure> _failures = [];
    private long _nextBlock;
    private SlowInput _slowest = new(0, TimeSpan.Zero);

    public FuzzTarget Target { get; } = target;

    public Tally Tally => _tally;

    /// <summary>One for each place at which something failed.</summary>
    public IReadOnlyList<FuzzFailure> Failures
    {
        get
        {
            lock (_failures)
                return [.. _failures];
        }
    }

    /// <summary>The input that took the longest on the clock: on a busy machine also one that had to wait.</summary>
    public SlowInput Slowest => Volatile.Read(ref _slowest);

    /// <summary>Runs inputs 0 to count - 1 on as many threads.</summary>
    public void Run(long count, int workers, IWatch watch)
    {
        var threads = Enumerable.Range(0, workers).Select(worker => new Thread(() => Work(count, worker, watch), 16 << 20)).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
    }

    /// <summary>The bytes of one input: its block is run up to it, because that is what it grew from.</summary>
    public byte[] Input(long index, IWatch watch)
    {
        byte[] found = [];
        RunBlock(index / BlockLength * BlockLength, index + 1, 0, watch, input => found = input);
        return found;
    }

    private void Work(long count, int worker, IWatch watch)
    {
        while (true)
        {
            var first = (Interlocked.Increment(ref _nextBlock) - 1) * BlockLength;
            if (first >= count || _failures.Count >= MaxFailures)
                return;
            RunBlock(first, Math.Min(count, first + BlockLength), worker, watch, seen: null);
        }
    }

    /// <param name="seen">Is given each input before it is offered.</param>
    private void RunBlock(long first, long end, int worker, IWatch watch, Action<byte[]>? seen)
    {
        var corpus = new Corpus(Target.Seeds);
        for (var index = first; index < end; index++)
        {
            var random = new Random(Mix(index));
            var input = Target.Mutate(corpus.Pick(random), corpus.Pick(random), random);
            seen?.Invoke(input);
            watch.Begin(worker, index);
            var started = Stopwatch.GetTimestamp();
            var outcome = Offer(input, index, random);
            watch.End(worker);
            if (Stopwatch.GetElapsedTime(started) is var time && time > Slowest.Time)
                Volatile.Write(ref _slowest, new SlowInput(index, time));
            _tally.Add(outcome.Code);
            corpus.Offer(input, outcome.Signature);
        }
    }

    private Outcome Offer(byte[] input, long index, Random random)
    {
        try
        {
            return Target.Check(input, random);
        }
        catch (Exception exception)
        {
            Record(new FuzzFailure(Target.Name, seed, index, input, exception));
            return new Outcome("failed", 0);
        }
    }

    private void Record(FuzzFailure failure)
    {
        lock (_failures)
        {
            if (_failures.Count < MaxFailures && _failures.All(known => known.Place != failure.Place))
                _failures.Add(failure);
        }
    }

    /// <summary>SplitMix64 of the seed and the number.</summary>
    private int Mix(long index)
    {
        unchecked
        {
            var mixed = ((ulong)index + ((ulong)(uint)seed << 40)) * 0x9E3779B97F4A7C15UL;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
            return (int)((mixed ^ (mixed >> 31)) & int.MaxValue);
        }
    }
}

/// <summary>How long an input took.</summary>
public sealed record SlowInput(long Index, TimeSpan Time);

/// <summary>What failed, and what brings it back.</summary>
public sealed record FuzzFailure(string Target, int Seed, long Index, byte[] Input, Exception Exception)
{
    /// <summary>The exception and the innermost lines of its trace: equal ones are reported once.</summary>
    public string Place { get; } = $"{Exception.GetType().Name} {string.Join('\n', new StackTrace(Exception).ToString().Split('\n').Take(3))}";

    public string Command => $"dotnet run -c Release --project tests/Aivm.Fuzz -- {Target} --seed {Seed} --only {Index}";
}

/// <summary>Inputs that new ones grow from: the seeds, and what reached something that none before it did.</summary>
internal sealed class Corpus(IReadOnlyList<byte[]> seeds)
{
    private const int MaxKept = 512;
    private const int MaxLength = 1 << 14;

    private readonly List<byte[]> _kept = [];
    private readonly HashSet<ulong> _signatures = [];

    public byte[] Pick(Random random) =>
        _kept.Count > 0 && random.Next(3) == 0 ? _kept[random.Next(_kept.Count)] : seeds[random.Next(seeds.Count)];

    public void Offer(byte[] input, ulong signature)
    {
        if (_signatures.Add(signature) && _kept.Count < MaxKept && input.Length <= MaxLength)
            _kept.Add(input);
    }
}
