using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>A container on disk.</summary>
internal static class ModelFile
{
    public static byte[] Read(FileInfo file)
    {
        if (file.Length > ModelLimits.OffChain.ContainerBytes)
            throw new AivmException(Failure.Input, "model-too-large", $"{file.Name} has {file.Length} bytes; a container has at most {ModelLimits.OffChain.ContainerBytes}.");
        return File.ReadAllBytes(file.FullName);
    }

    public static Model Load(FileInfo file) => Load(Read(file), file.Name);

    public static Model Load(ReadOnlySpan<byte> container, string name) =>
        Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? model
            : throw new AivmException(Failure.Input, error.Code, $"{name} is not a model: {error.Message}. Make one with 'aivm model compile'.");
}
