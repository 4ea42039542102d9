using System.Text.Json.Nodes;
using Aivm.Primitives;

namespace Aivm.Tests.Node;

public sealed class EthereumMethodTests
{
    private const string Models = "0x000000000000000000000000000000000000a100";

    [Theory]
    [InlineData("eth_getBalance", """[]""", "params[0] (address) is missing")]
    [InlineData("eth_getBalance", """["0x12"]""", "params[0] (address): expected 0x and 40 hexadecimal digits")]
    [InlineData("eth_getBalance", """[5]""", "params[0] (address): expected")]
    [InlineData("eth_getBalance", """["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","newest"]""", "params[1] (block): expected")]
    [InlineData("eth_getBalance", """["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",5]""", "params[1] (block): expected")]
    [InlineData("eth_getBalance", """["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",{"blockNumber":"0x1","blockHash":"0x00"}]""", "params[1] (block): expected")]
    [InlineData("eth_getBlockByNumber", """["0x1","yes"]""", "params[1] (fullTransactions): expected true or false")]
    [InlineData("eth_sendRawTransaction", """["0x123"]""", "params[0] (transaction): expected 0x and an even number")]
    [InlineData("eth_sendRawTransaction", """["0xzz"]""", "params[0] (transaction): expected")]
    [InlineData("eth_call", """["0x"]""", "params[0] (transaction): expected an object")]
    [InlineData("eth_call", """[{"to":"0x1"}]""", "params[0] (transaction.to): expected")]
    [InlineData("eth_call", """[{"value":"10"}]""", "params[0] (transaction.value): expected a quantity")]
    [InlineData("eth_call", """[{"data":"0x01","input":"0x02"}]""", "params[0] (transaction.input): expected")]
    [InlineData("eth_call", """[{"gasPrice":"0x1","maxFeePerGas":"0x1"}]""", "params[0] (transaction): expected either gasPrice or")]
    [InlineData("eth_call", """[{"accessList":[{"address":"0x00"}]}]""", "params[0] (transaction.accessList): expected")]
    [InlineData("eth_getLogs", """[{"topics":[[],[],[],[],[]]}]""", "params[0] (filter.topics): expected")]
    [InlineData("eth_getLogs", """[{"address":["0x00"]}]""", "params[0] (filter.address): expected")]
    [InlineData("eth_getLogs", """[{"blockHash":"0x0000000000000000000000000000000000000000000000000000000000000000","toBlock":"latest"}]""", "params[0] (filter): expected either")]
    [InlineData("eth_getLogs", """[{"fromBlock":"0x5","toBlock":"0x1"}]""", "invalid block range")]
    [InlineData("eth_getProof", """["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","0x0"]""", "params[1] (slots): expected an array")]
    [InlineData("eth_feeHistory", """["0x4","latest",[50,10]]""", "params[2] (rewardPercentiles): expected")]
    [InlineData("eth_feeHistory", """["0x4","latest",[101]]""", "params[2] (rewardPercentiles): expected")]
    [InlineData("eth_getFilterChanges", """[1]""", "params[0] (filter id): expected")]
    public async Task Wrong_parameters_are_named(string method, string parameters, string message)
    {
        await using var node = await NodeFixture.StartAsync();
        var values = JsonNode.Parse(parameters)!.AsArray().Select(value => (object?)value?.DeepClone()).ToArray();
        var (code, text) = await node.ErrorAsync(method, values);
        Assert.Equal(-32602, code);
        Assert.StartsWith(message, text);
    }

    [Fact]
    public async Task A_block_that_does_not_exist_is_null_where_it_is_asked_for_and_an_error_where_its_state_is()
    {
        await using var node = await NodeFixture.StartAsync();
        var address = NodeFixture.Alice.Address.ToString();
        Assert.Null(await node.CallAsync("eth_getBlockByNumber", "0x64", false));
        Assert.Null(await node.CallAsync("eth_getBlockByHash", Hash256.Zero.ToString(), false));
        Assert.Null(await node.CallAsync("eth_getBlockReceipts", "0x64"));
        Assert.Equal((-32000, "header not found"), await node.ErrorAsync("eth_getBalance", address, "0x64"));
        Assert.Equal((-32000, "header not found"), await node.ErrorAsync("eth_getLogs", new JsonObject { ["blockHash"] = Hash256.Zero.ToString() }));
        Assert.Equal("0x0", (string?)await node.CallAsync("eth_getUncleCountByBlockNumber", "latest"));
    }

    [Fact]
    public async Task Refused_transactions_are_told_in_the_words_that_clients_know()
    {
        await using var node = await NodeFixture.StartAsync();
        var first = NodeFixture.Transfer(0);
        await node.SendAndWaitAsync(first);
        await Refuses(NodeFixture.Transfer(0, value: 2), "nonce too low");
        var poor = new Aivm.Node.DevAccount(Secp256k1.AddressOf(Keccak.Hash("poor"u8).Span), Keccak.Hash("poor"u8).ToArray());
        await Refuses(NodeFixture.Transfer(0, from: poor), "insufficient funds for gas * price + value");
        var otherChain = new UnsignedTransaction { ChainId = 1, Nonce = 1, GasLimit = 21_000, To = Address.Zero, MaxFeePerGas = 10_000_000_000 };
        await Refuses(otherChain.Sign(NodeFixture.Alice.Key.Span), "invalid chain id");
        var lowGas = otherChain with { ChainId = 31337, GasLimit = 20_999 };
        await Refuses(lowGas.Sign(NodeFixture.Alice.Key.Span), "intrinsic gas too low");
        // It waits for the nonce before it.
        await node.SendAsync(NodeFixture.Transfer(2));
        await Refuses(NodeFixture.Transfer(2, value: 2), "replacement transaction underpriced");
        Assert.Equal(-32000, (await node.ErrorAsync("eth_sendRawTransaction", "0x")).Code);
        Assert.Equal(-32000, (await node.ErrorAsync("eth_sendRawTransaction", "0x02c0")).Code);

        async Task Refuses(Transaction transaction, string message)
        {
            var (code, text) = await node.ErrorAsync("eth_sendRawTransaction", Hex.Encode(transaction.Encoded.Span));
            Assert.Equal(-32000, code);
            Assert.StartsWith(message, text);
        }
    }

    [Fact]
    public async Task A_revert_carries_its_data_under_code_three()
    {
        await using var node = await NodeFixture.StartAsync();
        var answer = await node.AnswerAsync("eth_call", new JsonObject { ["to"] = Models, ["data"] = "0x12345678" }, "latest");
        Assert.Equal(3, (int)answer["error"]!["code"]!);
        Assert.StartsWith("execution reverted", (string)answer["error"]!["message"]!);
        Assert.Equal(Hex.Encode(Keccak.Hash("UnknownSelector(bytes4)"u8).Span[..4]), ((string)answer["error"]!["data"]!)[..10]);
        var estimate = await node.AnswerAsync("eth_estimateGas", new JsonObject { ["to"] = Models, ["data"] = "0x12345678" });
        Assert.Equal(3, (int)estimate["error"]!["code"]!);
    }

    [Fact]
    public async Task Gas_is_estimated_for_an_account_that_can_barely_pay()
    {
        await using var node = await NodeFixture.StartAsync();
        var key = Keccak.Hash("modest"u8).ToArray();
        var modest = Secp256k1.AddressOf(key);
        // 30,000 gas at 10 gwei, and one wei to send.
        await node.SendAndWaitAsync(NodeFixture.Transfer(0, to: modest, value: 300_000_000_000_001));
        var call = new JsonObject { ["from"] = modest.ToString(), ["to"] = NodeFixture.Bob.Address.ToString(), ["value"] = "0x1", ["maxFeePerGas"] = "0x2540be400" };
        Assert.Equal("0x5208", (string?)await node.CallAsync("eth_estimateGas", call));
    }

    [Fact]
    public async Task An_unlocked_account_is_signed_for_and_another_is_not()
    {
        await using var node = await NodeFixture.StartAsync();
        var (alice, bob) = (NodeFixture.Alice.Address.ToString(), NodeFixture.Bob.Address.ToString());
        var hash = (string)(await node.CallAsync("eth_sendTransaction", new JsonObject { ["from"] = alice, ["to"] = bob, ["value"] = "0x9" }))!;
        var receipt = await node.ReceiptAsync(hash);
        Assert.Equal(alice, (string?)receipt["from"]);
        var (code, message) = await node.ErrorAsync("eth_sendTransaction", new JsonObject { ["from"] = Models, ["to"] = bob });
        Assert.Equal(-32000, code);
        Assert.StartsWith("unknown account", message);
        Assert.Equal(-32602, (await node.ErrorAsync("eth_sendTransaction", new JsonObject { ["to"] = bob })).Code);
    }

    [Fact]
    public async Task Filters_tell_what_is_new_since_they_were_asked_and_the_oldest_makes_room()
    {
        var options = new Aivm.Node.NodeOptions { Rpc = new Aivm.Node.JsonRpc.RpcLimits { MaxFilters = 3 } };
        await using var node = await NodeFixture.StartAsync(options);
        var blocks = (string)(await node.CallAsync("eth_newBlockFilter"))!;
        var pending = (string)(await node.CallAsync("eth_newPendingTransactionFilter"))!;
        var logs = (string)(await node.CallAsync("eth_newFilter", new JsonObject { ["address"] = Models }))!;
        var receipt = await node.SendAndWaitAsync(NodeFixture.Transfer(0));
        Assert.Equal([(string?)receipt["blockHash"]], (await node.CallAsync("eth_getFilterChanges", blocks))!.AsArray().Select(hash => (string?)hash));
        Assert.Equal([(string?)receipt["transactionHash"]], (await node.CallAsync("eth_getFilterChanges", pending))!.AsArray().Select(hash => (string?)hash));
        Assert.Empty((await node.CallAsync("eth_getFilterChanges", logs))!.AsArray());
        Assert.Empty((await node.CallAsync("eth_getFilterChanges", blocks))!.AsArray());

        var begun = await node.SendAndWaitAsync(BeginUpload(1));
        Assert.Equal("0x1", (string?)begun["status"]);
        var found = (await node.CallAsync("eth_getFilterChanges", logs))!.AsArray().Single()!;
        Assert.Equal((string?)begun["transactionHash"], (string?)found["transactionHash"]);
        Assert.Single((await node.CallAsync("eth_getLogs", new JsonObject { ["fromBlock"] = "0x0", ["topics"] = new JsonArray((string?)found["topics"]![0]) }))!.AsArray());
        Assert.Empty((await node.CallAsync("eth_getLogs", new JsonObject { ["fromBlock"] = "0x0", ["topics"] = new JsonArray(Hash256.Zero.ToString()) }))!.AsArray());

        await node.CallAsync("eth_newBlockFilter");
        Assert.Equal((-32000, "filter not found"), await node.ErrorAsync("eth_getFilterChanges", pending));
        Assert.True((bool)(await node.CallAsync("eth_uninstallFilter", logs))!);
        Assert.False((bool)(await node.CallAsync("eth_uninstallFilter", logs))!);
    }

    /// <summary>Models.begin for 1,000 bytes: emits one event.</summary>
    internal static Transaction BeginUpload(ulong nonce) => new UnsignedTransaction
    {
        ChainId = 31337,
        Nonce = nonce,
        MaxFeePerGas = 100_000_000_000,
        MaxPriorityFeePerGas = 1_000_000_000,
        GasLimit = 1_000_000,
        To = Address.Parse(Models),
        Value = 1_000 * 1_000_000_000UL,
        Data = (byte[])[.. Keccak.Hash("begin(bytes32,uint32)"u8).Span[..4], .. Keccak.Hash([(byte)nonce]).Span, .. new UInt256(1_000).ToHash256().Span],
    }.Sign(NodeFixture.Alice.Key.Span);
}
