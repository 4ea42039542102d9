using System.Text;
using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>Receipts with their proofs, got from a development node in this process and checked without it.</summary>
public sealed class ReceiptTests : IAsyncLifetime
{
    private BoughtInferences _bought = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bought = await BoughtInferences.MakeAsync(count: 3, Cancellation);

    public ValueTask DisposeAsync() => _bought.DisposeAsync();

    [Fact]
    public async Task A_receipt_is_got_by_its_id_or_its_transaction_and_verified_against_the_blocks_hash()
    {
        foreach (var inference in _bought.Inferences)
            foreach (var reference in (Hash256[])[inference.Receipt.Id, inference.Transaction.TransactionHash])
            {
                var file = await _bought.Receipts.GetAsync(reference, cancellation: Cancellation);
                Assert.True(ReceiptFile.TryDecode(file.Encode(), out var read, out var error), error?.ToString());
                Assert.True(ReceiptVerifier.TryVerify(read, inference.Transaction.BlockHash, out var receipt, out error), error?.ToString());
                Assert.Equal((inference.Receipt.Id, inference.Receipt.Height, inference.Receipt.Payer), (receipt.Id, receipt.Height, receipt.Payer));
                Assert.True(receipt.VouchesFor(inference.Output));
            }
    }

    [Fact]
    public async Task A_later_block_shows_it_too_and_an_earlier_one_does_not()
    {
        var (first, last) = (_bought.Inferences[0], _bought.Inferences[^1]);
        var file = await _bought.Receipts.GetAsync(first.Receipt.Id, last.Transaction.BlockNumber, Cancellation);
        Assert.True(ReceiptVerifier.TryVerify(file, last.Transaction.BlockHash, out _, out var error), error?.ToString());
        var earlier = await Assert.ThrowsAsync<AivmException>(() => _bought.Receipts.GetAsync(last.Receipt.Id, first.Transaction.BlockNumber, Cancellation));
        Assert.Equal("receipt-not-found", earlier.Error.Code);
        var future = await Assert.ThrowsAsync<AivmException>(() => _bought.Receipts.GetAsync(last.Receipt.Id, 1_000_000, Cancellation));
        Assert.Equal("block-not-found", future.Error.Code);
    }

    [Fact]
    public async Task What_is_no_receipt_is_not_found()
    {
        var transfer = await _bought.TransferAsync(Cancellation);
        foreach (var reference in (Hash256[])[Hash256.Zero, Keccak.Hash([1]), transfer])
        {
            var error = await Assert.ThrowsAsync<AivmException>(() => _bought.Receipts.GetAsync(reference, cancellation: Cancellation));
            Assert.Equal("receipt-not-found", error.Error.Code);
        }
    }

    [Fact]
    public async Task A_node_that_gives_another_receipt_than_was_asked_for_is_not_believed()
    {
        var log = _bought.Inferences[0].Transaction.Logs.Single(log => InferenceClient.FindReceipts([log]).Any());
        using var lying = StubNode.Client((method, _) => method switch
        {
            "eth_getTransactionReceipt" => null,
            "eth_call" => UInt256.One.ToHash256().ToString(),
            "eth_getLogs" => new JsonArray(new JsonObject
            {
                ["address"] = log.Address.ToString(),
                ["topics"] = new JsonArray([.. log.Topics.Select(topic => (JsonNode)topic.ToString())]),
                ["data"] = Hex.Encode(log.Data.Span),
                ["blockNumber"] = "0x1",
                ["transactionHash"] = Hash256.Zero.ToString(),
            }),
            _ => throw new StubNode.Refusal(-32601, method),
        });
        var error = await Assert.ThrowsAsync<AivmException>(() => new ReceiptClient(lying).GetAsync(Keccak.Hash([1]), cancellation: Cancellation));
        Assert.Equal("receipt-not-found", error.Error.Code);
    }

    [Fact]
    public async Task A_receipt_of_another_block_or_with_another_receipts_proof_is_refused()
    {
        var (first, second) = (_bought.Inferences[0], _bought.Inferences[1]);
        var (file, other) = (await _bought.Receipts.GetAsync(first.Receipt.Id, cancellation: Cancellation), await _bought.Receipts.GetAsync(second.Receipt.Id, cancellation: Cancellation));
        var trusted = first.Transaction.BlockHash;
        AssertRefused("receipt-header", file, second.Transaction.BlockHash);
        AssertRefused("receipt-header", file with { Header = other.Header }, trusted);
        AssertRefused("receipt-proof", file with { AccountProof = other.AccountProof }, trusted);
        AssertRefused("receipt-proof", file with { SlotProof = other.SlotProof }, trusted);
        AssertRefused("receipt-proof", file with { AccountProof = [] }, trusted);
        AssertRefused("receipt-proof", file with { SlotProof = [.. file.SlotProof, file.SlotProof[^1]] }, trusted);
        // A receipt that the block cannot have: it is proved absent, or its way leads elsewhere.
        Assert.False(ReceiptVerifier.TryVerify(file with { Receipt = other.Receipt }, trusted, out _, out var error));
        Assert.Contains(error.Code, (string[])["receipt-absent", "receipt-proof"]);
    }

    [Fact]
    public async Task Any_byte_that_differs_is_noticed()
    {
        var inference = _bought.Inferences[1];
        var file = await _bought.Receipts.GetAsync(inference.Receipt.Id, cancellation: Cancellation);
        foreach (var bytes in (byte[][])[file.Receipt, file.Header, .. file.AccountProof, .. file.SlotProof])
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
                Assert.False(ReceiptVerifier.TryVerify(file, inference.Transaction.BlockHash, out _, out _), $"byte {i} of {bytes.Length}");
                bytes[i] ^= 1;
            }
        Assert.True(ReceiptVerifier.TryVerify(file, inference.Transaction.BlockHash, out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"format":"aivm-receipt-2","receipt":"0x","header":"0x","account_proof":[],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":[],"slot_proof":[],"more":1}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","receipt":"0x","header":"0x","account_proof":[],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0xabc","header":"0x","account_proof":[],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":[],"slot_proof":[],"\ud800":1}""")]
    [InlineData("""{"format":"\ud800","receipt":"0x","header":"0x","account_proof":[],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":["\ud800"],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":1,"account_proof":[],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":[1],"slot_proof":[]}""")]
    [InlineData("""{"format":"aivm-receipt-1","receipt":"0x","header":"0x","account_proof":[[[[]]]],"slot_proof":[]}""")]
    public void Anything_else_is_no_receipt_file(string text)
    {
        Assert.False(ReceiptFile.TryDecode(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Equal("receipt-file", error.Code);
    }

    [Fact]
    public async Task Truncated_and_long_files_are_refused()
    {
        var bytes = (await _bought.Receipts.GetAsync(_bought.Inferences[0].Receipt.Id, cancellation: Cancellation)).Encode();
        for (var length = 0; length < bytes.Length; length += 97)
            Assert.False(ReceiptFile.TryDecode(bytes.AsMemory(0, length), out _, out _));
        Assert.False(ReceiptFile.TryDecode(new byte[ReceiptFile.MaxBytes + 1], out _, out _));
        Assert.True(ReceiptFile.TryDecode(bytes, out _, out _));
    }

    private static void AssertRefused(string code, ReceiptFile file, Hash256 trusted)
    {
        Assert.False(ReceiptVerifier.TryVerify(file, trusted, out _, out var error));
        Assert.Equal(code, error.Code);
    }
}
