using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The contract that keeps a receipt's id, and where: a mapping from ids to the blocks that made them (docs/spec/receipts.md).</summary>
internal sealed record ReceiptHome(Address Contract, UInt256 MappingSlot, AbiFunction Height, AbiEvent Event)
{
    public static readonly ReceiptHome Models = new(ModelsInterface.Contract, 5, ModelsInterface.ReceiptHeight, ModelsInterface.Inferred);

    public static readonly ReceiptHome Jobs = new(JobsInterface.Contract, 3, JobsInterface.ReceiptHeight, JobsInterface.JobAnswered);

    public static readonly IReadOnlyList<ReceiptHome> All = [Models, Jobs];

    /// <summary>What every validator ran was sold by the Models contract, anything else by Jobs.</summary>
    public static ReceiptHome Of(InferenceReceipt receipt) => receipt.EvidenceKind == 0 ? Models : Jobs;

    /// <summary>The slot that holds the block of a receipt, and 0 where there is none.</summary>
    public UInt256 SlotOf(Hash256 id) => UInt256.FromBigEndian(Keccak.Hash([.. id.Span, .. MappingSlot.ToHash256().Span]).Span);
}
