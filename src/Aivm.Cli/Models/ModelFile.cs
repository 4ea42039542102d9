using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Cli.Models;

/// <summary>A container on disk.</summary>
internal static class ModelFile
{
    public static byte[] Read(FileInfo file) => BoundedFile.Read(file.FullName, ModelLimits.OffChain.ContainerBytes, "model-too-large");

    public static Model Load(FileInfo file) => Load(Read(file), file.Name);

    /// <exception cref="AivmException"><c>weights-private</c>, and what the container is refused for.</exception>
    public static Model Load(ReadOnlySpan<byte> container, string name)
    {
        if (PrivateModel.Is(container))
            throw new AivmException(
                Failure.Input, "weights-private", $"The weights of {name} are private: only its owner can run it. Ask for a proof, which 'aivm verify' and 'aivm submit' check.");
        return Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? model
            : throw new AivmException(Failure.Input, error.Code, $"{name} is not a model: {error.Message}. Make one with 'aivm model compile'.");
    }
}
