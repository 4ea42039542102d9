using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>publishOffChain(uint8 kind, bytes32 hash, bytes32 digest, uint64 size, uint64 gas, string name, string metadata, uint256 price)</c>: an account for a
/// model whose bytes no validator sees. What is said of them is checked by whoever fetches them.
/// </summary>
internal static class PublishOffChain
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt(8, out var kind) || !arguments.TryReadHash(out var hash) || !arguments.TryReadHash(out var digest)
            || !arguments.TryReadUInt64(out var size) || !arguments.TryReadUInt64(out var gas) || !Publication.TryRead(arguments, out var publication))
            throw ContractErrors.MalformedCalldata(ModelsAbi.PublishOffChain);
        publication.RequireValid();
        var descriptor = new OffChainDescriptor((OffChainModelKind)(byte)(ulong)kind, hash, digest, size, gas);
        RequireValid(descriptor);
        var code = descriptor.Encode();
        call.Charge(CallGas.NewAccount + (CallGas.StoredByte * (ulong)code.Length));
        var account = publication.CreateAccount(call, hash, code, gas, loadGas: 0, size: 0);
        return ModelsAbi.PublishOffChain.BeginReturn().WriteAddress(account).ToArray();
    }

    private static void RequireValid(OffChainDescriptor descriptor)
    {
        if (descriptor.Kind is not (OffChainModelKind.Container or OffChainModelKind.Onnx))
            throw ModelsErrors.InvalidOffChainKind((byte)descriptor.Kind);
        if (descriptor.Size is 0 or > OffChainDescriptor.MaxSize)
            throw ModelsErrors.InvalidOffChainSize(descriptor.Size, OffChainDescriptor.MaxSize);
        if (descriptor.Gas is 0 or > OffChainDescriptor.MaxGas)
            throw ModelsErrors.InvalidOffChainGas(descriptor.Gas, OffChainDescriptor.MaxGas);
    }
}
