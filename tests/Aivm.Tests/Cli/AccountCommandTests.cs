namespace Aivm.Tests.Cli;

public sealed class AccountCommandTests
{
    private const string FirstTestKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    private const string FirstTestAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    [Fact]
    public async Task A_new_account_is_listed_and_its_file_is_its_owners_alone()
    {
        using var cli = new CliProcess();
        var password = cli.WriteFile("password", "correct horse\n");
        var created = await cli.Run("account", "new", "--password-file", password, "--json");
        Assert.Equal(0, created.ExitCode);
        var address = created.Json.GetProperty("address").GetString();

        var list = await cli.Run("account", "list", "--json");
        Assert.Equal(address, Assert.Single(list.Json.GetProperty("accounts").EnumerateArray()).GetString());
        var file = Assert.Single(Directory.GetFiles(Path.Combine(cli.Home, "keystore")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task An_imported_key_keeps_its_address_and_is_not_on_disk_in_the_clear()
    {
        using var cli = new CliProcess();
        var password = cli.WriteFile("password", "correct horse\n");
        var imported = await cli.Run("account", "import", cli.WriteFile("key", FirstTestKey), "--password-file", password, "--json");
        Assert.Equal(FirstTestAddress, imported.Json.GetProperty("address").GetString());
        var file = Assert.Single(Directory.GetFiles(Path.Combine(cli.Home, "keystore")));
        Assert.DoesNotContain(FirstTestKey[2..], File.ReadAllText(file), StringComparison.OrdinalIgnoreCase);

        var again = await cli.Run("account", "import", cli.PathOf("key"), "--password-file", password, "--json");
        CommandLineTests.AssertFailure(again, 2, "account-exists");
    }

    [Theory]
    [InlineData("0x00")]
    [InlineData("not a key")]
    [InlineData("0x0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    public async Task A_file_without_a_secret_key_is_refused(string text)
    {
        using var cli = new CliProcess();
        var password = cli.WriteFile("password", "x\n");
        CommandLineTests.AssertFailure(await cli.Run("account", "import", cli.WriteFile("key", text), "--password-file", password, "--json"), 2, "key-invalid");
    }

    [Fact]
    public async Task Without_a_password_file_and_a_person_to_ask_nothing_is_written()
    {
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await cli.Run("account", "new", "--json"), 2, "password-required");
        Assert.False(Directory.Exists(Path.Combine(cli.Home, "keystore")));
    }
}
