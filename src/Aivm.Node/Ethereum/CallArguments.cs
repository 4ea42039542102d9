using System.Text.Json;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>The transaction object of <c>eth_call</c>, <c>eth_estimateGas</c> and <c>eth_sendTransaction</c>. What is absent is null.</summary>
internal sealed record CallArguments
{
    private const string Form =
        "an object with any of from, to, gas, gasPrice, maxFeePerGas, maxPriorityFeePerGas, value, nonce, data, input, chainId, accessList";

    public Address? From { get; private set; }

    public Address? To { get; private set; }

    public ulong? Gas { get; private set; }

    public UInt256? GasPrice { get; private set; }

    public UInt256? MaxFeePerGas { get; private set; }

    public UInt256? MaxPriorityFeePerGas { get; private set; }

    public UInt256? Value { get; private set; }

    public ulong? Nonce { get; private set; }

    public ulong? ChainId { get; private set; }

    public byte[]? Data { get; private set; }

    public List<AccessListEntry>? AccessList { get; private set; }

    /// <summary>The next parameter, which is required.</summary>
    public static bool TryRead(ref RpcParameters parameters, out CallArguments arguments)
    {
        arguments = new CallArguments();
        if (!parameters.TryNextRequired("transaction", out var reader))
            return false;
        if (reader.TokenType != JsonTokenType.StartObject)
            return parameters.Expected("transaction", Form);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!arguments.TryReadField(ref reader, out var field, out var form))
                return parameters.Expected($"transaction.{field}", form);
        }
        if (arguments.GasPrice is not null && (arguments.MaxFeePerGas is not null || arguments.MaxPriorityFeePerGas is not null))
            return parameters.Expected("transaction", "either gasPrice or maxFeePerGas and maxPriorityFeePerGas, not both");
        return true;
    }

    /// <summary>Reads one field; unknown ones are passed over, as clients send more than a node needs.</summary>
    private bool TryReadField(ref Utf8JsonReader reader, out string field, out string form)
    {
        field = reader.HasValueSequence || reader.ValueIsEscaped ? "" : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        form = JsonText.QuantityForm;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        switch (field)
        {
            case "from":
                form = "0x and 40 hexadecimal digits";
                return JsonText.TryReadAddress(ref reader, out var from) && Is(From = from);
            case "to":
                form = "0x and 40 hexadecimal digits";
                return JsonText.TryReadAddress(ref reader, out var to) && Is(To = to);
            case "gas" or "gasLimit":
                return JsonText.TryReadQuantity(ref reader, out ulong gas) && Is(Gas = gas);
            case "nonce":
                return JsonText.TryReadQuantity(ref reader, out ulong nonce) && Is(Nonce = nonce);
            case "chainId":
                return JsonText.TryReadQuantity(ref reader, out ulong chainId) && Is(ChainId = chainId);
            case "value":
                return JsonText.TryReadQuantity(ref reader, out UInt256 value) && Is(Value = value);
            case "gasPrice":
                return JsonText.TryReadQuantity(ref reader, out UInt256 gasPrice) && Is(GasPrice = gasPrice);
            case "maxFeePerGas":
                return JsonText.TryReadQuantity(ref reader, out UInt256 maxFee) && Is(MaxFeePerGas = maxFee);
            case "maxPriorityFeePerGas":
                return JsonText.TryReadQuantity(ref reader, out UInt256 priorityFee) && Is(MaxPriorityFeePerGas = priorityFee);
            case "data" or "input":
                form = "0x and an even number of hexadecimal digits, the same in data and input";
                return JsonText.TryReadData(ref reader, out var data)
                    && (Data is null || Data.AsSpan().SequenceEqual(data))
                    && Is(Data = data);
            case "accessList":
                form = "an array of {address, storageKeys}";
                return TryReadAccessList(ref reader);
            default:
                reader.Skip();
                return true;
        }
    }

    private bool TryReadAccessList(ref Utf8JsonReader reader)
    {
        AccessList = [];
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!TryReadEntry(ref reader, out var entry))
                return false;
            AccessList.Add(entry);
        }
        return true;
    }

    private static bool TryReadEntry(ref Utf8JsonReader reader, out AccessListEntry entry)
    {
        Address? address = null;
        var keys = new List<Hash256>();
        entry = null!;
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isAddress = JsonText.IsText(reader, "address"u8);
            var isKeys = JsonText.IsText(reader, "storageKeys"u8);
            reader.Read();
            if (isAddress)
            {
                if (!JsonText.TryReadAddress(ref reader, out var value))
                    return false;
                address = value;
            }
            else if (isKeys && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (!JsonText.TryReadHash(ref reader, out var key))
                        return false;
                    keys.Add(key);
                }
            }
            else
            {
                return false;
            }
        }
        if (address is not { } present)
            return false;
        entry = new AccessListEntry(present, keys);
        return true;
    }

    /// <summary>True: lets an assignment end a condition.</summary>
    private static bool Is<T>(T _) => true;
}
