using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>reclaim(address publisher, bytes32 hash)</c>: removes an unfinished upload and gives its deposit to whoever did so: the publisher at
/// any time, anybody once it has expired.
/// </summary>
internal static class ReclaimUpload
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var publisher) || !arguments.TryReadHash(out var hash) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.Reclaim);
        var upload = ModelsStorage.Upload(call, publisher, hash);
        var progress = upload.Progress;
        if (!progress.Exists)
            throw ModelsErrors.UploadNotFound(hash);
        if (call.Caller != publisher && call.Block.Number <= progress.ExpiresAt)
            throw ModelsErrors.UploadNotExpired(progress.ExpiresAt);

        var deposit = upload.Deposit;
        upload.Clear();
        call.Pay(call.Caller, deposit);
        call.Log(
            ModelsAbi.UploadReclaimed,
            ModelsAbi.UploadReclaimed.BeginData().WriteUInt(deposit),
            AbiEvent.TopicOf(publisher),
            hash,
            AbiEvent.TopicOf(call.Caller));
        return [];
    }
}
