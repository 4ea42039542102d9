using System.Text.Json;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>What gas costs, and what it cost.</summary>
internal sealed class FeeMethods(ChainReader chain)
{
    private const ulong MaxBlocks = 1_024;
    private const ulong MaxRewardBlocks = 64;
    private const int MaxPercentiles = 100;

    /// <summary>Wei per gas for the proposer. Enough on a chain whose blocks are not full; who is in a hurry offers more.</summary>
    public static readonly UInt256 SuggestedTip = 1_000_000_000;

    public void Register(Dictionary<string, RpcMethod> methods)
    {
        methods.Add("eth_gasPrice", GasPrice);
        methods.Add("eth_maxPriorityFeePerGas", MaxPriorityFeePerGas);
        methods.Add("eth_feeHistory", FeeHistory);
    }

    private RpcError? GasPrice(ref RpcCall call)
    {
        call.Result.WriteQuantityValue(chain.NextBaseFee + SuggestedTip);
        return null;
    }

    private RpcError? MaxPriorityFeePerGas(ref RpcCall call)
    {
        call.Result.WriteQuantityValue(SuggestedTip);
        return null;
    }

    private RpcError? FeeHistory(ref RpcCall call)
    {
        if (!call.Parameters.TryReadUInt64("blockCount", out var count)
            || !call.Parameters.TryReadBlock(out var newest)
            || !TryReadPercentiles(ref call.Parameters, out var percentiles))
            return call.Parameters.Error;
        if (!chain.TryFind(newest, out var last))
            return BlockLookup.NotFound;
        count = Math.Min(count, Math.Min(percentiles.Count > 0 ? MaxRewardBlocks : MaxBlocks, last.Number + 1));
        var blocks = new List<ChainHeader>();
        for (var number = last.Number + 1 - count; number <= last.Number && chain.TryGetHeader(number, out var header); number++)
            blocks.Add(header);
        WriteHistory(call.Result, blocks, last, percentiles);
        return null;
    }

    private void WriteHistory(Utf8JsonWriter json, List<ChainHeader> blocks, ChainHeader last, List<double> percentiles)
    {
        json.WriteStartObject();
        json.WritePropertyName("oldestBlock"u8);
        json.WriteQuantityValue(blocks.Count > 0 ? blocks[0].Number : last.Number);
        json.WriteStartArray("baseFeePerGas"u8);
        foreach (var block in blocks)
            json.WriteQuantityValue(block.Header.BaseFee);
        json.WriteQuantityValue(BaseFee.Next(last.Header));
        json.WriteEndArray();
        json.WriteStartArray("gasUsedRatio"u8);
        foreach (var block in blocks)
            json.WriteNumberValue((double)block.Header.GasUsed / block.Header.GasLimit);
        json.WriteEndArray();
        if (percentiles.Count > 0)
        {
            json.WriteStartArray("reward"u8);
            foreach (var block in blocks)
                WriteRewards(json, block, percentiles);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>The tips below which these shares of the block's gas were bought.</summary>
    private void WriteRewards(Utf8JsonWriter json, ChainHeader block, List<double> percentiles)
    {
        var sales = chain.GetTransactions(block)
            .Select(mined => (Tip: mined.GasPrice - block.Header.BaseFee, mined.GasUsed))
            .OrderBy(sale => sale.Tip)
            .ToList();
        var sold = 0UL;
        var next = 0;
        json.WriteStartArray();
        foreach (var percentile in percentiles)
        {
            var threshold = block.Header.GasUsed * percentile / 100;
            while (next < sales.Count && sold + sales[next].GasUsed < threshold)
                sold += sales[next++].GasUsed;
            json.WriteQuantityValue(sales.Count == 0 ? UInt256.Zero : sales[Math.Min(next, sales.Count - 1)].Tip);
        }
        json.WriteEndArray();
    }

    private static bool TryReadPercentiles(ref RpcParameters parameters, out List<double> percentiles)
    {
        const string Name = "rewardPercentiles";
        const string Form = "an array of at most 100 rising numbers from 0 to 100";
        percentiles = [];
        if (!parameters.TryNext(out var reader))
            return true;
        if (reader.TokenType != JsonTokenType.StartArray)
            return parameters.Expected(Name, Form);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (percentiles.Count == MaxPercentiles
                || reader.TokenType != JsonTokenType.Number
                || !reader.TryGetDouble(out var percentile)
                || percentile is not (>= 0 and <= 100)
                || (percentiles.Count > 0 && percentile < percentiles[^1]))
                return parameters.Expected(Name, Form);
            percentiles.Add(percentile);
        }
        return true;
    }
}
