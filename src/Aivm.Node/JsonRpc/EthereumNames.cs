using System.Text.Json;

namespace Aivm.Node.JsonRpc;

/// <summary>The property names of Ethereum's JSON objects, encoded once.</summary>
internal static class EthereumNames
{
    public static readonly JsonEncodedText Data = JsonEncodedText.Encode("data");
}
