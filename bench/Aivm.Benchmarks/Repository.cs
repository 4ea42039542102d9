using Aivm.Primitives;

namespace Aivm.Benchmarks;

/// <summary>The checkout that the benchmarks run from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Aivm.slnx")))
                return folder;
        }
        throw new AivmException(Failure.Environment, "no-repository", "The benchmarks run from a checkout of the repository.");
    }
}
