using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Tests.Compiler;

/// <summary>Runs the same samples through a compiled model and through ONNX Runtime on one thread.</summary>
internal static class Onnx
{
    public static Model Load(CompileResult result)
    {
        Assert.True(Model.TryLoad(result.Container, ModelLimits.OffChain, out var model, out var error), error?.ToString());
        return model;
    }

    public static long[] Run(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        Assert.True(model.TryRun(input, output, out var error), error?.ToString());
        return output;
    }

    /// <summary>The integers of one output of a run.</summary>
    public static long[] Part(Model model, long[] outputs, int output)
    {
        var start = Enumerable.Range(0, output).Sum(o => (int)model.OutputShape(o).Elements);
        return outputs[start..(start + (int)model.OutputShape(output).Elements)];
    }

    public static double[] Reals(Model model, long[] outputs, int output) =>
        [.. Part(model, outputs, output).Select(value => value * Math.Pow(2, -model.Graph.Outputs[output].Exponent))];

    public static long[] Integers(Model model, SampleSet samples, int row)
    {
        Assert.True(samples.TrySplit([.. model.Graph.Inputs.Select(input => (input.Name, (int)input.Shape.Elements))], out var parts, out var fault), fault);
        return [.. model.Graph.Inputs.Zip(parts).SelectMany(pair => pair.Second.Integers(row, pair.First.Format))];
    }

    public static InferenceSession Session(byte[] onnx) =>
        new(onnx, new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR });

    /// <summary>ONNX Runtime's outputs as doubles, by name; labels that are texts are left out.</summary>
    /// <param name="sample">The values of all inputs, one input after another.</param>
    public static Dictionary<string, double[]> Runtime(InferenceSession session, double[] sample)
    {
        var start = 0;
        var inputs = new List<NamedOnnxValue>();
        foreach (var name in session.InputNames)
        {
            var metadata = session.InputMetadata[name];
            int[] shape = [.. metadata.Dimensions.Select(extent => extent <= 0 ? 1 : extent)];
            var count = shape.Aggregate(1, (product, extent) => product * extent);
            inputs.Add(Value(name, metadata.ElementDataType, shape, sample[start..(start += count)]));
        }
        using var outputs = session.Run(inputs);
        return outputs.Where(output => output.ElementType != TensorElementType.String).ToDictionary(output => output.Name, Reals);
    }

    private static NamedOnnxValue Value(string name, TensorElementType type, int[] shape, double[] values)
    {
        NamedOnnxValue Of<T>(Func<double, T> convert) => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<T>(values.Select(convert).ToArray(), shape));
        return type switch
        {
            TensorElementType.Int64 => Of(value => (long)value),
            TensorElementType.Int32 => Of(value => (int)value),
            TensorElementType.UInt8 => Of(value => (byte)value),
            TensorElementType.Bool => Of(value => value != 0),
            TensorElementType.Double => Of(value => value),
            _ => Of(value => (float)value),
        };
    }

    private static double[] Reals(DisposableNamedOnnxValue output) => output.ElementType switch
    {
        TensorElementType.Int64 => [.. output.AsEnumerable<long>().Select(value => (double)value)],
        TensorElementType.Int32 => [.. output.AsEnumerable<int>().Select(value => (double)value)],
        TensorElementType.UInt8 => [.. output.AsEnumerable<byte>().Select(value => (double)value)],
        TensorElementType.Bool => [.. output.AsEnumerable<bool>().Select(value => value ? 1.0 : 0.0)],
        TensorElementType.Double => [.. output.AsEnumerable<double>()],
        _ => [.. output.AsEnumerable<float>().Select(value => (double)value)],
    };

    public static int Largest(double[] values) => values.IndexOf(values.Max());
}
