using System.Diagnostics.CodeAnalysis;
using Aivm.Chain;
using Aivm.Node.JsonRpc;

namespace Aivm.Node.Ethereum;

internal static class BlockLookup
{
    /// <summary>What a method that reads state answers about a block that is not there, in geth's words.</summary>
    public static readonly RpcError NotFound = RpcError.Execution("header not found");

    public static bool TryFind(this ChainReader reader, BlockSelector selector, [NotNullWhen(true)] out ChainHeader? header)
    {
        if (selector.Hash is { } hash)
            return reader.TryGetHeader(hash, out header);
        if (selector.Tag == BlockTag.None || selector.Tag == BlockTag.Earliest)
            return reader.TryGetHeader(selector.Number ?? 0, out header);
        header = reader.Head;
        return true;
    }
}
