using System.Runtime.InteropServices;
using Aivm.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Aivm.Attestation;

/// <summary>The kernel's /dev/nsm: an ioctl that takes the addresses of a request and of room for the response (Linux, drivers/misc/nsm.c).</summary>
public sealed partial class NsmDevice(string path = NsmDevice.KernelPath) : INsmDevice
{
    public const string KernelPath = "/dev/nsm";

    private const int MaxResponseBytes = 0x3000;

    /// <summary>_IOWR(0x0A, 0x0, struct nsm_raw), of 32 bytes.</summary>
    private const nuint RawRequest = 0xC0200A00;

    public unsafe byte[] Exchange(ReadOnlySpan<byte> request)
    {
        using var device = Open();
        var response = new byte[MaxResponseBytes];
        fixed (byte* sent = request, received = response)
        {
            var message = new Message { Request = sent, RequestLength = (ulong)request.Length, Response = received, ResponseLength = MaxResponseBytes };
            if (IoControl(device, RawRequest, ref message) != 0)
                throw new AivmException(Failure.Environment, "nsm-failed", $"{path} refused the request: error {Marshal.GetLastPInvokeError()}.");
            return response[..(int)Math.Min(message.ResponseLength, MaxResponseBytes)];
        }
    }

    private SafeFileHandle Open()
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(Failure.Environment, "nsm-absent", $"{path} cannot be opened: this is no Nitro enclave, or the module nsm is not loaded.", exception);
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeFileHandle device, nuint request, ref Message message);

    /// <summary>Two iovec.</summary>
    private unsafe struct Message
    {
        public byte* Request;
        public ulong RequestLength;
        public byte* Response;
        public ulong ResponseLength;
    }
}
