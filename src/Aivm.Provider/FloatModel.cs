using Aivm.Primitives;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Provider;

/// <summary>ONNX files, for whoever is about to publish one.</summary>
public static class FloatModels
{
    /// <exception cref="AivmException"><c>onnx-unsupported</c>: no provider would run it.</exception>
    public static void RequireRunnable(string file)
    {
        // A provider has this file alone, without what lies beside it here.
        var alone = Directory.CreateTempSubdirectory("aivm-onnx-");
        try
        {
            var link = Path.Combine(alone.FullName, "model");
            File.CreateSymbolicLink(link, Path.GetFullPath(file));
            using var model = FloatModel.Load(link, Hash256.Zero, new ProviderOptions { Directory = alone.FullName });
        }
        finally
        {
            alone.Delete(recursive: true);
        }
    }
}

/// <summary>
/// An ONNX file that ONNX Runtime runs in floats, on CUDA where its native part is there. All shapes are static; an input is its tensors one after the other,
/// packed, little-endian; an output is a number of 64 bits per element: int64 as it is, of a float32 its bits.
/// </summary>
internal sealed class FloatModel : IRunnable, IDisposable
{
    private const string Cuda = "CUDAExecutionProvider";
    private const long MaxElements = 1 << 27;

    private static readonly TensorElementType[] InputTypes = [TensorElementType.Float, TensorElementType.Int64, TensorElementType.UInt8];
    private static readonly TensorElementType[] OutputTypes = [TensorElementType.Float, TensorElementType.Int64];

    private readonly InferenceSession _session;
    private readonly Port[] _inputs;
    private readonly Port[] _outputs;
    private readonly long _inputBytes;
    private readonly TimeSpan _longestRun;

    // The shelf, and every run that is on its way.
    private int _holders = 1;

    private sealed record Port(TensorElementType Type, long[] Shape, int Elements)
    {
        public int Bytes => Elements * Type switch
        {
            TensorElementType.Int64 => sizeof(long),
            TensorElementType.Float => sizeof(float),
            _ => sizeof(byte),
        };
    }

    private FloatModel(InferenceSession session, string device, Hash256 hash, long fileBytes, TimeSpan longestRun)
    {
        (_session, Device, Hash, ResidentMemory, _longestRun) = (session, device, hash, fileBytes, longestRun);
        _inputs = PortsOf(session.InputNames, session.InputMetadata, InputTypes);
        _outputs = PortsOf(session.OutputNames, session.OutputMetadata, OutputTypes);
        _inputBytes = _inputs.Sum(port => (long)port.Bytes);
        OutputCount = _outputs.Sum(port => port.Elements);
    }

    public Hash256 Hash { get; }

    public int OutputCount { get; }

    public long ResidentMemory { get; }

    /// <summary>Where it runs: CUDA or CPU.</summary>
    public string Device { get; }

    /// <summary>
    /// Loads a file by its path: no part of it passes through managed memory. ONNX Runtime reads other files too that it names, if they lie in its directory
    /// or below: what strangers wrote lies alone.
    /// </summary>
    /// <param name="hash">Of the file, which was checked.</param>
    /// <param name="usesGpu">Where there is one.</param>
    /// <exception cref="JobRefusal"><c>onnx-unsupported</c>.</exception>
    public static FloatModel Load(string file, Hash256 hash, ProviderOptions options, bool usesGpu = true)
    {
        try
        {
            var (session, device) = Open(file, options.FloatThreads, usesGpu);
            try
            {
                return new FloatModel(session, device, hash, new FileInfo(file).Length, TimeSpan.FromSeconds(options.AnswerSeconds));
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
        catch (OnnxRuntimeException)
        {
            throw Unsupported("ONNX Runtime does not load it");
        }
    }

    public long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation)
    {
        if (input.Length != _inputBytes)
            throw new JobRefusal("input-shape", $"{input.Length} bytes; the model takes {_inputBytes}");
        if (!TryHold())
            throw new AivmException(Failure.Environment, "model-evicted", "The model made room for others before it ran: it is loaded again.");
        try
        {
            return Compute(input, cancellation);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Frees the session as soon as nothing runs any more.</summary>
    public void Dispose() => Release();

    private static (InferenceSession Session, string Device) Open(string file, int threads, bool usesGpu)
    {
        if (usesGpu && OrtEnv.Instance().GetAvailableProviders().Contains(Cuda))
        {
            try
            {
                using var options = Options(threads);
                options.AppendExecutionProvider_CUDA();
                return (new InferenceSession(file, options), "CUDA");
            }
            catch (OnnxRuntimeException)
            {
                // No device, or no memory on it: what is wrong with the file itself shows again below.
            }
        }
        using var plain = Options(threads);
        return (new InferenceSession(file, plain), "CPU");
    }

    private static SessionOptions Options(int threads)
    {
        var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        // Its other format holds graphs as they are in memory: not for files of strangers.
        options.AddSessionConfigEntry("session.load_model_format", "ONNX");
        return options;
    }

    private static Port[] PortsOf(IReadOnlyList<string> names, IReadOnlyDictionary<string, NodeMetadata> metadata, TensorElementType[] types)
    {
        Port[] ports = [.. names.Select(name => PortOf(metadata[name], types))];
        return ports.Sum(port => (long)port.Elements) <= MaxElements ? ports : throw Unsupported("its inputs or outputs are too large");
    }

    private static Port PortOf(NodeMetadata metadata, TensorElementType[] types)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR || !types.Contains(metadata.ElementDataType))
            throw Unsupported("inputs are float32, int64 or uint8, outputs float32 or int64");
        var elements = 1L;
        foreach (var extent in metadata.Dimensions)
        {
            if (extent < 1)
                throw Unsupported("its shapes are not all static");
            elements *= extent;
            if (elements > MaxElements)
                throw Unsupported("its inputs or outputs are too large");
        }
        return new Port(metadata.ElementDataType, [.. metadata.Dimensions.Select(extent => (long)extent)], (int)elements);
    }

    private long[] Compute(ReadOnlySpan<byte> input, CancellationToken cancellation)
    {
        using var options = new RunOptions();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(_longestRun);
        using var stop = time.Token.Register(() => options.Terminate = true);
        List<OrtValue> values = [];
        try
        {
            foreach (var port in _inputs)
            {
                values.Add(ValueOf(port, input[..port.Bytes]));
                input = input[port.Bytes..];
            }
            using var results = _session.Run(options, _session.InputNames, values, _session.OutputNames);
            return NumbersOf(results);
        }
        catch (OnnxRuntimeException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw time.IsCancellationRequested
                ? new JobRefusal("run-too-long", $"a run takes longer than {_longestRun.TotalSeconds} s here")
                : new JobRefusal("run-failed", "ONNX Runtime does not run this input");
        }
        finally
        {
            foreach (var value in values)
            {
                // It may have been sealed.
                value.GetTensorMutableRawData().Clear();
                value.Dispose();
            }
        }
    }

    private static OrtValue ValueOf(Port port, ReadOnlySpan<byte> packed)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, port.Type, port.Shape);
        packed.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private long[] NumbersOf(IReadOnlyList<OrtValue> results)
    {
        var numbers = new long[OutputCount];
        var rest = numbers.AsSpan();
        foreach (var (port, result) in _outputs.Zip(results))
        {
            if (result.GetTensorTypeAndShape().ElementCount != port.Elements)
                throw Unsupported("an output has another shape than it declares");
            if (port.Type == TensorElementType.Int64)
                result.GetTensorDataAsSpan<long>().CopyTo(rest);
            else
                CopyBits(result.GetTensorDataAsSpan<float>(), rest);
            rest = rest[port.Elements..];
        }
        return numbers;
    }

    private static void CopyBits(ReadOnlySpan<float> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++)
            to[i] = BitConverter.SingleToUInt32Bits(from[i]);
    }

    private bool TryHold()
    {
        while (true)
        {
            var holders = Volatile.Read(ref _holders);
            if (holders == 0)
                return false;
            if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders)
                return true;
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            _session.Dispose();
    }

    private static JobRefusal Unsupported(string reason) => new("onnx-unsupported", reason);
}
