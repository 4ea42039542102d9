using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Sdk;

namespace Aivm.Tests.Cli;

public class ReceiptCommandTests
{
    [Fact]
    public async Task A_receipt_is_got_from_a_node_shown_and_verified_without_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var bought = await BoughtInferences.MakeAsync(count: 1, cancellation);
        var inference = bought.Inferences[0];
        using var cli = new CliProcess();
        var got = await cli.Run("receipt", "get", inference.Receipt.Id.ToString(), "-o", cli.PathOf("r.json"), "--rpc", bought.Node.Url.ToString(), "--json");
        Assert.Equal(0, got.ExitCode);
        Assert.Equal(inference.Transaction.BlockHash.ToString(), got.Json.GetProperty("header").GetString());

        var shown = await cli.Run("receipt", "show", cli.PathOf("r.json"), "--json");
        Assert.Equal((0, false), (shown.ExitCode, shown.Json.GetProperty("verified").GetBoolean()));
        var verified = await cli.Run("receipt", "verify", cli.PathOf("r.json"), "--header", inference.Transaction.BlockHash.ToString(), "--json");
        Assert.Equal((0, true), (verified.ExitCode, verified.Json.GetProperty("verified").GetBoolean()));
        Assert.Equal(inference.Receipt.Id.ToString(), verified.Json.GetProperty("receipt").GetProperty("id").GetString());
        var forPeople = await cli.Run("receipt", "verify", cli.PathOf("r.json"), "--header", inference.Transaction.BlockHash.ToString());
        Assert.Contains("executed by every validator", forPeople.Output, StringComparison.Ordinal);

        var other = await cli.Run("receipt", "verify", cli.PathOf("r.json"), "--header", inference.Receipt.Id.ToString(), "--json");
        Assert.Equal((1, ""), (other.ExitCode, other.Output));
        Assert.StartsWith("aivm: receipt-header: ", other.Error, StringComparison.Ordinal);
        var missing = await cli.Run("receipt", "get", inference.Transaction.BlockHash.ToString(), "-o", cli.PathOf("x"), "--rpc", bought.Node.Url.ToString());
        Assert.Equal(1, missing.ExitCode);
        Assert.StartsWith("aivm: receipt-not-found: ", missing.Error, StringComparison.Ordinal);
    }

    /// <summary>Nothing of a receipt is left out, also what no contract writes yet.</summary>
    [Fact]
    public async Task Every_field_of_a_receipt_is_shown()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var bought = await BoughtInferences.MakeAsync(count: 1, cancellation);
        var (inference, licence) = (bought.Inferences[0].Receipt, Keccak.Hash("licence"u8));
        var file = await bought.Receipts.GetAsync(inference.Id, cancellation: cancellation);
        using var cli = new CliProcess();
        var licensed = cli.WriteFile("licensed.json", (file with { Receipt = Encode(inference, licence) }).Encode());

        var shown = (await cli.Run("receipt", "show", licensed, "--json")).Json.GetProperty("receipt");
        Assert.Equal(
            ["id", "version", "chain_id", "height", "job", "model", "model_hash", "payer", "commitment_kind", "input_commitment", "output_hash", "evidence", "evidence_hash", "licences", "shares"],
            shown.EnumerateObject().Select(member => member.Name));
        Assert.Equal((1, 0), (shown.GetProperty("version").GetInt32(), shown.GetProperty("commitment_kind").GetInt32()));
        Assert.Equal([licence.ToString()], shown.GetProperty("licences").EnumerateArray().Select(value => value.GetString()));

        var forPeople = (await cli.Run("receipt", "show", licensed)).Output;
        Assert.Contains(", version 1\n", forPeople, StringComparison.Ordinal);
        Assert.Contains($"{inference.InputCommitment} (commitment of kind 0)\n", forPeople, StringComparison.Ordinal);
        Assert.Contains($"licences   {licence}\n", forPeople, StringComparison.Ordinal);
        Assert.Contains("licences   none\n", (await cli.Run("receipt", "show", cli.WriteFile("r.json", file.Encode()))).Output, StringComparison.Ordinal);
    }

    private static byte[] Encode(InferenceReceipt receipt, Hash256 licence)
    {
        var writer = new AbiWriter(headWords: 15)
            .WriteUInt(1)
            .WriteUInt(receipt.ChainId)
            .WriteUInt(receipt.Height)
            .WriteHash(receipt.Job)
            .WriteAddress(receipt.Model)
            .WriteHash(receipt.ModelHash)
            .WriteAddress(receipt.Payer)
            .WriteUInt(receipt.CommitmentKind)
            .WriteHash(receipt.InputCommitment)
            .WriteHash(receipt.OutputHash)
            .WriteUInt(receipt.EvidenceKind)
            .WriteHash(receipt.EvidenceHash)
            .BeginArray(1).WriteHash(licence).End()
            .BeginArray(receipt.Shares.Count);
        foreach (var (payee, _) in receipt.Shares)
            writer.WriteAddress(payee);
        writer.End().BeginArray(receipt.Shares.Count);
        foreach (var (_, amount) in receipt.Shares)
            writer.WriteUInt(amount);
        return writer.End().ToArray();
    }

    [Fact]
    public async Task A_file_that_is_no_receipt_is_bad_input()
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run("receipt", "show", cli.WriteFile("r.json", "{}"));
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("aivm: receipt-file: ", outcome.Error, StringComparison.Ordinal);
    }
}
