using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Cli.Demo;

/// <summary>ONNX Runtime's own answer on the original file: the yardstick that the integer model is compared with.</summary>
internal sealed class OnnxRuntimeReference : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _inputName;
    private readonly int[] _shape;

    public OnnxRuntimeReference(string onnxFile)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(onnxFile, options);
        (_inputName, var metadata) = _session.InputMetadata.Single();
        _shape = [.. metadata.Dimensions.Select((dimension, axis) => axis == 0 && dimension < 1 ? 1 : dimension)];
    }

    /// <summary>The label of one sample, as text: a class name, or the index where the model has no names.</summary>
    public string Label(IEnumerable<double> sample)
    {
        var tensor = new DenseTensor<float>(sample.Select(value => (float)value).ToArray(), _shape);
        using var results = _session.Run([NamedOnnxValue.CreateFromTensor(_inputName, tensor)], ["label"]);
        return results[0].Value switch
        {
            IEnumerable<string> names => names.First(),
            IEnumerable<long> indices => indices.First().ToString(CultureInfo.InvariantCulture),
            var other => throw new InvalidDataException($"The label is a {other?.GetType().Name}."),
        };
    }

    public void Dispose() => _session.Dispose();
}
