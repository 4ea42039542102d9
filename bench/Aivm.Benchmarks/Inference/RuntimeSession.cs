using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Benchmarks.Inference;

/// <summary>ONNX Runtime at its best on one thread: default optimisations, input and outputs bound to memory once.</summary>
internal sealed class RuntimeSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];

    private readonly float[][] _inputs;
    private readonly float[] _input;
    private int _next;

    public RuntimeSession(byte[] onnx, params float[][] inputs)
    {
        (_inputs, _input) = (inputs, [.. inputs[0]]);
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(onnx, options);
        _binding = _session.CreateIoBinding();
        var (name, metadata) = _session.InputMetadata.Single();
        _binding.BindInput(name, Keep(OrtValue.CreateTensorValueFromMemory(_input, ShapeOf(metadata))));
        foreach (var (output, description) in _session.OutputMetadata)
        {
            if (description.ElementDataType == TensorElementType.Float)
                _binding.BindOutput(output, Keep(OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, ShapeOf(description))));
            else
                _binding.BindOutputToDevice(output, OrtMemoryInfo.DefaultInstance);
        }
    }

    public static string Version { get; } = OrtEnv.Instance().GetVersionString();

    /// <summary>What runs read, where there is a single input: a caller may write another there.</summary>
    public float[] Input => _input;

    /// <summary>The next input; a single one stays where it is.</summary>
    public void Run()
    {
        if (_inputs.Length > 1)
        {
            _next = (_next + 1) % _inputs.Length;
            _inputs[_next].CopyTo(_input, 0);
        }
        _session.RunWithBinding(_run, _binding);
    }

    /// <summary>The first output that consists of floats, after a run.</summary>
    public float[] FirstOutput() => _values[1].GetTensorDataAsSpan<float>().ToArray();

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }

    /// <summary>A dimension without a number is the batch: one.</summary>
    private static long[] ShapeOf(NodeMetadata metadata) => [.. metadata.Dimensions.Select(extent => Math.Max(1L, extent))];

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}
