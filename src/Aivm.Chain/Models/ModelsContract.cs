namespace Aivm.Chain;

/// <summary>The Models contract. Each action has its own file.</summary>
internal static class ModelsContract
{
    private static readonly ContractActions Actions = new(
        new(ModelsAbi.Begin, BeginUpload.Execute, IsPayable: true),
        new(ModelsAbi.Chunk, StoreChunk.Execute),
        new(ModelsAbi.Seal, SealModel.Execute),
        new(ModelsAbi.PublishOffChain, PublishOffChain.Execute),
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
        new(ModelsAbi.NetworkFeeBps, ReadModels.NetworkFeeBps));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);
}
