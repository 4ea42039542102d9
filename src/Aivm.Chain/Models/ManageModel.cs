using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What the owner of a model may change: its price, and who owns it.</summary>
internal static class ManageModel
{
    public static byte[] SetPrice(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadUInt256(out var price) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.SetPrice);
        var record = ModelsStorage.Model(call, model);
        RequireOwner(call, record);
        record.Price = price;
        call.Log(ModelsAbi.PriceChanged, ModelsAbi.PriceChanged.BeginData().WriteUInt(price), AbiEvent.TopicOf(model));
        return [];
    }

    public static byte[] TransferOwnership(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadAddress(out var newOwner) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.TransferOwnership);
        var record = ModelsStorage.Model(call, model);
        RequireOwner(call, record);
        if (newOwner.IsZero)
            throw ModelsErrors.InvalidOwner();
        record.Ownership = record.Ownership with { Owner = newOwner };
        call.Log(
            ModelsAbi.OwnershipTransferred,
            ModelsAbi.OwnershipTransferred.BeginData(),
            AbiEvent.TopicOf(model),
            AbiEvent.TopicOf(call.Caller),
            AbiEvent.TopicOf(newOwner));
        return [];
    }

    internal static void RequireOwner(NativeCall call, ModelSlots record)
    {
        var owner = record.Ownership.Owner;
        if (call.Caller != owner)
            throw ModelsErrors.NotOwner(owner);
    }
}
