using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary><c>begin(bytes32 hash, uint32 size)</c>: opens an upload against a deposit.</summary>
internal static class BeginUpload
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var hash) || !arguments.TryReadUInt32(out var size) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.Begin);
        var limits = call.Block.Genesis.Limits;
        if (size == 0 || size > limits.ModelBytes)
            throw ModelsErrors.InvalidSize(size, limits.ModelBytes);
        var deposit = DepositFor(size);
        if (call.Frame.Value != deposit)
            throw ModelsErrors.WrongDeposit(deposit);
        var model = ModelAccount.AddressOf(call.Caller, hash);
        if (ModelsStorage.NewModel(call, model).Exists)
            throw ModelsErrors.AlreadyPublished(model);
        var upload = ModelsStorage.Upload(call, call.Caller, hash);
        if (upload.Progress.Exists)
            throw ModelsErrors.UploadExists(hash);

        var expiresAt = call.Block.Number + limits.UploadLifetime;
        upload.Progress = new UploadProgress(size, Received: 0, ChunkSize: 0, expiresAt);
        upload.Deposit = deposit;
        call.Log(
            ModelsAbi.UploadStarted,
            ModelsAbi.UploadStarted.BeginData().WriteUInt(size).WriteUInt(deposit).WriteUInt(expiresAt),
            AbiEvent.TopicOf(call.Caller),
            hash);
        return [];
    }

    public static UInt256 DepositFor(uint size) => (UInt256)ModelsParameters.DepositPerByte * size;

    /// <summary>The progress of an upload that may go on.</summary>
    public static UploadProgress RequireOpen(NativeCall call, UploadSlots upload, Hash256 hash)
    {
        var progress = upload.Progress;
        if (!progress.Exists)
            throw ModelsErrors.UploadNotFound(hash);
        if (call.Block.Number > progress.ExpiresAt)
            throw ModelsErrors.UploadExpired(progress.ExpiresAt);
        return progress;
    }
}
