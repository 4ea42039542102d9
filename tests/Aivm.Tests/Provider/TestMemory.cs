using System.Text.RegularExpressions;
using Aivm.Provider;

namespace Aivm.Tests.Provider;

/// <summary>A folder of a test, which the kernel's lists are made to call memory, or not.</summary>
internal static class TestMemory
{
    public const string NoSwap = "Filename\tType\tSize\tUsed\tPriority\n";

    public static MachineMemory In(DirectoryInfo home, string fileSystem = "tmpfs", string swaps = NoSwap)
    {
        var folder = home.CreateSubdirectory("memory").FullName;
        var (mounts, swapList) = (Path.Combine(home.FullName, "mountinfo"), Path.Combine(home.FullName, "swaps"));
        if (OperatingSystem.IsLinux())
            File.WriteAllText(mounts, Regex.Replace(File.ReadAllText("/proc/self/mountinfo"), @" - \S+ ", $" - {fileSystem} "));
        File.WriteAllText(swapList, swaps);
        return new MachineMemory(folder, mounts, swapList);
    }
}
