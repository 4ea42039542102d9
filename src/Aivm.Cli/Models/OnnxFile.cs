using Aivm.Compiler;
using Aivm.Compiler.Inputs;

namespace Aivm.Cli.Models;

/// <summary>An ONNX file on disk.</summary>
internal static class OnnxFile
{
    public static byte[] Read(string path) => BoundedFile.Read(path, OnnxCompiler.MaxFileSize, "onnx-too-large");
}
