using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <summary>Where the programs are that the benchmark starts.</summary>
internal static class Peers
{
    public const string AnvilVersion = "1.7.1";

    private static readonly string Folder = Path.Combine(Repository.Root, "bench", "peers");

    /// <summary>The platform's binary itself: npm's wrapper would leave an orphan when it is ended.</summary>
    public static string Anvil => Require(
        Path.Combine(Folder, "node_modules", "@foundry-rs", $"anvil-{Platform()}", "bin", OperatingSystem.IsWindows() ? "anvil.exe" : "anvil"),
        $"Install the peers first: npm ci --ignore-scripts --prefix {Path.Combine("bench", "peers")}");

    public static string Aivm => Require(
        Path.Combine(Repository.Root, "src", "Aivm.Cli", "bin", Configuration(), "net10.0", OperatingSystem.IsWindows() ? "aivm.exe" : "aivm"),
        "Build the node first: dotnet build -c Release src/Aivm.Cli");

    /// <summary>The configuration that this program was built in, so that both are measured as one.</summary>
    private static string Configuration() =>
        Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)))!;

    private static string Platform()
    {
        var system = OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var isArm = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture is System.Runtime.InteropServices.Architecture.Arm64;
        return $"{system}-{(isArm ? "arm64" : "amd64")}";
    }

    private static string Require(string path, string advice) =>
        File.Exists(path) ? path : throw new AivmException(Failure.Environment, "peer-missing", $"{path} is missing. {advice}");
}
