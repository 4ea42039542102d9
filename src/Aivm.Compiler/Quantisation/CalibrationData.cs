using Aivm.Compiler.Inputs;
using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>The samples that a compilation measures with: the integers that a caller would send, and what they mean to the ONNX model.</summary>
internal sealed class CalibrationData
{
    public const int MaxSamples = 256;

    private const int SeededSamples = 64;
    private const long MaxDrawn = 1L << 62;

    /// <summary>Most bytes of activations held at once.</summary>
    private const long MemoryBudget = 768L << 20;

    /// <summary>Values of the largest size that a node's arithmetic has in hand: what it reads, what it yields, and as many on the way.</summary>
    private const int ValuesInHand = 4;
    private const int ValuesOnTheWay = 2;

    /// <summary>Most multiply-accumulates of one pass over all samples.</summary>
    private const long WorkBudget = 1L << 33;

    private CalibrationData(IReadOnlyList<InputPort> ports, long[][] rows, bool seeded)
    {
        Ports = ports;
        Rows = rows;
        Seeded = seeded;
    }

    /// <summary>The model's inputs, in order.</summary>
    public IReadOnlyList<InputPort> Ports { get; }

    /// <summary>By sample: the integers of all inputs, one after another.</summary>
    public long[][] Rows { get; }

    /// <summary>Whether the samples were drawn, for want of given ones.</summary>
    public bool Seeded { get; }

    /// <summary>By sample: its true class, where the caller told.</summary>
    public IReadOnlyList<long>? Labels { get; private init; }

    public int Count => Rows.Length;

    /// <summary>What callers of an input may well send: up to twice what the samples hold, on both sides of zero, unless its format says less.</summary>
    public (long Low, long High) Likely(InputPort port)
    {
        if ((port.Clamp ?? port.Range) is { } range)
            return range;
        var largest = 2 * Integers(port).Max(row => row.Max(value => Math.Abs(Math.Clamp(value, -MaxDrawn / 2, MaxDrawn / 2))));
        return (-largest, largest);
    }

    /// <summary>By sample: the integers of one input. An only input's are the rows themselves.</summary>
    public long[][] Integers(InputPort port)
    {
        if (Ports.Count == 1)
            return Rows;
        var start = Ports.Take(port.Number).Sum(before => before.Node.Count);
        return [.. Rows.Select(row => row.AsSpan(start, port.Node.Count).ToArray())];
    }

    /// <summary>The same as numbers that arithmetic takes; rounded beyond 2^53.</summary>
    public double[][] Numbers(InputPort port) => [.. Integers(port).Select(row => row.Select(value => (double)value).ToArray())];

    /// <summary>By sample: what the integers of one input mean to the ONNX model.</summary>
    public double[][] Reals(InputPort port) => [.. Integers(port).Select(row => row.Select(port.Real).ToArray())];

    public static CalibrationData Take(FloatGraph graph, CompileOptions options)
    {
        var ports = InputPort.Of(graph, options);
        var room = Math.Min(options.MaxSamples, Room(graph));
        if (options.Labels is { } labels && (labels.Width != 1 || labels.Count != options.Calibration?.Count))
            throw Refusal.Calibration($"there are {labels.Count} rows of {labels.Width} labels; each calibration sample needs one");
        if (options.Calibration is not { } samples)
            return new CalibrationData(ports, [.. Enumerable.Range(0, Math.Min(SeededSamples, room)).Select(i => Draw(ports, i))], seeded: true);
        if (!samples.TrySplit([.. ports.Select(port => (port.Node.Name, port.Node.Count))], out var parts, out var fault))
            throw Refusal.Calibration(fault);
        // Spread evenly over the file, so that a sorted one is not represented by its first class.
        var count = Math.Min(samples.Count, room);
        int[] rows = [.. Spread(samples.Count, count)];
        return new CalibrationData(ports, [.. rows.Select(row => Row(ports, parts, row))], seeded: false)
        {
            Labels = options.Labels is null ? null : [.. rows.Select(row => options.Labels.Fixed(row, 0)[0])],
        };
    }

    /// <summary>So many of the samples, evenly spread.</summary>
    public CalibrationData Part(int count) => new(Ports, [.. Spread(Count, count).Select(row => Rows[row])], Seeded);

    private static IEnumerable<int> Spread(int total, int count) => Enumerable.Range(0, count).Select(i => (int)((long)i * total / count));

    /// <summary>How many samples the budgets of memory and time allow.</summary>
    private static int Room(FloatGraph graph)
    {
        var values = graph.Values();
        var largest = values.Max(node => (long)node.Count);
        // Each number in real arithmetic and in integers.
        var held = Math.Max(Work.Held(graph) + ValuesOnTheWay * largest, ValuesInHand * largest) * 2 * sizeof(double);
        return (int)Math.Clamp(Math.Min(MemoryBudget / held, WorkBudget / values.Sum(Work.OfSample)), 1, MaxSamples);
    }

    private static long[] Row(InputPort[] ports, IReadOnlyList<SampleSet> parts, int row) =>
        [.. ports.SelectMany(port => parts[port.Number].Integers(row, port.Format))];

    /// <summary>Uniform: over an index's or a byte's range, over [-1, 1] of a real ONNX input, over [-127, 127] of one of integers.</summary>
    private static long[] Draw(InputPort[] ports, int sample)
    {
        var state = (ulong)sample << 32;
        var values = new long[ports.Sum(port => port.Node.Count)];
        var at = 0;
        foreach (var port in ports)
        {
            for (var i = 0; i < port.Node.Count; i++)
            {
                var uniform = (Next(ref state) >> 11) * ExactMath.PowerOfTwo(-53);
                values[at++] = port.Format switch
                {
                    _ when port.Measured is var (low, high) => low + (long)(uniform * ((double)high - low + 1)),
                    InputFormat.U8 => (long)(uniform * 256),
                    InputFormat.Index(var count) => (long)(uniform * count),
                    _ when port.Node.Kind == ElementKind.Integer => (long)Math.Floor(uniform * 255) - 127,
                    _ => (long)Math.Clamp((2 * uniform - 1) * port.Divisor / Math.Abs(port.Scale), -MaxDrawn, MaxDrawn),
                };
            }
        }
        return values;
    }

    /// <summary>SplitMix64.</summary>
    private static ulong Next(ref ulong state)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15UL;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
            return mixed ^ (mixed >> 31);
        }
    }
}
