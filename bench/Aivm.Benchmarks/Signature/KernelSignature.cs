using System.Buffers.Binary;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Signature;

/// <summary>One hash over all results of <see cref="SignatureGraphs"/>: machines and kernel sets that agree have the same.</summary>
internal static class KernelSignature
{
    public static Hash256 Compute(SimdLevel level)
    {
        var bytes = new List<byte>();
        Span<byte> number = stackalloc byte[8];
        foreach (var (graph, input) in SignatureGraphs.All())
        {
            if (!Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, level, out var model, out var error))
                throw new AivmException(Failure.Check, error.Code, error.Message);
            var output = new long[model.OutputCount];
            if (!model.TryRun(input, output, out error))
                throw new AivmException(Failure.Check, error.Code, error.Message);
            foreach (var value in output)
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, value);
                bytes.AddRange(number);
            }
        }
        return Keccak.Hash([.. bytes]);
    }

    /// <summary>A line for each kernel set of this machine.</summary>
    public static void Print(TextWriter output)
    {
        foreach (var level in Enum.GetValues<SimdLevel>().Where(Simd.IsSupported))
            output.WriteLine($"{level,-10} {Compute(level)}");
    }
}
