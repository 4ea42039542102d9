using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Provider;

/// <summary>An AIVM-Q model: its output is the same on every machine.</summary>
/// <param name="Container">Its bytes, for whoever proves.</param>
internal sealed record IntegerModel(Model Model, byte[] Container) : IRunnable
{
    public Hash256 Hash => Model.Hash;

    public int OutputCount => Model.OutputCount;

    public long ResidentMemory => Model.ResidentMemory;

    public long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation)
    {
        var outputs = new long[OutputCount];
        return Model.TryRunPacked(input, outputs, out var error) ? outputs : throw new JobRefusal(error.Code, error.Message);
    }
}
