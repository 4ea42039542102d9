using Aivm.Primitives;

namespace Aivm.Cli.Output;

/// <summary>A file that a command makes.</summary>
internal static class OutputFile
{
    /// <summary>Writes the whole file, or leaves no file where there was none.</summary>
    /// <exception cref="AivmException"><c>output-unwritable</c>.</exception>
    public static void Write(FileInfo file, byte[] bytes)
    {
        var isNew = !file.Exists;
        try
        {
            File.WriteAllBytes(file.FullName, bytes);
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
            throw new AivmException(Failure.Input, "output-invalid", $"{file.FullName} is a directory: name a file with -o.");
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
}
