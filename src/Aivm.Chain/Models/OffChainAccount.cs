using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The account of a model that lies off the chain: it says where, and refuses to run by a name of its own.</summary>
internal static class OffChainAccount
{
    private static readonly ContractActions Actions = new(
        new(ModelsAbi.ModelInfer, Refuse),
        new(ModelsAbi.ModelInferPacked, Refuse),
        new(ModelsAbi.ModelDescribe, Describe));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);

    private static byte[] Refuse(NativeCall call, AbiReader arguments) => throw ModelsErrors.OffChainModel(call.Self);

    private static byte[] Describe(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.ModelDescribe);
        var descriptor = OffChainDescriptor.Decode(call.State.GetCode(call.Self).Span);
        return ModelsAbi.ModelDescribe.BeginReturn().WriteString(descriptor.Describe()).ToArray();
    }
}
