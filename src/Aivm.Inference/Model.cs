using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>A container decoded, validated and prepared to run. Immutable; any number of threads may run it at once.</summary>
public sealed class Model
{
    private Model(Graph graph) => Graph = graph;

    public Graph Graph { get; }

    /// <summary>keccak256 of the container: the model's identity.</summary>
    public Hash256 Hash { get; }

    /// <summary>Of one run. A function of the graph alone.</summary>
    public ulong Gas { get; }

    /// <summary>Of loading and preparing: charged at the first touch in a transaction, whatever is cached.</summary>
    public ulong LoadGas { get; }

    /// <summary>Multiply-accumulates of one run.</summary>
    public ulong Macs { get; }

    /// <summary>Bytes of workspace that one run uses.</summary>
    public long PeakMemory { get; }

    /// <summary>Bytes that the prepared model holds while it is cached.</summary>
    public long ResidentMemory { get; }

    /// <summary>Elements of all inputs together.</summary>
    public int InputCount { get; }

    /// <summary>Bytes of a packed input: 8 per element of a fixed-point input, 1 per element of a u8 input, in order.</summary>
    public int PackedInputLength { get; }

    /// <summary>Elements of all outputs together.</summary>
    public int OutputCount { get; }

    public static bool TryLoad(ReadOnlySpan<byte> container, out Model model, out Error error) =>
        TryLoad(container, ModelLimits.OnChain, out model, out error);

    /// <summary>Errors: <c>container-*</c> (malformed bytes), <c>graph-*</c> (a graph that breaks a rule), <c>limit-*</c> (over a limit).</summary>
    public static bool TryLoad(ReadOnlySpan<byte> container, ModelLimits limits, out Model model, out Error error) => throw new NotImplementedException();

    /// <summary>Runs the model. Errors: <c>input-shape</c>, <c>input-range</c>.</summary>
    /// <param name="input">All inputs' elements, in order.</param>
    /// <param name="output">Receives <see cref="OutputCount"/> values.</param>
    public bool TryRun(ReadOnlySpan<long> input, Span<long> output, out Error error) => throw new NotImplementedException();

    /// <summary>Reads a packed input. Errors: <c>input-shape</c>.</summary>
    /// <param name="values">Receives <see cref="InputCount"/> values.</param>
    public bool TryUnpack(ReadOnlySpan<byte> packed, Span<long> values, out Error error) => throw new NotImplementedException();

    /// <summary>Canonical JSON: hash, gas, inputs (name, shape, format) and outputs (name, shape, kind, exponent, class names).</summary>
    public string Describe() => throw new NotImplementedException();
}
