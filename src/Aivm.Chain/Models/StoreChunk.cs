using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>chunk(bytes32 hash, uint32 offset, bytes data)</c>: appends to an upload. Chunks come in order and, but for the last, have the first
/// one's length, so that an offset names a chunk and their number is bounded; a stored one may be sent again.
/// </summary>
internal static class StoreChunk
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var hash) || !arguments.TryReadUInt32(out var offset)
            || !arguments.TryReadBytes(out var data) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.Chunk);
        var upload = ModelsStorage.Upload(call, call.Caller, hash);
        var progress = BeginUpload.RequireOpen(call, upload, hash);
        if (offset < progress.Received)
        {
            RequireSameAsStored(call, upload, progress, offset, data);
            return [];
        }
        if (offset > progress.Received)
            throw ModelsErrors.ChunkOutOfOrder(progress.Received);
        RequireLength(call, progress, data.Length);

        var stored = call.StoreBlob(data);
        ContractStorage.Append(call, upload.Chunks, UInt256.FromBigEndian(stored.Span));
        var length = (uint)data.Length;
        upload.Progress = progress with
        {
            Received = progress.Received + length,
            ChunkSize = progress.ChunkSize == 0 ? length : progress.ChunkSize,
        };
        call.Log(
            ModelsAbi.ChunkStored, ModelsAbi.ChunkStored.BeginData().WriteUInt(offset).WriteUInt(length), AbiEvent.TopicOf(call.Caller), hash);
        return [];
    }

    private static void RequireSameAsStored(NativeCall call, UploadSlots upload, UploadProgress progress, uint offset, ReadOnlySpan<byte> data)
    {
        if (offset % progress.ChunkSize != 0)
            throw ModelsErrors.ChunkOutOfOrder(progress.Received);
        var stored = ContractStorage.Element(call, upload.Chunks, offset / progress.ChunkSize);
        if (call.Keccak(data) != stored.ToHash256())
            throw ModelsErrors.ChunkMismatch(offset);
    }

    private static void RequireLength(NativeCall call, UploadProgress progress, int length)
    {
        var rest = progress.Size - progress.Received;
        var most = Math.Min(rest, (uint)call.Block.Genesis.Limits.ChunkBytes);
        var least = most;
        if (progress.ChunkSize != 0)
            least = most = Math.Min(rest, progress.ChunkSize);
        else
            least = Math.Min(rest, Math.Max(1, (progress.Size + ModelsParameters.MaxChunks - 1) / ModelsParameters.MaxChunks));
        if (length < least || length > most)
            throw ModelsErrors.WrongChunkLength(length, least, most);
    }
}
