using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Cli;

/// <summary><c>aivm dev</c> in a process of its own, and the commands that talk to it.</summary>
public sealed class DevNodeTests
{
    private const string Samples = "samples/loan-approval";

    [Fact]
    public async Task A_model_is_published_listed_shown_and_inferred_against_a_running_node()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        var model = cli.PathOf("logistic.aivm");
        var rows = cli.WriteFile("rows.csv", string.Join('\n', File.ReadLines(Path.Combine(Repository.Root, Samples, "rows.csv")).Take(4)));
        await cli.Succeed("model", "compile", Path.Combine(Repository.Root, Samples, "logistic.onnx"), "-o", model, "--input", "fixed:4");

        var published = await cli.Succeed("model", "publish", model, "--name", "loans", "--price", "0.5", "--rpc", node.Url);
        var address = published.GetProperty("address").GetString();
        var listed = await cli.Succeed("model", "list", "--rpc", node.Url);
        Assert.Equal(address, Assert.Single(listed.GetProperty("models").EnumerateArray()).GetProperty("address").GetString());
        var shown = await cli.Succeed("model", "show", "loans", "--rpc", node.Url);
        Assert.Equal("500000000000000000", shown.GetProperty("price").GetString());

        var local = await cli.Succeed("model", "run", model, "--input", rows);
        var inferred = await cli.Succeed("infer", "loans", "--input", rows, "--rpc", node.Url);
        Assert.Equal(
            local.GetProperty("samples").EnumerateArray().Select(sample => sample.GetProperty("hash").GetString()),
            inferred.GetProperty("inferences").EnumerateArray().Select(inference => inference.GetProperty("output_hash").GetString()));

        var refused = await cli.Run("infer", "loans", "--input", rows, "--rpc", node.Url, "--max-price", "0.4", "--json");
        CommandLineTests.AssertFailure(refused, 1, "price-too-high");
        var unknown = await cli.Run("infer", "no-such-model", "--input", rows, "--rpc", node.Url, "--json");
        CommandLineTests.AssertFailure(unknown, 2, "model-not-found");
    }

    [Fact]
    public async Task A_model_off_the_chain_is_stored_published_and_shown()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        var onnx = Path.Combine(Repository.Root, "samples", "image-classifier", "model.onnx");
        var store = cli.PathOf("store");
        var published = await cli.Succeed("model", "publish", onnx, "--off-chain", "--store", store, "--gas", "3000000", "--name", "images", "--price", "0.5", "--rpc", node.Url);
        Assert.Equal("onnx", published.GetProperty("kind").GetString());
        var digest = published.GetProperty("digest").GetString()!;
        await cli.Succeed("content", "get", digest, "-o", cli.PathOf("copy"), "--store", store);
        Assert.Equal(File.ReadAllBytes(onnx), File.ReadAllBytes(cli.PathOf("copy")));

        var shown = await cli.Succeed("model", "show", "images", "--rpc", node.Url);
        Assert.Equal(("onnx", digest, true), (shown.GetProperty("kind").GetString(), shown.GetProperty("digest").GetString(), shown.GetProperty("is_off_chain").GetBoolean()));
        Assert.Equal((new FileInfo(onnx).Length, 3_000_000), (shown.GetProperty("size").GetInt64(), shown.GetProperty("gas").GetInt64()));
        Assert.Equal(digest, shown.GetProperty("description").GetProperty("digest").GetString());
        var people = await cli.Run("model", "show", "images", "--rpc", node.Url);
        foreach (var text in new[] { "off the chain", "floats", digest, "3,000,000", "bytes" })
            Assert.Contains(text, people.Output, StringComparison.Ordinal);

        var container = cli.WriteFile("small.aivm", SmallNetwork.Container);
        var integers = await cli.Succeed("model", "publish", container, "--off-chain", "--store", store, "--rpc", node.Url);
        Assert.Equal(("aivm-q", SmallNetwork.Model.Gas), (integers.GetProperty("kind").GetString(), integers.GetProperty("gas").GetUInt64()));
        Assert.Equal(2, (await cli.Succeed("model", "list", "--rpc", node.Url)).GetProperty("models").GetArrayLength());

        async Task Refused(int exit, string code, params string[] arguments) =>
            CommandLineTests.AssertFailure(await cli.Run([.. arguments, "--rpc", node.Url, "--json"]), exit, code);
        await Refused(2, "usage", "model", "publish", onnx, "--off-chain", "--store", store);
        await Refused(2, "usage", "model", "publish", container, "--off-chain", "--gas", "5");
        await Refused(2, "usage", "model", "publish", container, "--store", store);
        await Refused(2, "usage", "model", "publish", container, "--off-chain", "--private-weights");
        await Refused(2, "onnx-unsupported", "model", "publish", Path.Combine(Repository.Root, Samples, "logistic.onnx"), "--off-chain", "--gas", "5");
        await Refused(2, "model-already-published", "model", "publish", onnx, "--off-chain", "--gas", "3000000", "--store", store);
        var row = cli.WriteFile("rows.csv", "1,2\n");
        await Refused(2, "input-shape", "infer", "images", "--input", row, "--store", store);
        await Refused(1, "content-missing", "infer", "images", "--input", row, "--store", cli.PathOf("elsewhere"));
    }

    /// <summary>The first to show a proof by a root registers it, and pays for that; the next finds it there.</summary>
    [Fact]
    public async Task A_proof_by_the_root_of_public_weights_registers_it_once_with_a_running_node()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        var model = cli.WriteFile("small.aivm", SmallNetwork.Container);
        var row = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        var proof = cli.PathOf("run.proof");
        var owner = Aivm.Node.DevChain.Accounts[0].Address.ToString();
        await cli.Succeed("model", "publish", model, "--rpc", node.Url);
        await cli.Succeed("prove", model, "--input", row, "--weights-by-root", "--sender", owner, "-o", proof);
        // No root is paid for where its proof would be refused.
        var bytes = File.ReadAllBytes(proof);
        var bad = cli.WriteFile("bad.proof", [.. bytes[..^5], (byte)(bytes[^5] ^ 1), .. bytes[^4..]]);
        CommandLineTests.AssertFailure(await cli.Run("submit", bad, "--rpc", node.Url, "--json"), 1, "proof-refused");

        var first = await cli.Succeed("submit", proof, "--rpc", node.Url);
        Assert.True(first.GetProperty("accepted").GetBoolean());
        Assert.Equal("public", first.GetProperty("statement").GetProperty("weights").GetString());
        Assert.NotEqual(JsonValueKind.Null, first.GetProperty("root_transaction").ValueKind);
        var second = await cli.Succeed("submit", proof, "--rpc", node.Url);
        Assert.True(second.GetProperty("accepted").GetBoolean());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("root_transaction").ValueKind);
    }

    /// <summary>The owner publishes an architecture and keeps the weights; a customer gets an answer with a proof, and every validator believes it.</summary>
    [Fact]
    public async Task A_model_with_private_weights_is_published_proved_and_renewed_against_a_running_node()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        var model = cli.WriteFile("small.aivm", SmallNetwork.Container);
        var row = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        var password = cli.WriteFile("password", "correct horse\n");
        var proof = cli.PathOf("run.proof");
        var owner = Aivm.Node.DevChain.Accounts[0].Address.ToString();

        var published = await cli.Succeed("model", "publish", model, "--private-weights", "--password-file", password, "--rpc", node.Url);
        Assert.Equal("private", published.GetProperty("weights").GetString());
        Assert.Single(published.GetProperty("roots").EnumerateArray());
        CommandLineTests.AssertFailure(await cli.Run("infer", "small", "--input", row, "--rpc", node.Url, "--json"), 1, "no-offer");
        CommandLineTests.AssertFailure(await cli.Run("infer", "small", "--input", row, "--evidence", "tee", "--rpc", node.Url, "--json"), 2, "weights-private");

        await Prove(owner);
        var submitted = await cli.Succeed("submit", proof, "--rpc", node.Url);
        Assert.True(submitted.GetProperty("accepted").GetBoolean());
        Assert.Equal(published.GetProperty("address").GetString(), submitted.GetProperty("model").GetString());
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(1)), submitted.GetProperty("statement").GetProperty("runs")[0].GetProperty("outputs").EnumerateArray().Select(number => number.GetInt64()));

        await Prove("0x00000000000000000000000000000000000000aa");
        CommandLineTests.AssertFailure(await cli.Run("submit", proof, "--rpc", node.Url, "--json"), 2, "proof-context");

        await cli.Succeed("weights", "renew", model, "--password-file", password, "-o", cli.PathOf("equality"));
        await Prove(owner);
        CommandLineTests.AssertFailure(await cli.Run("submit", proof, "--rpc", node.Url, "--json"), 1, "proof-refused");
        Assert.Single((await Register()).GetProperty("registered").EnumerateArray());
        Assert.Empty((await Register()).GetProperty("registered").EnumerateArray());
        Assert.True((await cli.Succeed("submit", proof, "--rpc", node.Url)).GetProperty("accepted").GetBoolean());

        Task<JsonElement> Prove(string sender) =>
            cli.Succeed("prove", model, "--input", row, "--private", "weights,input", "--password-file", password, "--sender", sender, "-o", proof);

        Task<JsonElement> Register() => cli.Succeed("weights", "register", model, "--password-file", password, "--rpc", node.Url);
    }

    [Fact]
    public async Task A_keystore_account_without_coins_is_told_so_before_anything_is_sent()
    {
        using var cli = new CliProcess();
        using var node = await DevNode.StartAsync(cli);
        var password = cli.WriteFile("password", "correct horse\n");
        await cli.Run("account", "new", "--password-file", password, "--json");
        var model = cli.PathOf("logistic.aivm");
        await cli.Run("model", "compile", Path.Combine(Repository.Root, Samples, "logistic.onnx"), "-o", model, "--json");
        var outcome = await cli.Run("model", "publish", model, "--rpc", node.Url, "--from", "1", "--password-file", password, "--json");
        CommandLineTests.AssertFailure(outcome, 2, "insufficient-funds");
    }

    [Fact]
    public async Task A_port_in_use_is_an_environment_error()
    {
        using var cli = new CliProcess();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        CommandLineTests.AssertFailure(await cli.Run("dev", "--port", $"{port}", "--json"), 3, "port-in-use");
    }

    [Fact]
    public async Task Two_nodes_cannot_share_a_data_directory()
    {
        using var cli = new CliProcess();
        var data = cli.PathOf("data");
        using var node = await DevNode.StartAsync(cli, "--data", data);
        CommandLineTests.AssertFailure(await cli.Run("dev", "--port", "0", "--data", data, "--json"), 3, "data-dir-in-use");
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_an_environment_error()
    {
        using var cli = new CliProcess();
        var file = cli.WriteFile("data", "not a directory");
        var outcome = await cli.Run("dev", "--port", "0", "--data", file, "--json");
        CommandLineTests.AssertFailure(outcome, 3);
    }
}
