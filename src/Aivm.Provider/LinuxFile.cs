using System.Runtime.InteropServices;

namespace Aivm.Provider;

/// <summary>What the kernel says of a path: statx, whose layout is one for all of Linux's machines.</summary>
/// <param name="Mount">Names a line of /proc/self/mountinfo; 0 where the kernel is too old to tell (before 5.8).</param>
internal readonly partial record struct LinuxFile(uint Owner, ushort Mode, ulong Size, ulong Mount)
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7FF;
    private const uint MountId = 0x1000;
    private const ushort TypeMask = 0xF000;
    private const ushort Directory = 0x4000;
    private const ushort Regular = 0x8000;

    /// <summary>Whom files that this process makes belong to.</summary>
    public static uint User => EffectiveUser();

    public bool IsDirectory => (Mode & TypeMask) == Directory;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    /// <summary>Ours, and not open wider than that.</summary>
    /// <param name="most">The permissions that it may have at most.</param>
    public bool IsPrivate(UnixFileMode most) => Owner == User && (Mode & ~TypeMask & ~(int)most) == 0;

    /// <summary>Null where there is nothing, or nothing that we may look at. A link is not followed unless it is asked for.</summary>
    public static LinuxFile? Find(string path, bool followsLink = false)
    {
        if (Statx(CurrentDirectory, path, followsLink ? 0 : NoFollow, BasicStats | MountId, out var found) != 0)
            return null;
        return new LinuxFile(found.Owner, found.Mode, found.Size, (found.Mask & MountId) == 0 ? 0 : found.Mount);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    /// <summary>struct statx of the kernel (include/uapi/linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(144)]
        public ulong Mount;
    }
}
