using System.Text.Json;
using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Fuzz.Containers;

/// <summary>A loaded model on random inputs: the same bytes on every kernel set and by the second implementation, within the ranges and the memory stated.</summary>
internal static class ModelCheck
{
    private const int ReferenceElements = 600;

    private static readonly SimdLevel[] Levels = [.. Enum.GetValues<SimdLevel>().Where(level => level != Simd.Level && Simd.IsSupported(level))];

    public static void Run(byte[] container, Model model, Random random)
    {
        CheckWorkspace(model);
        var input = InputValues.Valid(model, random);
        var output = Run(model, input);
        CheckRanges(model, output);
        foreach (var level in Levels)
        {
            Require(Model.TryLoad(container, ModelLimits.OnChain, level, out var same, out _), $"refused on {level}");
            Require(Run(same, input).AsSpan().SequenceEqual(output), $"other bytes on {level} than on {Simd.Level}");
        }
        if (model.Analysis.MemoryBytes < 8 * ReferenceElements && model.Macs < ReferenceElements)
            Require(ReferenceInterpreter.Run(model.Graph, input).AsSpan().SequenceEqual(output), "other numbers than the second implementation's");

        Require(RunPacked(model, input).AsSpan().SequenceEqual(output), "other numbers from a packed input");

        // A workspace is used again as it was left.
        Run(model, InputValues.Valid(model, random));
        Require(Run(model, input).AsSpan().SequenceEqual(output), "another result at the second run");
        CheckHostileInput(model, random);
        if (random.Next(16) == 0)
            JsonDocument.Parse(model.Describe()).Dispose();
    }

    /// <summary>Alignment apart: every value in two layouts and a node's scratch are blocks of their own.</summary>
    private static void CheckWorkspace(Model model)
    {
        var blocks = (4L * model.Graph.ValueCount) + 1;
        Require(model.PeakMemory <= model.Analysis.MemoryBytes + (128 * blocks), $"a workspace of {model.PeakMemory} bytes where {model.Analysis.MemoryBytes} were stated");
    }

    private static void CheckRanges(Model model, long[] output)
    {
        var position = 0;
        foreach (var port in model.Graph.Outputs)
        {
            var value = model.Analysis.Values[port.Source];
            var elements = output.AsSpan(position, (int)value.Shape.Elements);
            position += elements.Length;
            Require(!elements.ContainsAnyExceptInRange(value.Min, value.Max), $"output {port.Name} leaves [{value.Min}, {value.Max}]");
        }
    }

    private static void CheckHostileInput(Model model, Random random)
    {
        var values = InputValues.Any(model.InputCount + random.Next(8) switch { 0 => -1, 1 => 1, _ => 0 }, random);
        if (!model.TryRun(values, new long[model.OutputCount], out var error))
            Require(error.Code is "input-shape" or "input-range", $"an unknown code: {error}");
        var packed = new byte[Math.Max(0, model.PackedInputLength + random.Next(8) switch { 0 => -1, 1 => 1, _ => 0 })];
        random.NextBytes(packed);
        if (!model.TryRunPacked(packed, new long[model.OutputCount], out error))
            Require(error.Code is "input-shape" or "input-range", $"an unknown code: {error}");
    }

    private static long[] Run(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        Require(model.TryRun(input, output, out var error), $"a valid input is refused: {error}");
        return output;
    }

    private static long[] RunPacked(Model model, long[] input)
    {
        var packed = new List<byte>();
        var position = 0;
        foreach (var port in model.Graph.Inputs)
            foreach (var value in input.AsSpan(position, (int)port.Shape.Elements))
            {
                packed.AddRange(port.Format is InputFormat.U8 ? [(byte)value] : BitConverter.GetBytes(value));
                position++;
            }
        var output = new long[model.OutputCount];
        Require(model.TryRunPacked(packed.ToArray(), output, out var error), $"a valid packed input is refused: {error}");
        return output;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}
