using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// Numbers that both sides know: constants of the graph, inputs and what entry maps make of them, outputs. Number n has the address
/// <see cref="PublicAddress.First"/> + n.
/// </summary>
internal sealed class PublicNumbers(int samples)
{
    private readonly List<(int First, long[] Numbers)> _constants = [];
    private readonly List<Derivation> _derivations = [];
    private readonly List<(int First, int Count)> _variable = [];

    /// <summary>Numbers that follow from others, sample by sample.</summary>
    private sealed record Derivation(EntryMap Map, CircuitValue Source, int First, int PerSample, long Work);

    // Of all numbers, 0 where they are no constants: made once, when all are there.
    private long[] _template = [];
    private Room? _spare;

    public int Count { get; private set; }

    /// <summary>So many at most, of all samples.</summary>
    private const int MaxCount = 1 << 24;

    /// <summary>What computing all of them takes at most, as <see cref="VerificationWork"/> counts.</summary>
    public long Work => ((long)Count * VerificationWork.Number) + (samples * _derivations.Sum(derivation => derivation.Work));

    /// <summary>A constant of the graph, alike in every sample.</summary>
    public CircuitValue AddConstant(ValueInfo info, Constant constant)
    {
        var first = Reserve(constant.Count);
        _constants.Add((first, constant.ToArray()));
        return Value(info, first, stride: 0);
    }

    /// <summary>0, 1, …: each sample's own number.</summary>
    public CircuitValue AddSampleNumbers()
    {
        var first = Reserve(samples);
        _constants.Add((first, [.. Enumerable.Range(0, samples)]));
        return Value(new ValueInfo(ElementType.S32, [1], 0, samples - 1), first, stride: 1);
    }

    /// <summary>An input or output: whoever states it fills it.</summary>
    public CircuitValue AddStated(ValueInfo info) => Value(info, ReserveVariable(info), PerSample(info));

    /// <summary>A constant's number, alike in every sample.</summary>
    public bool TryConstant(int address, out long number)
    {
        // They are in the order of their numbers.
        var (low, high, wanted) = (0, _constants.Count, address - PublicAddress.First);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _constants[middle].First <= wanted ? (middle + 1, high) : (low, middle);
        }
        var isConstant = low > 0 && wanted - _constants[low - 1].First < _constants[low - 1].Numbers.Length;
        number = isConstant ? _constants[low - 1].Numbers[wanted - _constants[low - 1].First] : 0;
        return isConstant;
    }

    /// <summary>The result of an entry map over public numbers: over constants, constants.</summary>
    /// <param name="work">Of one sample's map at most, as <see cref="VerificationWork"/> counts; null for a step for each number read or given.</param>
    public CircuitValue AddMapped(ValueInfo info, EntryMap map, CircuitValue source, long? work = null)
    {
        var read = new long[source.Addresses.Length];
        var isConstant = true;
        for (var i = 0; i < read.Length && isConstant; i++)
            isConstant = source.Strides[i] == 0 && TryConstant(source.Addresses[i], out read[i]);
        if (isConstant)
        {
            var mapped = new long[PerSample(info)];
            map(read, mapped);
            _constants.Add((Count, mapped));
            return Value(info, Reserve(mapped.Length), stride: 0);
        }
        var first = ReserveVariable(info);
        var steps = (source.Addresses.Length + (long)PerSample(info)) * VerificationWork.Step;
        _derivations.Add(new Derivation(map, source, first, PerSample(info), work ?? steps));
        return Value(info, first, PerSample(info));
    }

    /// <summary>The limbs of public numbers, which are public too.</summary>
    public CircuitValue AddLimbs(CircuitValue source)
    {
        var (info, cut) = (source.Info, LimbCut.Of(source.Info.Min, source.Info.Max));
        return CircuitValue.OfLimbs(info, [.. Enumerable.Range(0, cut.Count).Select(limb => AddMapped(
            CircuitValue.LimbInfo(info.Shape, cut, limb),
            (numbers, limbs) =>
            {
                for (var i = 0; i < limbs.Length; i++)
                    limbs[i] = cut.LimbOf(numbers[i], limb);
            },
            source))]);
    }

    private static int PerSample(ValueInfo info) => (int)info.Shape.Elements;

    /// <summary>For numbers that each statement has its own of.</summary>
    private int ReserveVariable(ValueInfo info)
    {
        var count = PerSample(info) * samples;
        _variable.Add((Count, count));
        return Reserve(count);
    }

    private int Reserve(int count)
    {
        var first = Count;
        Count = Count + (long)count <= MaxCount ? Count + count : throw CircuitLimit.TooLarge($"more than {MaxCount} public numbers");
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

    /// <summary>No number is added from here on.</summary>
    public void Complete()
    {
        _template = new long[Count];
        foreach (var (first, constants) in _constants)
            constants.CopyTo(_template, first);
        _spare = NewRoom();
    }

    private Room NewRoom() => new((long[])_template.Clone(), Array.ConvertAll(_template, Felt.From));

    /// <summary>All numbers, given those that are stated.</summary>
    /// <param name="stated">What <see cref="AddStated"/> gave, each with its numbers, sample after sample.</param>
    public Room Compute(IEnumerable<(CircuitValue Value, ReadOnlyMemory<long> Numbers)> stated)
    {
        var room = Interlocked.Exchange(ref _spare, null) ?? NewRoom();
        // Whatever the last statement left: a map may rely on zeros.
        foreach (var (first, count) in _variable)
            room.Integers.AsSpan(first, count).Clear();
        foreach (var (value, given) in stated)
            given.Span.CopyTo(room.Integers.AsSpan(value.Addresses[0] - PublicAddress.First));
        foreach (var derivation in _derivations)
            for (var sample = 0; sample < samples; sample++)
                Derive(derivation, sample, room.Integers);
        foreach (var (first, count) in _variable)
            for (var i = first; i < first + count; i++)
                room.Elements[i] = Felt.From(room.Integers[i]);
        return room;
    }

    /// <summary>Takes back numbers that nobody reads any more. Most are constants, which the next statement finds in their places.</summary>
    public void Keep(Room room) => _spare = room;

    /// <summary>All numbers of one statement, as they are and in the field.</summary>
    public sealed record Room(long[] Integers, Felt[] Elements);

    private static void Derive(Derivation derivation, int sample, long[] numbers)
    {
        var (map, source, first, perSample, _) = derivation;
        var read = new long[source.Addresses.Length];
        for (var i = 0; i < read.Length; i++)
            read[i] = numbers[source.Addresses[i] + (sample * source.Strides[i]) - PublicAddress.First];
        map(read, numbers.AsSpan(first + (sample * perSample), perSample));
    }
}
