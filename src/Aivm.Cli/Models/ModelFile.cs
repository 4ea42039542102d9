using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>A container on disk.</summary>
internal static class ModelFile
{
    public static byte[] Read(FileInfo file) => BoundedFile.Read(file.FullName, ModelLimits.OffChain.ContainerBytes, "model-too-large");

    /// <summary>Writes the whole container, or leaves no file where there was none.</summary>
    /// <exception cref="AivmException"><c>output-unwritable</c>.</exception>
    public static void Write(FileInfo file, byte[] container)
    {
        var isNew = !file.Exists;
        try
        {
            File.WriteAllBytes(file.FullName, container);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (isNew)
                Discard(file);
            throw new AivmException(Failure.Environment, "output-unwritable", $"{file.FullName} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Refuses a path that cannot become a file, before the work that is to be written there.</summary>
    /// <exception cref="AivmException"><c>output-invalid</c>.</exception>
    public static void RequireWritable(FileInfo file)
    {
        if (Directory.Exists(file.FullName))
            throw new AivmException(Failure.Input, "output-invalid", $"{file.FullName} is a directory: name a file for the model with -o.");
        if (file.Directory is { Exists: false } missing)
            throw new AivmException(Failure.Input, "output-invalid", $"There is no directory {missing.FullName}: make it, or name another file with -o.");
    }

    private static void Discard(FileInfo file)
    {
        try
        {
            file.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }

    public static Model Load(FileInfo file) => Load(Read(file), file.Name);

    public static Model Load(ReadOnlySpan<byte> container, string name) =>
        Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? model
            : throw new AivmException(Failure.Input, error.Code, $"{name} is not a model: {error.Message}. Make one with 'aivm model compile'.");
}
