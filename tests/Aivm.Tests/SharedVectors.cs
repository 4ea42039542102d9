namespace Aivm.Tests;

/// <summary>Vectors that live beside the repository, in <c>../shared/vectors</c> or <c>$AIVM_VECTORS</c>; their tests are skipped where they are absent.</summary>
internal static class SharedVectors
{
    /// <summary>The path of a vector, or a skipped test that says which one is missing.</summary>
    public static string Require(string relativePath)
    {
        var path = Path.Combine(Root, relativePath);
        if (!Path.Exists(path))
            Assert.Skip($"needs the vector {relativePath} in ../shared/vectors or $AIVM_VECTORS");
        return path;
    }

    /// <summary>What files of a folder are called, without the extension; none where the folder is absent.</summary>
    public static string[] NamesOf(string folder, string extension) => Path.Combine(Root, folder) is var path && Directory.Exists(path)
        ? [.. Directory.GetFiles(path, $"*{extension}").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
        : [];

    private static string Root => Environment.GetEnvironmentVariable("AIVM_VECTORS") ?? Path.Combine(Repository.Root, "..", "shared", "vectors");
}
