using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Chain;

/// <summary>
/// <c>seal(bytes32 hash, string name, string metadata, uint256 price)</c>: turns a complete upload into a model account. No work on the container
/// goes beyond the gas that is left.
/// </summary>
internal static class SealModel
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var hash) || !Publication.TryRead(arguments, out var publication))
            throw ContractErrors.MalformedCalldata(ModelsAbi.Seal);
        publication.RequireValid();
        var upload = ModelsStorage.Upload(call, call.Caller, hash);
        var progress = BeginUpload.RequireOpen(call, upload, hash);
        if (progress.Received != progress.Size)
            throw ModelsErrors.UploadIncomplete(progress.Received, progress.Size);

        call.Charge(CallGas.NewAccount + (ModelsParameters.SealGasPerByte * progress.Size));
        var code = Assemble(call, upload, progress);
        var model = Validate(call, hash, code);
        var account = publication.CreateAccount(call, hash, code, model.Gas, model.LoadGas, progress.Size);
        call.Context.Models.Add(call.State.GetCodeHash(account), model);

        var deposit = upload.Deposit;
        upload.Clear();
        call.Pay(call.Caller, deposit);
        return ModelsAbi.Seal.BeginReturn().WriteAddress(account).ToArray();
    }

    /// <summary>The account's code: the prefix and the chunks one after the other.</summary>
    private static byte[] Assemble(NativeCall call, UploadSlots upload, UploadProgress progress)
    {
        var code = new byte[ModelAccount.CodePrefix.Length + progress.Size];
        ModelAccount.CodePrefix.CopyTo(code);
        var end = ModelAccount.CodePrefix.Length;
        for (var i = 0UL; end < code.Length; i++)
        {
            var chunk = call.State.GetBlob(ContractStorage.Element(call, upload.Chunks, i).ToHash256());
            chunk.Span.CopyTo(code.AsSpan(end));
            end += chunk.Length;
        }
        return code;
    }

    private static Model Validate(NativeCall call, Hash256 hash, byte[] code)
    {
        var container = code.AsSpan(ModelAccount.CodePrefix.Length);
        var actual = Keccak.Hash(container);
        if (actual != hash)
            throw ModelsErrors.HashMismatch(actual);
        var isPrivate = PrivateModel.Is(container);
        if (isPrivate && !PrivateModel.TryReadRoot(container, out _, out var unreadable))
            throw ModelsErrors.InvalidModel(unreadable);
        var limits = ModelLimits.OnChain with { LoadGas = call.Frame.Gas };
        var isModel = Model.TryLoadKnown(ModelAccount.GraphOf(container), hash, limits, out var model, out var gas, out var error);
        // Refused or not, the work is done.
        if (error?.Code == "limit-load")
            throw CallFailure.OutOfGas(error.Message);
        call.Charge(gas);
        if (!isModel)
            throw ModelsErrors.InvalidModel(error!);
        if (isPrivate && !PrivateModel.IsArchitecture(model.Graph, out var revealing))
            throw ModelsErrors.InvalidModel(revealing);
        // A run that fits into no transaction could never be paid for.
        var limit = call.Block.Genesis.Limits.TransactionGas;
        if (model.Gas > limit || model.LoadGas > limit - model.Gas)
            throw ModelsErrors.InvalidModel(new Error(
                "model-too-heavy", $"loading takes {model.LoadGas} gas and a run {model.Gas}; a transaction has at most {limit}"));
        return model;
    }
}
