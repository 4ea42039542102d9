using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>What is known of a value before a run: its type, shape and an interval that holds every element.</summary>
public readonly record struct ValueInfo(ElementType Type, Shape Shape, long Min, long Max)
{
    /// <summary>The largest magnitude, saturated at <see cref="long.MaxValue"/>.</summary>
    public long Magnitude => Math.Max(Max == long.MinValue ? long.MaxValue : Math.Abs(Max), Min == long.MinValue ? long.MaxValue : Math.Abs(Min));
}

/// <summary>The validator: a graph that passed it runs without a fault on every input.</summary>
public sealed class GraphAnalysis
{
    /// <summary>Every linear accumulator stays below this: sum|w| * max|x| + |b| + 2^(S-1), times 2^(S - s) of the channel.</summary>
    public const long AccumulatorBound = 1L << 29;

    /// <summary>Every s64 accumulator stays below this.</summary>
    public const long WideBound = 1L << 62;

    private GraphAnalysis(ImmutableArray<ValueInfo> values) => Values = values;

    /// <summary>By value number.</summary>
    public ImmutableArray<ValueInfo> Values { get; }

    public static bool TryAnalyse(Graph graph, out GraphAnalysis analysis, out Error error) => throw new NotImplementedException();
}
