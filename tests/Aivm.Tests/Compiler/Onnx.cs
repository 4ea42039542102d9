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

    public static long[] Integers(Model model, SampleSet samples, int row) => model.Graph.Inputs[0].Format switch
    {
        InputFormat.Fixed(var decimals, var allowsMissing) => samples.Fixed(row, decimals, allowsMissing ? ElementTypes.MissingInput : null),
        _ => samples.Bytes(row),
    };

    public static InferenceSession Session(byte[] onnx) =>
        new(onnx, new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR });

    /// <summary>ONNX Runtime's outputs as doubles, by name; labels that are texts are left out.</summary>
    public static Dictionary<string, double[]> Runtime(InferenceSession session, double[] sample)
    {
        var (name, input) = session.InputMetadata.Single();
        int[] shape = [.. input.Dimensions.Select(extent => extent <= 0 ? 1 : extent)];
        var tensor = new DenseTensor<float>(sample.Select(value => (float)value).ToArray(), shape);
        using var outputs = session.Run([NamedOnnxValue.CreateFromTensor(name, tensor)]);
        return outputs.Where(output => output.ElementType != TensorElementType.String).ToDictionary(
            output => output.Name,
            output => output.ElementType == TensorElementType.Int64
                ? output.AsEnumerable<long>().Select(value => (double)value).ToArray()
                : output.AsEnumerable<float>().Select(value => (double)value).ToArray());
    }

    public static int Largest(double[] values) => values.IndexOf(values.Max());
}
