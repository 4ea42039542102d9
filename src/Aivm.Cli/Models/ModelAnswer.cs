using System.Globalization;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Models;

/// <summary>A model's output, as people read it.</summary>
/// <param name="Outputs">The integers that the chain computes: the answer's only canonical form.</param>
/// <param name="Label">The class's name, or its index where the model has no names; null for a model without labels.</param>
/// <param name="Probability">The label's share in the first output of numbers; null where there is none, or where the numbers are scores that do not add up to 1.</param>
internal sealed record ModelAnswer(long[] Outputs, string? Label, double? Probability)
{
    private const int NumbersShown = 8;

    /// <summary>What the outputs say, of a model in floats; null of others.</summary>
    public IReadOnlyList<NamedTensor>? Tensors { get; init; }

    /// <summary>What people are shown: a line, or one for each tensor.</summary>
    public IEnumerable<string> Lines => Label is not null ? [Label] : Tensors?.Select(tensor => $"{tensor}") ?? [string.Join(' ', Outputs.Take(NumbersShown))];

    /// <summary>keccak256 of the outputs as int64 little-endian.</summary>
    public Hash256 Hash => OutputNumbers.HashOf(Outputs);

    public static ModelAnswer Run(Model model, long[] input)
    {
        var outputs = new long[model.OutputCount];
        return model.TryRun(input, outputs, out var error)
            ? Read(model.Graph, model.Analysis, outputs)
            : throw new AivmException(Failure.Input, error.Code, $"The model refused the input: {error.Message}.");
    }

    /// <param name="analysis">Of the graph.</param>
    public static ModelAnswer Read(Graph graph, GraphAnalysis analysis, long[] outputs)
    {
        long? index = null;
        string? label = null;
        double? probability = null;
        var position = 0;
        foreach (var output in graph.Outputs)
        {
            var values = outputs.AsSpan(position, (int)analysis.Values[output.Source].Shape.Elements);
            position += values.Length;
            if (output.Kind == OutputKind.Label && values.Length == 1 && index is null)
            {
                index = values[0];
                label = index < output.ClassNames.Length ? output.ClassNames[(int)index] : index.Value.ToString(CultureInfo.InvariantCulture);
            }
            else if (output.Kind == OutputKind.Values && probability is null && index < values.Length && AreShares(values, output.Exponent))
            {
                probability = values[(int)index] / Math.Pow(2, output.Exponent);
            }
        }
        return new ModelAnswer(outputs, label, probability);
    }

    /// <summary>Whether the numbers add up to 1, and none is negative.</summary>
    private static bool AreShares(ReadOnlySpan<long> values, int exponent)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            if (value < 0)
                return false;
            sum += value;
        }
        return Math.Abs((sum / Math.Pow(2, exponent)) - 1) < 0.01;
    }
}
