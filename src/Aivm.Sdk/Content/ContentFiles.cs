using System.Runtime.CompilerServices;

namespace Aivm.Sdk;

/// <summary>Files that may be larger than memory, block by block.</summary>
internal static class ContentFiles
{
    public const int BlockBytes = 1 << 20;

    public static FileStream OpenRead(string file)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ContentErrors.Unreadable(file, exception);
        }
    }

    /// <summary>From where the stream stands to its end. A block is good until the next is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> BlocksOf(FileStream stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[BlockBytes];
        while (true)
        {
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, cancellation);
            }
            catch (IOException exception)
            {
                throw ContentErrors.Unreadable(stream.Name, exception);
            }
            if (count == 0)
                yield break;
            yield return buffer.AsMemory(0, count);
        }
    }
}
