using System.Text;
using System.Text.Json.Nodes;
using Aivm.Node;

namespace Aivm.Tests.Node;

public sealed class MethodFuzzTests
{
    private static readonly string[] Methods =
    [
        "aivm_chainLimits", "eth_accounts", "eth_blockNumber", "eth_call", "eth_chainId", "eth_createAccessList", "eth_estimateGas",
        "eth_feeHistory", "eth_gasPrice", "eth_getBalance", "eth_getBlockByHash", "eth_getBlockByNumber", "eth_getBlockReceipts",
        "eth_getBlockTransactionCountByHash", "eth_getBlockTransactionCountByNumber", "eth_getCode", "eth_getFilterChanges",
        "eth_getFilterLogs", "eth_getLogs", "eth_getProof", "eth_getStorageAt", "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionByHash", "eth_getTransactionCount", "eth_getTransactionReceipt",
        "eth_getUncleCountByBlockHash", "eth_getUncleCountByBlockNumber", "eth_maxPriorityFeePerGas", "eth_mining", "eth_newBlockFilter",
        "eth_newFilter", "eth_newPendingTransactionFilter", "eth_protocolVersion", "eth_requestAccounts", "eth_sendRawTransaction",
        "eth_sendTransaction", "eth_subscribe", "eth_syncing", "eth_uninstallFilter", "eth_unsubscribe", "evm_mine", "net_listening",
        "net_peerCount", "net_version", "txpool_status", "web3_clientVersion", "web3_sha3",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e99", "\"\"", "\"0x\"", "\"0x0\"", "\"0x1\"", "\"0xffffffffffffffff\"", "\"0x10000000000000000\"",
        "\"latest\"", "\"pending\"", "\"earliest\"", "\"\\ud800\"", "\"0x\\u0031\"", "[]", "[null]", "[[]]", "[50]", "[\"0x1\"]", "{}",
        "\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\"",
        "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
        "{\"from\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"to\":\"0x000000000000000000000000000000000000a100\",\"data\":\"0x12\"}",
        "{\"from\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"value\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\",\"gasPrice\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}",
        "{\"to\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"gas\":\"0xffffffffffffffff\",\"maxFeePerGas\":\"0x0\",\"maxPriorityFeePerGas\":\"0x5\",\"nonce\":\"0xffffffffffffffff\"}",
        "{\"fromBlock\":\"0x0\",\"toBlock\":\"0xffffffffffffffff\",\"topics\":[null,[null]]}",
        "{\"blockHash\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}", "{\"blockNumber\":\"0x0\"}",
        "{\"\\ud800\":1}", "{\"a\":{\"b\":[{}]}}",
    ];

    [Fact]
    public async Task No_parameters_make_a_method_fail_inside()
    {
        await using var node = await NodeFixture.StartAsync(new NodeOptions { BlockTime = TimeSpan.FromMinutes(10) });
        var random = new Random(11);
        foreach (var method in Methods)
        {
            var batch = new List<string>();
            for (var i = 0; i < 200; i++)
            {
                // Every value alone in front, then mixtures.
                var count = i < Values.Length ? 1 : random.Next(0, 5);
                var parameters = Enumerable.Range(0, count).Select(_ => i < Values.Length ? Values[i] : Values[random.Next(Values.Length)]);
                batch.Add($$"""{"jsonrpc":"2.0","id":{{i}},"method":"{{method}}","params":[{{string.Join(",", parameters)}}]}""");
            }
            using var content = new StringContent($"[{string.Join(",", batch)}]", Encoding.UTF8, "application/json");
            using var response = await node.Http.PostAsync("/", content, TestContext.Current.CancellationToken);
            var answers = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsArray();
            Assert.Equal(200, answers.Count);
            foreach (var answer in answers)
            {
                var code = (int?)answer!["error"]?["code"];
                Assert.True(code is null or 3 or -32000 or -32602 or -32005 or -32601, $"{method}: {answer.ToJsonString()} for {batch[(int)answer["id"]!]}");
                Assert.True(code != -32601 || method.EndsWith("subscribe", StringComparison.Ordinal), method);
            }
        }
        Assert.Null(node.Node.Halted);
    }
}
