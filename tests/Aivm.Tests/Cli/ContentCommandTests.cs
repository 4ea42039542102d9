using Aivm.Sdk;
using Aivm.Tests.Sdk.Content;

namespace Aivm.Tests.Cli;

public class ContentCommandTests
{
    private const string Absent = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public async Task A_file_is_stored_in_the_home_and_comes_back()
    {
        using var cli = new CliProcess();
        var file = cli.WriteFile("model", "some bytes");
        var added = await cli.Run("content", "add", file, "--json");
        Assert.Equal(0, added.ExitCode);
        var digest = added.Json.GetProperty("digest").GetString()!;
        Assert.Equal(ContentDigest.Of("some bytes"u8).ToString(), digest);
        Assert.Equal(10, added.Json.GetProperty("size").GetInt64());
        Assert.Equal(cli.PathOf("content"), added.Json.GetProperty("store").GetString());

        var got = await cli.Run("content", "get", digest, "-o", cli.PathOf("copy"));
        Assert.Equal(0, got.ExitCode);
        Assert.Contains(digest, got.Output, StringComparison.Ordinal);
        Assert.Equal("some bytes", await File.ReadAllTextAsync(cli.PathOf("copy"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_file_is_stored_in_a_registry_under_a_password_and_comes_back()
    {
        using var registry = await DebianRegistry.StartAsync(TestContext.Current.CancellationToken, asksForPassword: true);
        using var cli = new CliProcess();
        var file = cli.WriteFile("model", "some bytes");
        var password = cli.WriteFile("password", DebianRegistry.Password);
        string[] store = ["--store", registry.Location.ToString(), "--user", DebianRegistry.User, "--password-file", password];
        var denied = await cli.Run("content", "add", file, "--store", registry.Location.ToString());
        Assert.Equal(3, denied.ExitCode);
        Assert.StartsWith("aivm: registry-denied: ", denied.Error, StringComparison.Ordinal);

        var added = await cli.Run(["content", "add", file, .. store, "--json"]);
        Assert.Equal(0, added.ExitCode);
        var got = await cli.Run(["content", "get", added.Json.GetProperty("digest").GetString()!, "-o", cli.PathOf("copy"), .. store, "--json"]);
        Assert.Equal(0, got.ExitCode);
        Assert.Equal("some bytes", await File.ReadAllTextAsync(cli.PathOf("copy"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, "content-missing", "content", "get", Absent, "-o", "copy")]
    [InlineData(2, "usage", "content", "get", "sha256:12", "-o", "copy")]
    [InlineData(2, "usage", "content", "get", Absent, "-o", "copy", "--max-gib", "0")]
    [InlineData(2, "usage", "content", "get", Absent, "-o", "copy", "--user", "anna")]
    [InlineData(2, "registry-location", "content", "get", Absent, "-o", "copy", "--store", "http://registry.example/models")]
    [InlineData(2, "output-invalid", "content", "get", Absent, "-o", "no/such/folder/copy")]
    [InlineData(2, "usage", "content", "add", "no-such-file")]
    public async Task Mistakes_are_named_in_one_line(int exitCode, string code, params string[] arguments)
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run([.. arguments, "--json"]);
        Assert.Equal((exitCode, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith($"aivm: {code}: ", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }
}
