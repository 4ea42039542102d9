using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>
/// Asks Linux for pages of 2 MiB. A prover takes hundreds of megabytes: in pages of 4 KiB, first touching them took a tenth of the time of a transformer's proof. It is advice: where the kernel has none to give, or is another's, memory is what it was.
/// </summary>
internal static unsafe partial class LargePages
{
    /// <summary>Bytes of a page, and what memory of such pages is aligned to.</summary>
    public const int Size = 2 << 20;

    /// <summary>Bytes from which they are worth it. Shorter blocks an allocator mostly keeps, touched as they are: clearing large pages for them costs more than it saves.</summary>
    public const int Least = 16 << 20;

    private const int HugePage = 14;

    /// <param name="memory">Aligned to <see cref="Size"/>.</param>
    public static void Advise(void* memory, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
            _ = Advise(memory, bytes & ~(nuint)(Size - 1), HugePage);
    }

    /// <summary>madvise(2).</summary>
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* memory, nuint bytes, int advice);
}
