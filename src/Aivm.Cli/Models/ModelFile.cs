using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>A container on disk.</summary>
internal static class ModelFile
{
    public static byte[] Read(FileInfo file) => BoundedFile.Read(file.FullName, ModelLimits.OffChain.ContainerBytes, "model-too-large");

    public static Model Load(FileInfo file) => Load(Read(file), file.Name);

    public static Model Load(ReadOnlySpan<byte> container, string name) =>
        Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? model
            : throw new AivmException(Failure.Input, error.Code, $"{name} is not a model: {error.Message}. Make one with 'aivm model compile'.");
}
