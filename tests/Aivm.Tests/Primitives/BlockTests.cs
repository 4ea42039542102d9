using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

public sealed class BlockTests
{
    private static readonly JsonElement Expected = Fixtures.Read("blocks.json");

    [Fact]
    public void Headers_of_ethereumjs_are_encoded_and_hashed_alike()
    {
        foreach (var expected in Expected.GetProperty("headers").EnumerateArray())
        {
            var header = Header(expected);
            Assert.Equal(expected.Text("encoded"), Hex.Encode(header.Encode()));
            Assert.Equal(expected.Text("hash"), header.Hash.ToString());
            Assert.True(BlockHeader.TryDecode(header.Encode(), out var decoded, out _));
            Assert.Equal(header.Hash, decoded.Hash);
            Assert.Equal(header.Number, decoded.Number);
            Assert.Equal(header.BaseFee, decoded.BaseFee);
            Assert.Equal(header.Bloom, decoded.Bloom);
        }
    }

    [Fact]
    public void Receipts_of_ethereumjs_are_encoded_and_bloomed_alike()
    {
        foreach (var expected in Expected.GetProperty("receipts").EnumerateArray())
        {
            var logs = expected.GetProperty("logs").EnumerateArray().Select(log => new LogEntry(
                Address.Parse(log.Text("address")), log.Texts("topics").Select(topic => Hash256.Parse(topic)).ToArray(), Hex.Decode(log.Text("data"))));
            var receipt = new Receipt(
                (TransactionType)expected.GetProperty("type").GetInt32(),
                expected.GetProperty("success").GetBoolean(),
                ulong.Parse(expected.Text("cumulativeGasUsed")),
                logs.ToArray());
            Assert.Equal(expected.Text("bloom"), receipt.Bloom.ToString());
            Assert.Equal(expected.Text("encoded"), Hex.Encode(receipt.Encode()));
            Assert.True(Receipt.TryDecode(receipt.Encode(), out var decoded, out _));
            Assert.Equal(receipt.Encode(), decoded.Encode());
            Assert.Equal(receipt.Success, decoded.Success);
        }
    }

    [Fact]
    public void A_block_holds_typed_transactions_as_strings_and_legacy_ones_as_lists()
    {
        var encoded = Hex.Decode(Expected.Text("block"));
        Assert.True(Block.TryDecode(encoded, out var block, out var error), error?.ToString());
        Assert.Equal(Expected.Texts("blockTransactions"), block.Transactions.Select(transaction => transaction.Hash.ToString()));
        Assert.Equal(encoded, block.Encode());
        Assert.Equal(new Block(block.Header, []).Encode(), Reencode(new Block(block.Header, []).Encode()));
    }

    [Fact]
    public void No_changed_byte_of_a_block_is_read_as_the_same_block()
    {
        var encoded = Hex.Decode(Expected.Text("block"));
        for (var position = 0; position < encoded.Length; position++)
        {
            var changed = (byte[])encoded.Clone();
            changed[position] ^= 0x80;
            if (Block.TryDecode(changed, out var block, out _))
                Assert.Equal(changed, block.Encode());
        }
    }

    [Fact]
    public void A_truncated_or_longer_encoding_is_refused_at_every_byte()
    {
        var header = Hex.Decode(Expected.GetProperty("headers")[3].Text("encoded"));
        var receipt = Hex.Decode(Expected.GetProperty("receipts")[5].Text("encoded"));
        var block = Hex.Decode(Expected.Text("block"));
        foreach (var length in Enumerable.Range(0, header.Length))
            Assert.False(BlockHeader.TryDecode(header.AsSpan(0, length), out _, out _));
        foreach (var length in Enumerable.Range(0, receipt.Length))
            Assert.False(Receipt.TryDecode(receipt.AsSpan(0, length), out _, out _));
        foreach (var length in Enumerable.Range(0, block.Length))
            Assert.False(Block.TryDecode(block.AsMemory(0, length), out _, out _));
        Assert.False(BlockHeader.TryDecode([.. header, 0], out _, out var headerError));
        Assert.Equal("header-malformed", headerError.Code);
        Assert.False(Receipt.TryDecode([.. receipt, 0], out _, out var receiptError));
        Assert.Equal("receipt-malformed", receiptError.Code);
        Assert.False(Block.TryDecode((byte[])[.. block, 0], out _, out var blockError));
        Assert.Equal("block-malformed", blockError.Code);
    }

    [Fact]
    public void The_limits_on_a_block_are_exact()
    {
        var encoded = Hex.Decode(Expected.Text("block"));
        Assert.True(Block.TryDecode(encoded, out var block, out _, maxLength: encoded.Length));
        Assert.False(Block.TryDecode(encoded, out _, out var error, maxLength: encoded.Length - 1));
        Assert.Equal("block-too-large", error.Code);
        var longest = block.Transactions.Max(transaction => transaction.Encoded.Length);
        Assert.False(Block.TryDecode(encoded, out _, out error, maxTransactionLength: longest - 1));
        Assert.Equal("transaction-too-large", error.Code);
    }

    [Fact]
    public void A_legacy_transaction_wrapped_in_a_string_is_refused()
    {
        var legacy = new UnsignedTransaction { Type = TransactionType.Legacy }.Sign(UInt256.One.ToHash256().Span);
        var writer = new RlpWriter();
        var block = writer.BeginList();
        writer.WriteRaw(new BlockHeader().Encode());
        var transactions = writer.BeginList();
        writer.Write(legacy.Encoded.Span);
        writer.EndList(transactions);
        writer.WriteListHeader(0);
        writer.WriteListHeader(0);
        writer.EndList(block);
        Assert.False(Block.TryDecode(writer.ToArray(), out _, out var error));
        Assert.Equal("block-malformed", error.Code);
    }

    [Fact]
    public void A_receipt_whose_bloom_hides_its_logs_is_refused()
    {
        var log = new LogEntry(Address.Zero, [Hash256.Zero], new byte[] { 1 });
        var encoded = new Receipt(TransactionType.DynamicFee, true, 21_000, [log]).Encode();
        var bloom = Bloom.Of([log]).Span;
        encoded.AsSpan(encoded.AsSpan().IndexOf(bloom), Bloom.Size).Clear();
        Assert.False(Receipt.TryDecode(encoded, out _, out var error));
        Assert.Contains("bloom", error.Message);
    }

    [Fact]
    public void A_log_has_at_most_four_topics()
    {
        Assert.True(Receipt.TryDecode(WithTopics(4), out _, out _));
        Assert.False(Receipt.TryDecode(WithTopics(5), out _, out _));

        static byte[] WithTopics(int count) => new Receipt(
            TransactionType.Legacy, true, 0, [new LogEntry(Address.Zero, new Hash256[count], default)]).Encode();
    }

    [Fact]
    public void A_bloom_contains_what_any_of_its_parts_contains()
    {
        var first = Bloom.Of([new LogEntry(new Address(Keccak.Hash([1]).Span[..20]), [], default)]);
        var second = Bloom.Of([new LogEntry(Address.Zero, [Keccak.Hash([2])], default)]);
        var union = Bloom.Union([first, Bloom.Empty, second]);
        Assert.True(union.MayContain(new Address(Keccak.Hash([1]).Span[..20])));
        Assert.True(union.MayContain(Keccak.Hash([2])));
        Assert.False(first.MayContain(Keccak.Hash([2])));
        Assert.False(Bloom.Empty.MayContain(Address.Zero));
        Assert.Equal(Bloom.Empty, Bloom.Union([Bloom.Empty]));
        Assert.Equal(union, Bloom.FromBytes(union.Span));
    }

    private static byte[] Reencode(byte[] encoded)
    {
        Assert.True(Block.TryDecode(encoded, out var block, out _));
        return block.Encode();
    }

    private static BlockHeader Header(JsonElement expected) => new()
    {
        ParentHash = Hash256.Parse(expected.Text("parentHash")),
        Coinbase = Address.Parse(expected.Text("coinbase")),
        StateRoot = Hash256.Parse(expected.Text("stateRoot")),
        TransactionsRoot = Hash256.Parse(expected.Text("transactionsTrie")),
        ReceiptsRoot = Hash256.Parse(expected.Text("receiptTrie")),
        Bloom = Bloom.FromBytes(Hex.Decode(expected.Text("logsBloom"))),
        Difficulty = UInt256.Parse(expected.Text("difficulty")),
        Number = ulong.Parse(expected.Text("number")),
        GasLimit = ulong.Parse(expected.Text("gasLimit")),
        GasUsed = ulong.Parse(expected.Text("gasUsed")),
        Time = ulong.Parse(expected.Text("timestamp")),
        ExtraData = Hex.Decode(expected.Text("extraData")),
        MixHash = Hash256.Parse(expected.Text("mixHash")),
        BaseFee = UInt256.Parse(expected.Text("baseFeePerGas")),
        WithdrawalsRoot = Hash256.Parse(expected.Text("withdrawalsRoot")),
        BlobGasUsed = ulong.Parse(expected.Text("blobGasUsed")),
        ExcessBlobGas = ulong.Parse(expected.Text("excessBlobGas")),
        ParentBeaconBlockRoot = Hash256.Parse(expected.Text("parentBeaconBlockRoot")),
        RequestsHash = Hash256.Parse(expected.Text("requestsHash")),
    };
}
