using System.Net;
using System.Net.Sockets;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.State;

namespace Aivm.Tests.Node;

public sealed class NodeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_development_accounts_are_those_of_the_standard_mnemonic()
    {
        Assert.Equal(10, DevChain.Accounts.Count);
        Assert.Equal(Address.Parse("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"), DevChain.Accounts[0].Address);
        Assert.Equal(Address.Parse("0xa0ee7a142d267c1f36714e4a8f75612f20a79720"), DevChain.Accounts[9].Address);
    }

    [Fact]
    public async Task A_transfer_is_mined_and_read_back()
    {
        await using var node = await NodeFixture.StartAsync();
        var before = await node.BalanceAsync(NodeFixture.Bob.Address);
        var receipt = await node.SendAndWaitAsync(NodeFixture.Transfer(0, value: 12));
        Assert.Equal("0x1", (string?)receipt["status"]);
        Assert.Equal("0x5208", (string?)receipt["gasUsed"]);
        Assert.Equal(before + 12, await node.BalanceAsync(NodeFixture.Bob.Address));
        Assert.Equal(before, await node.BalanceAsync(NodeFixture.Bob.Address, "0x0"));
        var transaction = await node.CallAsync("eth_getTransactionByBlockNumberAndIndex", "latest", "0x0");
        Assert.Equal((string?)receipt["transactionHash"], (string?)transaction!["hash"]);
        Assert.Equal("0x1", (string?)await node.CallAsync("eth_getBlockTransactionCountByNumber", "latest"));
        Assert.Null(await node.CallAsync("eth_getTransactionByHash", Hash256.Zero.ToString()));
    }

    [Fact]
    public async Task A_restart_on_the_same_directory_finds_the_same_head_and_balances()
    {
        var directory = Directory.CreateTempSubdirectory("aivm-node-test-").FullName;
        try
        {
            string head;
            UInt256 balance;
            await using (var node = await NodeFixture.StartAsync(new NodeOptions { DataDirectory = directory }))
            {
                for (var nonce = 0UL; nonce < 3; nonce++)
                    await node.SendAndWaitAsync(NodeFixture.Transfer(nonce, value: 5));
                head = (string)(await node.CallAsync("eth_getBlockByNumber", "latest"))!["hash"]!;
                balance = await node.BalanceAsync(NodeFixture.Bob.Address);
            }
            await using (var node = await NodeFixture.StartAsync(new NodeOptions { DataDirectory = directory }))
            {
                Assert.Equal(head, (string?)(await node.CallAsync("eth_getBlockByNumber", "latest"))!["hash"]);
                Assert.Equal(balance, await node.BalanceAsync(NodeFixture.Bob.Address));
                await node.SendAndWaitAsync(NodeFixture.Transfer(3, value: 5));
                Assert.Equal(balance + 5, await node.BalanceAsync(NodeFixture.Bob.Address));

                var inUse = await Assert.ThrowsAsync<AivmException>(() => NodeFixture.StartAsync(new NodeOptions { DataDirectory = directory }));
                Assert.Equal(("data-dir-in-use", Failure.Environment), (inUse.Error.Code, inUse.Failure));
            }
            var other = new NodeOptions { DataDirectory = directory, BlockGasLimit = 7_000_000 };
            var mismatch = await Assert.ThrowsAsync<AivmException>(() => NodeFixture.StartAsync(other));
            Assert.Equal("genesis-mismatch", mismatch.Error.Code);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task An_observer_that_fails_does_not_stop_the_chain()
    {
        await using var node = await NodeFixture.StartAsync();
        node.Node.Application.Reader.BlockCommitted += _ => throw new IOException("No space left on device");
        await node.SendAndWaitAsync(NodeFixture.Transfer(0, value: 1));
        while (node.Node.Halted is not null)
            await Task.Delay(10, Cancellation);
        await node.SendAndWaitAsync(NodeFixture.Transfer(1, value: 1));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var exception = await Assert.ThrowsAsync<AivmException>(() => AivmNode.StartAsync(new NodeOptions { Port = port }, Cancellation));
        Assert.Equal(("port-in-use", Failure.Environment), (exception.Error.Code, exception.Failure));
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), exception.Message);
    }

    [Fact]
    public async Task A_full_disk_stops_sends_but_no_reads_and_loses_nothing()
    {
        var store = new FullDiskStore();
        await using var node = new NodeFixture(await AivmNode.StartAsync(new NodeOptions { Port = 0 }, store, Cancellation));
        await node.SendAndWaitAsync(NodeFixture.Transfer(0));

        store.IsFull = true;
        var acknowledged = await node.SendAsync(NodeFixture.Transfer(1));
        for (var i = 0; i < 1_000 && node.Node.Halted is null; i++)
            await Task.Delay(10, Cancellation);
        var (code, message) = await node.ErrorAsync("eth_sendRawTransaction", Hex.Encode(NodeFixture.Transfer(2).Encoded.Span));
        Assert.Equal(-32002, code);
        Assert.StartsWith("disk-full: ", message);
        using var client = new RpcClient(node.Node.Url);
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.SendAsync(NodeFixture.Transfer(2), Cancellation));
        Assert.Equal(("node-unavailable", Failure.Environment), (refused.Error.Code, refused.Failure));
        Assert.StartsWith("disk-full: ", (await node.ErrorAsync("evm_mine")).Message);
        using (var health = await node.Http.GetAsync("/", Cancellation))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
            Assert.Contains("disk-full", await health.Content.ReadAsStringAsync(Cancellation));
        }
        Assert.Equal(1UL, await node.HeightAsync());
        Assert.Null(await node.CallAsync("eth_getTransactionReceipt", acknowledged));
        Assert.NotNull(await node.CallAsync("eth_getTransactionByHash", acknowledged));

        store.IsFull = false;
        Assert.Equal("0x2", (string?)(await node.ReceiptAsync(acknowledged))["blockNumber"]);
        await node.SendAndWaitAsync(NodeFixture.Transfer(2));
        Assert.Null(node.Node.Halted);
    }

    [Fact]
    public async Task An_interval_gathers_what_comes_in_between()
    {
        await using var node = await NodeFixture.StartAsync(new NodeOptions { BlockTime = TimeSpan.FromMinutes(10) });
        var hashes = new List<string>();
        for (var nonce = 0UL; nonce < 5; nonce++)
            hashes.Add(await node.SendAsync(NodeFixture.Transfer(nonce)));
        Assert.Equal(0UL, await node.HeightAsync());
        Assert.Equal("0x5", (string?)await node.CallAsync("eth_getTransactionCount", NodeFixture.Alice.Address.ToString(), "pending"));
        Assert.Equal("0x0", (string?)await node.CallAsync("eth_getTransactionCount", NodeFixture.Alice.Address.ToString(), "latest"));
        Assert.Null((await node.CallAsync("eth_getTransactionByHash", hashes[4]))!["blockHash"]);
        Assert.Equal("0x5", (string?)(await node.CallAsync("txpool_status"))!["pending"]);
        await node.CallAsync("evm_mine");
        foreach (var hash in hashes)
            Assert.Equal("0x1", (string?)(await node.ReceiptAsync(hash))["blockNumber"]);
    }

    /// <summary>Memory that refuses to write, as a full disk does.</summary>
    private sealed class FullDiskStore : IKeyValueStore
    {
        private readonly MemoryStore _memory = new();

        public volatile bool IsFull;

        public byte[]? Get(ReadOnlySpan<byte> key) => _memory.Get(key);

        public void Write(WriteBatch batch)
        {
            if (IsFull)
                throw new AivmException(Failure.Environment, "disk-full", "The disk is full.");
            _memory.Write(batch);
        }

        public IEnumerable<KeyValuePair<byte[], byte[]>> Scan(byte[] prefix, byte[]? from = null) => _memory.Scan(prefix, from);

        public void Dispose() => _memory.Dispose();
    }
}
