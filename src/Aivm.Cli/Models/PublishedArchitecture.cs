using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Cli.Models;

/// <summary>A model of the chain whose weights are private: everybody sees what it takes and gives, and its owner alone can run it.</summary>
internal sealed class PublishedArchitecture(PrivateModel model) : IPublishedModel
{
    public Hash256 Hash => model.Hash;

    public string Assurance => "The weights are private: the proof says that those which the chain holds a commitment to gave each answer. Nothing was run here.";

    /// <param name="name">For people.</param>
    /// <exception cref="AivmException">What the container is refused for.</exception>
    public static PublishedArchitecture Read(ReadOnlySpan<byte> container, string name) =>
        PrivateModel.TryDecode(container, ModelLimits.OffChain, out var model, out var error)
            ? new PublishedArchitecture(model)
            : throw new AivmException(Failure.Input, error.Code, $"{name} is not a model: {error.Message}.");

    public byte[] Pack(SampleSet samples, int row) => ModelInput.Pack(model.Architecture, ModelInput.Read(model.Architecture, samples, row));

    public bool Contradicts(byte[] input, long[] outputs) => false;

    public ModelAnswer Read(long[] outputs) => outputs.Length == model.Architecture.Outputs.Sum(output => model.Analysis.Values[output.Source].Shape.Elements)
        ? ModelAnswer.Read(model.Architecture, model.Analysis, outputs)
        : throw new AivmException(Failure.Check, "output-malformed", $"The answer has {outputs.Length} numbers, which the model cannot have given: do not trust this node.");
}
