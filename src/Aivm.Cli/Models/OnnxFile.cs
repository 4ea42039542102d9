using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>An ONNX file on disk.</summary>
internal static class OnnxFile
{
    private const long MaxBytes = 1L << 30;

    public static byte[] Read(string path)
    {
        var file = new FileInfo(path);
        if (file.Length > MaxBytes)
            throw new AivmException(Failure.Input, "onnx-too-large", $"{file.Name} has {file.Length} bytes; at most {MaxBytes} can be compiled.");
        return File.ReadAllBytes(path);
    }
}
