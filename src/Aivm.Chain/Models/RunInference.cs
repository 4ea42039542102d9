using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary><c>infer(address model, bytes input)</c>: a paid run with a receipt.</summary>
internal static class RunInference
{
    private static readonly UInt256 BasisPoints = 10_000;

    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadBytes(out var input) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.Infer);
        var record = ModelsStorage.Model(call, model);
        var price = record.Price;
        if (call.Frame.Value < price)
            throw ModelsErrors.InsufficientPayment(price, call.Frame.Value);

        var output = ModelAccount.RunPacked(call, model, call.State.GetCode(model), input);
        var shares = Split(price, record.Ownership.Owner, call.Block.Genesis.NetworkFeeBps);
        foreach (var (payee, amount) in shares)
            call.Pay(payee, amount);
        call.Pay(call.Caller, call.Frame.Value - price);

        var receipt = new InferenceReceipt(
            call.Block.Genesis.ChainId,
            call.Block.Number,
            ModelsStorage.CountInference(call).ToHash256(),
            model,
            record.Hash,
            call.Caller,
            InferenceReceipt.CommitToPublicInput(call, input),
            InferenceReceipt.HashOutput(call, output),
            shares).Encode();
        var receiptId = call.Keccak(receipt);
        ModelsStorage.AddReceipt(call, receiptId);
        call.Log(
            ModelsAbi.Inferred,
            ModelsAbi.Inferred.BeginData().WriteInt64Array(output).WriteBytes(receipt),
            AbiEvent.TopicOf(model),
            AbiEvent.TopicOf(call.Caller),
            receiptId);
        return ModelsAbi.Infer.BeginReturn().WriteInt64Array(output).WriteHash(receiptId).ToArray();
    }

    /// <summary>The price in shares that sum to it exactly; nothing is listed for nothing.</summary>
    internal static (Address Payee, UInt256 Amount)[] Split(UInt256 price, Address owner, ushort feeBps)
    {
        // price * bps may need more than 256 bits; whole units and the rest apart do not.
        var (units, rest) = UInt256.DivRem(price, BasisPoints);
        var fee = (units * feeBps) + (rest * feeBps / BasisPoints);
        (Address Payee, UInt256 Amount)[] shares = [(owner, price - fee), (SystemContracts.Treasury, fee)];
        return [.. shares.Where(share => !share.Amount.IsZero)];
    }
}
