using System.Text;
using Aivm.Compiler.Inputs;

namespace Aivm.Tests.Compiler;

/// <summary>Input files from memory.</summary>
internal static class Inputs
{
    public static SampleSet Read(string name, string text) => Read(name, Encoding.UTF8.GetBytes(text));

    public static SampleSet Read(string name, byte[] bytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"aivm-{Guid.NewGuid():N}{Path.GetExtension(name)}");
        File.WriteAllBytes(path, bytes);
        try
        {
            return InputFiles.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
