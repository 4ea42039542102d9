using System.Buffers;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Chain;

/// <summary>An account whose code is a model: <c>infer(int64[])</c>, <c>inferPacked(bytes)</c>, <c>describe()</c>.</summary>
public static class ModelAccount
{
    private const byte AddressTag = 0xA1;

    /// <summary>In front of the container; EIP-3541 keeps 0xEF free of EVM code.</summary>
    public static ReadOnlySpan<byte> CodePrefix => [0xEF, 0xA1];

    /// <param name="modelHash">keccak256 of the container.</param>
    public static Address AddressOf(Address publisher, Hash256 modelHash)
    {
        Span<byte> preimage = [AddressTag, .. publisher.Span, .. modelHash.Span];
        return new Address(Keccak.Hash(preimage).Span[(Hash256.Size - Address.Size)..]);
    }

    internal static CallResult Execute(TransactionContext context, CallFrame frame, ReadOnlyMemory<byte> code) =>
        NativeCall.Run(context, frame, call => Dispatch(call, code));

    /// <summary>Runs a model on a packed input for another contract, at the same price as a call of the account.</summary>
    internal static long[] RunPacked(NativeCall call, Address account, ReadOnlyMemory<byte> code, ReadOnlySpan<byte> packed)
    {
        RequireRunnable(account, code);
        var model = Load(call, account, code);
        call.Charge(model.Gas);
        var output = new long[model.OutputCount];
        return model.TryRunPacked(packed, output, out var error) ? output : throw ModelsErrors.InvalidInput(error);
    }

    private static byte[] Dispatch(NativeCall call, ReadOnlyMemory<byte> code)
    {
        if (!call.Frame.Value.IsZero)
            throw ContractErrors.ValueNotAccepted();
        var calldata = call.Frame.Input.Span;
        if (!AbiSelector.TrySplit(calldata, out var selector, out var arguments))
            throw ContractErrors.UnknownSelector(calldata);
        var reader = new AbiReader(arguments);
        if (selector == ModelsAbi.ModelInfer.Selector)
            return Infer(call, code, reader);
        if (selector == ModelsAbi.ModelInferPacked.Selector)
            return InferPacked(call, code, reader);
        if (selector == ModelsAbi.ModelDescribe.Selector)
            return Describe(call, code, reader);
        throw ContractErrors.UnknownSelector(calldata);
    }

    private static byte[] Infer(NativeCall call, ReadOnlyMemory<byte> code, AbiReader arguments)
    {
        // Images have more numbers than the small heap takes.
        var numbers = ArrayPool<long>.Shared.Rent(call.Frame.Input.Length / Hash256.Size);
        try
        {
            if (!arguments.TryReadInt64Array(numbers, out var count) || !arguments.TryEnd())
                throw ContractErrors.MalformedCalldata(ModelsAbi.ModelInfer);
            return Infer(call, code, numbers.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<long>.Shared.Return(numbers);
        }
    }

    private static byte[] Infer(NativeCall call, ReadOnlyMemory<byte> code, ReadOnlySpan<long> input)
    {
        RequireRunnable(call.Self, code);
        var model = Load(call, call.Self, code);
        call.Charge(model.Gas);
        var output = new long[model.OutputCount];
        if (!model.TryRun(input, output, out var error))
            throw ModelsErrors.InvalidInput(error);
        return ModelsAbi.ModelInfer.BeginReturn().WriteInt64Array(output).ToArray();
    }

    private static byte[] InferPacked(NativeCall call, ReadOnlyMemory<byte> code, AbiReader arguments)
    {
        if (!arguments.TryReadBytes(out var packed) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.ModelInferPacked);
        var output = RunPacked(call, call.Self, code, packed);
        return ModelsAbi.ModelInferPacked.BeginReturn().WriteInt64Array(output).ToArray();
    }

    private static byte[] Describe(NativeCall call, ReadOnlyMemory<byte> code, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.ModelDescribe);
        return ModelsAbi.ModelDescribe.BeginReturn().WriteString(Load(call, call.Self, code).Describe()).ToArray();
    }

    /// <summary>The model of another account, with its loading paid, for who wants to know whether it gave some outputs.</summary>
    /// <returns>Of a private model the architecture, under the private model's hash.</returns>
    internal static (Model Model, bool IsPrivate) LoadForProofs(NativeCall call, Address account)
    {
        call.Charge(CallGas.SlotRead);
        var code = call.State.GetCode(account);
        switch (CodeKinds.Of(code.Span))
        {
            case CodeKind.Model:
                break;
            case CodeKind.OffChainModel:
                throw ModelsErrors.OffChainModel(account);
            default:
                throw ModelsErrors.NotAModel(account);
        }
        return (Load(call, account, code), PrivateModel.Is(ContainerOf(code)));
    }

    internal static ReadOnlySpan<byte> ContainerOf(ReadOnlyMemory<byte> code) => code.Span[CodePrefix.Length..];

    /// <summary>What can be loaded of a container: all of it, or a private model's architecture.</summary>
    internal static ReadOnlySpan<byte> GraphOf(ReadOnlySpan<byte> container) =>
        PrivateModel.Is(container) ? PrivateModel.ArchitectureOf(container) : container;

    /// <summary>Validators run what the chain holds all of.</summary>
    private static void RequireRunnable(Address account, ReadOnlyMemory<byte> code)
    {
        var kind = CodeKinds.Of(code.Span);
        if (kind == CodeKind.OffChainModel)
            throw ModelsErrors.OffChainModel(account);
        if (kind == CodeKind.Model && PrivateModel.Is(ContainerOf(code)))
            throw ModelsErrors.PrivateWeights(account);
    }

    /// <summary>
    /// The model, prepared. The first touch in a transaction pays for loading before any work is done, whatever the cache holds; the price was
    /// noted by the Models contract when the model was sealed.
    /// </summary>
    private static Model Load(NativeCall call, Address account, ReadOnlyMemory<byte> code)
    {
        if (call.Context.LoadedModels.TryGetValue(account, out var loaded))
            return loaded;
        call.Charge(ModelsStorage.LoadGasOf(call.State, account));
        var codeHash = call.State.GetCodeHash(account);
        if (!call.Context.Models.TryGet(codeHash, out var model))
        {
            if (!Model.TryLoadKnown(GraphOf(ContainerOf(code)), ModelsStorage.HashOf(call.State, account), out model, out var error))
                throw ModelsErrors.InvalidModel(error);
            call.Context.Models.Add(codeHash, model);
        }
        call.Context.LoadedModels.Add(account, model);
        return model;
    }
}
