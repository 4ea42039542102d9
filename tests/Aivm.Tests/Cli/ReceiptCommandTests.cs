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

    [Fact]
    public async Task A_file_that_is_no_receipt_is_bad_input()
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run("receipt", "show", cli.WriteFile("r.json", "{}"));
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("aivm: receipt-file: ", outcome.Error, StringComparison.Ordinal);
    }
}
