using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <summary>One model as both engines run it, over the same inputs in turn: a model with branches must not learn a single one by heart.</summary>
/// <param name="inputs">As many as the peer has.</param>
internal sealed class Workload(string name, Model model, long[][] inputs, RuntimeSession peer) : IDisposable
{
    private int _next;
    private readonly long[] _output = new long[model.OutputCount];

    public string Name => name;

    public Model Model => model;

    /// <summary>The first of the inputs.</summary>
    public long[] Input => inputs[0];

    public ReadOnlySpan<long> Output => _output;

    public RuntimeSession Peer => peer;

    public void Run()
    {
        _next = (_next + 1) % inputs.Length;
        if (!model.TryRun(inputs[_next], _output, out var error))
            throw new AivmException(Failure.Check, error.Code, $"{name}: {error.Message}");
    }

    public static Model Load(ReadOnlySpan<byte> container) =>
        Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error) ? model : throw new AivmException(Failure.Check, error.Code, error.Message);

    public void Dispose() => peer.Dispose();
}
