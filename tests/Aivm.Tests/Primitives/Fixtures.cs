using System.Text.Json;

namespace Aivm.Tests.Primitives;

/// <summary>Data that other implementations of Ethereum wrote once; each file names its source.</summary>
internal static class Fixtures
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Aivm.Tests", "Primitives", "Fixtures", name)));
        return document.RootElement.Clone();
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);
}
