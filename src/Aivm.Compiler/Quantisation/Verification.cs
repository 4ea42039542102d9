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
        double? agreement = null;
        var start = 0;
        for (var o = 0; o < graph.Outputs.Length; o++)
        {
            var output = graph.Outputs[o];
            var count = reference[o][0].Length;
            var integers = results.Select(row => row.AsSpan(start, count).ToArray()).ToArray();
            start += count;
            if (output.Kind == OutputKind.Label)
                agreement ??= Share(samples.Count, s => integers[s].Select((label, i) => label == reference[o][s][i]).All(same => same));
            else
                errors.Add(Error(output, integers, reference[o]));
        }
        // Scores of classes, unless the model gives back what it was given, as an autoencoder does.
        if (agreement is null && reference.Count == 1 && reference[0][0].Length > 1 && reference[0][0].Length != model.InputCount)
            agreement = Share(samples.Count, s => Largest(results[s], value => value) == Largest(reference[0][s], value => value));
        return new CalibrationReport(samples.Count, samples.Seeded, agreement, errors, lowered.Loss);
    }

    private static long[] RunOne(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        return model.TryRun(input, output, out var error) ? output : throw new InvalidOperationException($"The compiled model does not run: {error}");
    }

    private static double Share(int count, Func<int, bool> holds) => (double)Enumerable.Range(0, count).Count(holds) / count;

    private static int Largest<T>(T[] values, Func<T, double> number)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (number(values[i]) > number(values[best]))
                best = i;
        }
        return best;
    }

    private static OutputError Error(GraphOutput output, long[][] integers, double[][] reference)
    {
        double squares = 0, largest = 0;
        var count = 0L;
        for (var s = 0; s < integers.Length; s++)
        {
            for (var i = 0; i < integers[s].Length; i++)
            {
                var error = integers[s][i] * ExactMath.PowerOfTwo(-output.Exponent) - reference[s][i];
                squares += error * error;
                largest = Math.Max(largest, Math.Abs(error));
                count++;
            }
        }
        return new OutputError(output.Name, Math.Sqrt(squares / Math.Max(count, 1)), largest);
    }
}
