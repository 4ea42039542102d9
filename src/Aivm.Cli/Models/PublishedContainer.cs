using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>An AIVM-Q model, wherever it lies: everybody's run gives the same bytes.</summary>
internal sealed class PublishedContainer(Model model) : IPublishedModel
{
    public Hash256 Hash => model.Hash;

    public string Assurance => "Each answer was re-executed here and is the same, byte for byte.";

    public byte[] Pack(SampleSet samples, int row) => ModelInput.Pack(model, ModelInput.Read(model, samples, row));

    public bool Contradicts(byte[] input, long[] outputs)
    {
        var own = new long[model.OutputCount];
        return model.TryRunPacked(input, own, out var error)
            ? !own.AsSpan().SequenceEqual(outputs)
            : throw new AivmException(Failure.Input, error.Code, $"The model refused the input: {error.Message}.");
    }

    public ModelAnswer Read(long[] outputs) => ModelAnswer.Read(model.Graph, model.Analysis, outputs);
}
