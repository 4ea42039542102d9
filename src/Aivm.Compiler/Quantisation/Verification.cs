using System.Globalization;
using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>Runs the compiled model on the calibration samples and compares it with real arithmetic.</summary>
internal static class Verification
{
    public static CalibrationReport Run(Model model, Lowered lowered, CalibrationData samples)
    {
        var (graph, reference) = (lowered.Graph, lowered.Reference);
        var results = Lowering.EachSample(samples.Rows, row => RunOne(model, row));
        var errors = new List<OutputError>();
        Decisions? decisions = null;
        var start = 0;
        for (var o = 0; o < graph.Outputs.Length; o++)
        {
            var output = graph.Outputs[o];
            var count = reference[o][0].Length;
            var integers = results.Select(row => row.AsSpan(start, count).ToArray()).ToArray();
            start += count;
            if (output.Kind == OutputKind.Label)
                decisions ??= new Decisions(output, integers, [.. reference[o].Select(row => row.Select(label => (long)label).ToArray())]);
            else
                errors.Add(Error(output, integers, reference[o]));
        }
        // Scores of classes, unless the model gives back what it was given, as an autoencoder does.
        if (decisions is null && reference.Count == 1 && reference[0][0].Length > 1 && reference[0][0].Length != model.InputCount)
            decisions = new Decisions(graph.Outputs[0], [.. results.Select(Largest)], [.. reference[0].Select(Largest)]);
        return new CalibrationReport(samples.Count, samples.Seeded, decisions?.Agreement, errors, Accuracy(decisions, samples.Labels), lowered.Loss);
    }

    private static long[] RunOne(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        return model.TryRun(input, output, out var error) ? output : throw new InvalidOperationException($"The compiled model does not run: {error}");
    }

    private static Accuracy? Accuracy(Decisions? decisions, IReadOnlyList<long>? labels)
    {
        if (labels is null)
            return null;
        return decisions is { IsSingle: true }
            ? new Accuracy(decisions.RightShare(decisions.Reference, labels), decisions.RightShare(decisions.Ours, labels))
            : throw Refusal.Calibration("labels were given, but the model decides between no classes, or several times a sample");
    }

    /// <summary>The index of the largest, the lowest on a tie.</summary>
    private static long[] Largest<T>(T[] values)
        where T : IComparable<T>
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i].CompareTo(values[best]) > 0)
                best = i;
        }
        return [best];
    }

    private static OutputError Error(GraphOutput output, long[][] integers, double[][] reference)
    {
        double squares = 0, largest = 0, signal = 0;
        var count = 0L;
        for (var s = 0; s < integers.Length; s++)
        {
            for (var i = 0; i < integers[s].Length; i++)
            {
                var error = integers[s][i] * ExactMath.PowerOfTwo(-output.Exponent) - reference[s][i];
                squares += error * error;
                largest = Math.Max(largest, Math.Abs(error));
                signal += reference[s][i] * reference[s][i];
                count++;
            }
        }
        return new OutputError(output.Name, Math.Sqrt(squares / Math.Max(count, 1)), largest, Math.Sqrt(signal / Math.Max(count, 1)));
    }

    /// <summary>By sample, which classes integers and real arithmetic decide for.</summary>
    private sealed record Decisions(GraphOutput Output, long[][] Ours, long[][] Reference)
    {
        public double Agreement => Share(Ours.Zip(Reference), pair => pair.First.SequenceEqual(pair.Second));

        public bool IsSingle => Ours.All(labels => labels.Length == 1);

        public double RightShare(long[][] decided, IReadOnlyList<long> labels) => Share(decided.Zip(labels), pair => Named(pair.First[0]) == pair.Second);

        /// <summary>A class as the labels' file writes it.</summary>
        private long Named(long index)
        {
            var names = Output.ClassNames;
            return names.Length > index && names.All(name => long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                ? long.Parse(names[(int)index], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
                : index;
        }

        private static double Share<T>(IEnumerable<T> items, Func<T, bool> holds) => (double)items.Count(holds) / items.Count();
    }
}
