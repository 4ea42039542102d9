using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Aivm.Fuzz;

/// <summary>How often each outcome was seen.</summary>
public sealed class Tally
{
    private readonly ConcurrentDictionary<string, StrongBox<long>> _counts = new(StringComparer.Ordinal);

    public void Add(string code) => Interlocked.Increment(ref _counts.GetOrAdd(code, _ => new StrongBox<long>()).Value);

    public long Total => _counts.Values.Sum(box => Interlocked.Read(ref box.Value));

    public long Of(string code) => _counts.TryGetValue(code, out var box) ? Interlocked.Read(ref box.Value) : 0;

    /// <summary>Most frequent first.</summary>
    public IReadOnlyList<(string Code, long Count)> Sorted() =>
        [.. _counts.Select(pair => (pair.Key, Interlocked.Read(ref pair.Value.Value))).OrderByDescending(pair => pair.Item2).ThenBy(pair => pair.Key, StringComparer.Ordinal)];
}
