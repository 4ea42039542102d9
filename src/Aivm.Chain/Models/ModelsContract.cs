using System.Collections.Frozen;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The Models contract: finds the action that calldata asks for. Each action has its own file.</summary>
internal static class ModelsContract
{
    /// <summary>What an action does with its arguments, up to the encoded return values.</summary>
    internal delegate byte[] Handler(NativeCall call, AbiReader arguments);

    private sealed record Action(AbiFunction Function, Handler Handler, bool IsPayable = false);

    private static readonly FrozenDictionary<uint, Action> Actions = new Action[]
    {
        new(ModelsAbi.Begin, BeginUpload.Execute, IsPayable: true),
        new(ModelsAbi.Chunk, StoreChunk.Execute),
        new(ModelsAbi.Seal, SealModel.Execute),
        new(ModelsAbi.Reclaim, ReclaimUpload.Execute),
        new(ModelsAbi.Infer, RunInference.Execute, IsPayable: true),
        new(ModelsAbi.SetPrice, ManageModel.SetPrice),
        new(ModelsAbi.TransferOwnership, ManageModel.TransferOwnership),
        new(ModelsAbi.RegisterRoot, RegisterRoot.Execute),
        new(ModelsAbi.Resolve, ReadModels.Resolve),
        new(ModelsAbi.VersionCount, ReadModels.VersionCount),
        new(ModelsAbi.GasOf, ReadModels.GasOf),
        new(ModelsAbi.Info, ReadModels.Info),
        new(ModelsAbi.OwnerOf, ReadModels.OwnerOf),
        new(ModelsAbi.PriceOf, ReadModels.PriceOf),
        new(ModelsAbi.MetadataOf, ReadModels.MetadataOf),
        new(ModelsAbi.PublisherOf, ReadModels.PublisherOf),
        new(ModelsAbi.AddressOf, ReadModels.AddressOf),
        new(ModelsAbi.ModelCount, ReadModels.ModelCount),
        new(ModelsAbi.ModelAt, ReadModels.ModelAt),
        new(ModelsAbi.Upload, ReadModels.Upload),
        new(ModelsAbi.DepositFor, ReadModels.DepositFor),
        new(ModelsAbi.ReceiptHeight, ReadModels.ReceiptHeight),
        new(ModelsAbi.RootCount, ReadModels.RootCount),
        new(ModelsAbi.RootAt, ReadModels.RootAt),
        new(ModelsAbi.RootHeight, ReadModels.RootHeight),
        new(ModelsAbi.NetworkFeeBps, ReadModels.NetworkFeeBps),
    }.ToFrozenDictionary(action => action.Function.Selector);

    public static CallResult Execute(TransactionContext context, CallFrame frame) => NativeCall.Run(context, frame, Dispatch);

    private static byte[] Dispatch(NativeCall call)
    {
        var input = call.Frame.Input.Span;
        if (!AbiSelector.TrySplit(input, out var selector, out var arguments) || !Actions.TryGetValue(selector, out var action))
            throw ModelsErrors.UnknownSelector(input);
        if (!action.IsPayable && !call.Frame.Value.IsZero)
            throw ModelsErrors.ValueNotAccepted();
        return action.Handler(call, new AbiReader(arguments));
    }
}
