using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <summary>One model and one input as both engines run them.</summary>
internal sealed class Workload(string name, Model model, long[] input, RuntimeSession peer) : IDisposable
{
    private readonly long[] _output = new long[model.OutputCount];

    public string Name => name;

    public Model Model => model;

    public ReadOnlySpan<long> Output => _output;

    public RuntimeSession Peer => peer;

    public void Run()
    {
        if (!model.TryRun(input, _output, out var error))
            throw new AivmException(Failure.Check, error.Code, $"{name}: {error.Message}");
    }

    public static Model Load(ReadOnlySpan<byte> container) =>
        Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error) ? model : throw new AivmException(Failure.Check, error.Code, error.Message);

    public void Dispose() => peer.Dispose();
}
