namespace Aivm.Tests;

/// <summary>Vectors that live beside the repository, in <c>../shared/vectors</c> or <c>$AIVM_VECTORS</c>; their tests are skipped where they are absent.</summary>
internal static class SharedVectors
{
    /// <summary>The path of a vector, or a skipped test that says which one is missing.</summary>
    public static string Require(string relativePath)
    {
        var root = Environment.GetEnvironmentVariable("AIVM_VECTORS") ?? Path.Combine(Repository.Root, "..", "shared", "vectors");
        var path = Path.Combine(root, relativePath);
        if (!Path.Exists(path))
            Assert.Skip($"needs the vector {relativePath} in ../shared/vectors or $AIVM_VECTORS");
        return path;
    }
}
