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

    /// <summary>Most multiply-accumulates of one pass over all samples.</summary>
    private const long WorkBudget = 1L << 33;

    private CalibrationData(long[][] integers, double[][] reals, bool seeded)
    {
        Integers = integers;
        Reals = reals;
        Seeded = seeded;
    }

    public long[][] Integers { get; }

    public double[][] Reals { get; }

    /// <summary>Whether the samples were drawn, for want of given ones.</summary>
    public bool Seeded { get; }

    public int Count => Integers.Length;

    /// <summary>What callers may well send: up to twice what the samples hold, on both sides of zero.</summary>
    public (long Low, long High) Likely
    {
        get
        {
            var largest = 2 * Integers.Max(row => row.Max(value => Math.Abs(Math.Clamp(value, -MaxDrawn / 2, MaxDrawn / 2))));
            return (-largest, largest);
        }
    }

    public static CalibrationData Take(FloatGraph graph, CompileOptions options, bool allowsMissing)
    {
        var input = graph.Input;
        var room = Room(graph);
        if (options.Calibration is not { } samples)
            return Of([.. Enumerable.Range(0, Math.Min(SeededSamples, room)).Select(i => Draw(input.Count, options, i))], options, seeded: true);
        if (samples.Width != input.Count)
            throw Refusal.Calibration($"a sample has {samples.Width} values, the input '{input.Name}' {Shapes.Text(input.Shape)} wants {input.Count}");
        // Spread evenly over the file, so that a sorted one is not represented by its first class.
        var count = Math.Min(samples.Count, room);
        var rows = Enumerable.Range(0, count).Select(i => (int)((long)i * samples.Count / count));
        return Of([.. rows.Select(row => Row(samples, row, options, allowsMissing))], options, seeded: false);
    }

    /// <summary>How many samples the budgets of memory and time allow.</summary>
    private static int Room(FloatGraph graph)
    {
        var nodes = graph.Order();
        var largest = nodes.Max(node => (long)node.Count);
        var work = Math.Max(1, nodes.Sum(Work.Of));
        return (int)Math.Clamp(Math.Min(MemoryBudget / (largest * sizeof(double) * 8), WorkBudget / work), 1, MaxSamples);
    }

    private static CalibrationData Of(long[][] integers, CompileOptions options, bool seeded)
    {
        var unit = options.Scale / Decimals(options.Input);
        var divisor = Decimals(options.Input);
        double[][] reals = [.. integers.Select(row => row.Select(value =>
            value == ElementTypes.MissingInput ? double.NaN : options.Scale == 1 ? value / divisor : value * unit).ToArray())];
        return new CalibrationData(integers, reals, seeded);
    }

    private static long[] Row(SampleSet samples, int row, CompileOptions options, bool allowsMissing) => options.Input switch
    {
        InputFormat.Fixed(var decimals, _) => samples.Fixed(row, decimals, allowsMissing ? ElementTypes.MissingInput : null),
        _ => samples.Bytes(row),
    };

    /// <summary>Uniform over 0 to 255 for bytes, over [-1, 1] of the ONNX input otherwise.</summary>
    private static long[] Draw(int count, CompileOptions options, int sample)
    {
        var state = (ulong)sample << 32;
        var values = new long[count];
        for (var i = 0; i < count; i++)
        {
            var uniform = (Next(ref state) >> 11) * ExactMath.PowerOfTwo(-53);
            values[i] = options.Input is InputFormat.U8
                ? (long)(uniform * 256)
                : (long)Math.Clamp((2 * uniform - 1) * Decimals(options.Input) / Math.Abs(options.Scale), -MaxDrawn, MaxDrawn);
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

    /// <summary>10^decimals: what a caller's integer is divided by. Exact up to 10^22.</summary>
    public static double Decimals(InputFormat format)
    {
        var power = 1.0;
        for (var i = 0; i < (format as InputFormat.Fixed)?.Decimals; i++)
            power *= 10;
        return power;
    }
}
