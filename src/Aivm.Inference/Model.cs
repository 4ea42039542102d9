using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>A container decoded, validated and prepared to run. Immutable; any number of threads may run it at once.</summary>
public sealed class Model
{
    /// <summary>What any model takes.</summary>
    private const int ModelBytes = 4096;

    private readonly Plan _plan;

    private Model(Hash256 hash, Graph graph, GraphAnalysis analysis, int containerBytes, ulong loadGas, Plan plan)
    {
        (Hash, Graph, Analysis, _plan) = (hash, graph, analysis, plan);
        LoadGas = loadGas;
        ResidentMemory = ModelBytes + containerBytes + analysis.PreparedBytes;
        foreach (var input in graph.Inputs)
        {
            InputCount += (int)input.Shape.Elements;
            PackedInputLength += (int)input.Shape.Elements * PackedSize(input.Format);
        }
        foreach (var output in plan.Outputs)
            OutputCount += (int)output.Elements;
    }

    public Graph Graph { get; }

    public GraphAnalysis Analysis { get; }

    /// <summary>keccak256 of the container: the model's identity.</summary>
    public Hash256 Hash { get; }

    /// <summary>Of one run. A function of the graph alone.</summary>
    public ulong Gas => Analysis.Gas;

    /// <summary>Of loading and preparing: charged at the first touch in a transaction, whatever is cached.</summary>
    public ulong LoadGas { get; }

    /// <summary>Multiply-accumulates of one run.</summary>
    public ulong Macs => Analysis.Macs;

    /// <summary>Bytes of workspace that one run uses. Alignment apart, below <see cref="GraphAnalysis.MemoryBytes"/>; unlike it, a matter of this machine's kernels.</summary>
    public long PeakMemory => _plan.WorkspaceBytes;

    /// <summary>A bound on the bytes that the model holds while it is cached. Workspaces belong to no model.</summary>
    public long ResidentMemory { get; }

    /// <summary>Elements of all inputs together.</summary>
    public int InputCount { get; }

    /// <summary>Bytes of a packed input: 8 per element of a fixed-point input, 1 per element of a u8 input, in order.</summary>
    public int PackedInputLength { get; }

    /// <summary>Elements of all outputs together.</summary>
    public int OutputCount { get; }

    /// <summary>The shape of an output.</summary>
    public Shape OutputShape(int output) => _plan.Outputs[output].Info.Shape;

    /// <summary>Loads with the limits of the chain and this processor's best kernels.</summary>
    public static bool TryLoad(ReadOnlySpan<byte> container, out Model model, out Error error) =>
        TryLoad(container, ModelLimits.OnChain, Simd.Level, out model, out error);

    public static bool TryLoad(ReadOnlySpan<byte> container, ModelLimits limits, out Model model, out Error error) =>
        TryLoad(container, limits, Simd.Level, out model, out error);

    /// <param name="error">Of <see cref="Container.TryDecode(ReadOnlySpan{byte}, ModelLimits, out Graph, out Error)"/> or <see cref="GraphAnalysis.TryAnalyse(Graph, ModelLimits, out GraphAnalysis, out Error)"/>.</param>
    public static bool TryLoad(ReadOnlySpan<byte> container, ModelLimits limits, SimdLevel level, out Model model, out Error error) =>
        TryLoad(container, limits, level, null, out model, out _, out error);

    /// <summary>Loads a container whose hash was checked before, as a chain's state holds it: hashing would be most of the work.</summary>
    /// <param name="hash">The container's.</param>
    public static bool TryLoadKnown(ReadOnlySpan<byte> container, Hash256 hash, out Model model, out Error error) =>
        TryLoadKnown(container, hash, ModelLimits.OnChain, out model, out _, out error);

    /// <param name="gas">Of the loading; of a container that is refused, for the work until then.</param>
    public static bool TryLoadKnown(ReadOnlySpan<byte> container, Hash256 hash, ModelLimits limits, out Model model, out ulong gas, out Error error) =>
        TryLoad(container, limits, Simd.Level, hash, out model, out gas, out error);

    private static bool TryLoad(
        ReadOnlySpan<byte> container, ModelLimits limits, SimdLevel level, Hash256? hash, out Model model, out ulong gas, out Error error)
    {
        model = null!;
        var load = new LoadMeter(limits.LoadGas);
        GraphAnalysis analysis = null!;
        var isModel = Container.TryDecode(container, limits, load, out var graph, out error)
            && GraphAnalysis.TryAnalyse(graph, limits, load, out analysis, out error);
        gas = load.Gas;
        if (isModel)
            model = new Model(hash ?? Keccak.Hash(container), graph, analysis, container.Length, gas, PlanBuilder.Build(graph, analysis, level));
        return isModel;
    }

    /// <summary>Runs the model. Errors: <c>input-shape</c>, <c>input-range</c>.</summary>
    /// <param name="input">All inputs' elements, in order.</param>
    /// <param name="output">Receives <see cref="OutputCount"/> values.</param>
    public unsafe bool TryRun(ReadOnlySpan<long> input, Span<long> output, out Error error)
    {
        if (input.Length != InputCount)
        {
            error = new Error("input-shape", $"{input.Length} numbers; the model takes {InputCount}");
            return false;
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, OutputCount);
        var workspace = WorkspacePool.Shared.Take(_plan.WorkspaceBytes);
        foreach (var tensor in _plan.Inputs)
        {
            var values = InputOf(tensor, workspace);
            input[..values.Length].CopyTo(values);
            input = input[values.Length..];
        }
        return TryRun(workspace, output, out error);
    }

    /// <summary>Runs the model on a packed input: little-endian int64, bytes for u8, in order. Errors: <c>input-shape</c>, <c>input-range</c>.</summary>
    /// <param name="output">Receives <see cref="OutputCount"/> values.</param>
    public unsafe bool TryRunPacked(ReadOnlySpan<byte> packed, Span<long> output, out Error error)
    {
        if (packed.Length != PackedInputLength)
        {
            error = new Error("input-shape", $"{packed.Length} bytes; the model takes {PackedInputLength}");
            return false;
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, OutputCount);
        var workspace = WorkspacePool.Shared.Take(_plan.WorkspaceBytes);
        for (var i = 0; i < _plan.Inputs.Length; i++)
        {
            var values = InputOf(_plan.Inputs[i], workspace);
            var size = PackedSize(Graph.Inputs[i].Format);
            PackedInput.Unpack(packed[..(values.Length * size)], values);
            packed = packed[(values.Length * size)..];
        }
        return TryRun(workspace, output, out error);
    }

    /// <summary>The numbers of a packed input, unchecked.</summary>
    /// <param name="packed"><see cref="PackedInputLength"/> bytes.</param>
    /// <param name="input">Receives <see cref="InputCount"/> values.</param>
    public void UnpackInput(ReadOnlySpan<byte> packed, Span<long> input)
    {
        foreach (var port in Graph.Inputs)
        {
            var values = input[..(int)port.Shape.Elements];
            var length = values.Length * PackedSize(port.Format);
            PackedInput.Unpack(packed[..length], values);
            packed = packed[length..];
            input = input[values.Length..];
        }
    }

    private static unsafe Span<long> InputOf(Tensor tensor, PinnedArray workspace) =>
        new(workspace.Pointer + tensor.Block.Offset, (int)tensor.Elements);

    /// <param name="workspace">Holds the input; goes back to the pool.</param>
    private unsafe bool TryRun(PinnedArray workspace, Span<long> output, out Error error)
    {
        error = CheckRanges(workspace)!;
        if (error is null)
        {
            foreach (var step in _plan.Steps)
                step.Run(workspace.Pointer);
            foreach (var tensor in _plan.Outputs)
            {
                var elements = (int)tensor.Elements;
                Elements.Widen(workspace.Pointer + tensor.Block.Offset, tensor.Type, output[..elements]);
                output = output[elements..];
            }
        }
        WorkspacePool.Shared.Return(workspace);
        return error is null;
    }

    private Error? CheckRanges(PinnedArray workspace)
    {
        for (var i = 0; i < _plan.Inputs.Length; i++)
        {
            var port = Graph.Inputs[i];
            var values = InputOf(_plan.Inputs[i], workspace);
            switch (port.Format)
            {
                case InputFormat.U8 when values.ContainsAnyExceptInRange(0, 255):
                    return new Error("input-range", $"input {port.Name} takes 0 to 255");
                case InputFormat.Index(var count) when values.ContainsAnyExceptInRange(0, count - 1):
                    return new Error("input-range", $"input {port.Name} takes 0 to {count - 1}");
                case InputFormat.Fixed { AllowsMissing: false } when values.Contains(ElementTypes.MissingInput):
                    return new Error("input-range", $"input {port.Name} takes no missing value (-2^63)");
            }
        }
        return null;
    }

    private static int PackedSize(InputFormat format) => format is InputFormat.U8 ? 1 : 8;

    /// <summary>Canonical JSON: what a caller must know to feed the model and read its answer.</summary>
    public string Describe() => ModelDescription.Write(this);
}
