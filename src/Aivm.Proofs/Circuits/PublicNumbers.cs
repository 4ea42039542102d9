using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Numbers that both sides know: constants of the graph, inputs and what entry maps make of them, outputs. Number n has the address
/// <see cref="PublicAddress.First"/> + n.
/// </summary>
internal sealed class PublicNumbers(int samples)
{
    private readonly List<(int First, long[] Numbers)> _constants = [];
    private readonly List<EntryMap> _maps = [];

    /// <summary>An entry map of the graph, and what it reads and writes.</summary>
    private sealed record EntryMap(GraphNode Node, CircuitValue Source, int First, int PerSample);

    public int Count { get; private set; }

    /// <summary>A constant of the graph, alike in every sample.</summary>
    public CircuitValue AddConstant(ValueInfo info, Constant constant)
    {
        var first = Reserve(constant.Count);
        _constants.Add((first, constant.ToArray()));
        return Value(info, first, stride: 0);
    }

    /// <summary>An input or output: whoever states it fills it.</summary>
    public CircuitValue AddStated(ValueInfo info) => Value(info, Reserve(PerSample(info) * samples), PerSample(info));

    /// <summary>The result of an entry map over public numbers.</summary>
    public CircuitValue AddMapped(ValueInfo info, GraphNode node, CircuitValue source)
    {
        var first = Reserve(PerSample(info) * samples);
        _maps.Add(new EntryMap(node, source, first, PerSample(info)));
        return Value(info, first, PerSample(info));
    }

    private static int PerSample(ValueInfo info) => (int)info.Shape.Elements;

    private int Reserve(int count)
    {
        var first = Count;
        Count = checked(Count + count);
        return first;
    }

    private static CircuitValue Value(ValueInfo info, int first, int stride)
    {
        var (addresses, strides) = (new int[PerSample(info)], new int[PerSample(info)]);
        for (var i = 0; i < addresses.Length; i++)
            addresses[i] = PublicAddress.First + first + i;
        Array.Fill(strides, stride);
        return new CircuitValue(info, addresses, strides);
    }

    /// <summary>All numbers, given those that are stated.</summary>
    /// <param name="stated">What <see cref="AddStated"/> gave, each with its numbers, sample after sample.</param>
    public long[] Compute(IEnumerable<(CircuitValue Value, ReadOnlyMemory<long> Numbers)> stated)
    {
        var numbers = new long[Count];
        foreach (var (first, constants) in _constants)
            constants.CopyTo(numbers, first);
        foreach (var (value, given) in stated)
            given.Span.CopyTo(numbers.AsSpan(value.Addresses[0] - PublicAddress.First));
        foreach (var map in _maps)
            for (var i = 0; i < map.PerSample * samples; i++)
            {
                var (sample, element) = (i / map.PerSample, i % map.PerSample);
                var source = map.Source.Addresses[element] + (sample * map.Source.Strides[element]) - PublicAddress.First;
                numbers[map.First + i] = Apply(map.Node, numbers[source], element);
            }
        return numbers;
    }

    private static long Apply(GraphNode node, long x, int element) => node switch
    {
        QuantiseNode quantise => quantise.Map(x, element % quantise.Multipliers.Count),
        ClampNode clamp => Math.Clamp(x, clamp.Low, clamp.High),
        _ => throw new InvalidOperationException($"{node.Operator} is no entry map."),
    };
}
