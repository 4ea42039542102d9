using System.Text;
using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class KeystoreTests : IDisposable
{
    private const string Password = "testpassword";
    private static readonly ScryptCost Cheap = new(1 << 4, 8, 1);

    /// <summary>The scrypt example of the Web3 Secret Storage definition: its n is beyond RFC 7914 for its r.</summary>
    private const string NarrowScryptExample = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,
        "salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    /// <summary>The same file with the parameters that wallets use; its ciphertext belongs to others.</summary>
    private static readonly string ScryptFile = NarrowScryptExample.Replace("\"r\":1,\"p\":8", "\"r\":8,\"p\":1");

    /// <summary>The PBKDF2 example of the definition.</summary>
    private const string Pbkdf2Example = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",
        "salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private static readonly byte[] Key = Hex.Decode("0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");

    private readonly string _directory = Path.Combine(Path.GetTempPath(), "aivm-keystore-" + Path.GetRandomFileName());

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void The_PBKDF2_example_of_the_definition_opens() => Assert.Equal(Key, Keystore.Decrypt(Encoding.UTF8.GetBytes(Pbkdf2Example), Password));

    [Fact]
    public void Scrypt_parameters_outside_the_RFC_are_refused() => AssertInvalid(NarrowScryptExample);

    [Fact]
    public void The_scrypt_file_of_these_tests_has_acceptable_parameters() =>
        Assert.Equal("wrong-password", Assert.Throws<AivmException>(() => Keystore.Decrypt(Encoding.UTF8.GetBytes(ScryptFile), Password)).Error.Code);

    [Fact]
    public void A_file_of_ethers_opens() =>
        Assert.Equal(
            "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
            Hex.Encode(Keystore.Decrypt(File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Aivm.Tests", "Sdk", "Fixtures", "ethers-keystore.json")), "pässword")));

    [Fact]
    public void What_was_encrypted_opens_with_the_password_alone()
    {
        var json = Keystore.Encrypt(Key, Password, Cheap);
        Assert.Equal(Secp256k1.AddressOf(Key), Keystore.AddressOf(json));
        Assert.Equal(Key, Keystore.Decrypt(json, Password));
        Assert.Equal("wrong-password", Assert.Throws<AivmException>(() => Keystore.Decrypt(json, Password + " ")).Error.Code);
        Assert.DoesNotContain(Convert.ToHexStringLower(Key), Encoding.UTF8.GetString(json));
    }

    [Theory]
    [InlineData("scrypt", "n", 1 << 30)]
    [InlineData("scrypt", "n", 1)]
    [InlineData("scrypt", "n", 1000)]
    [InlineData("scrypt", "n", -8)]
    [InlineData("scrypt", "r", 1000)]
    [InlineData("scrypt", "r", 0)]
    [InlineData("scrypt", "p", 1000)]
    [InlineData("scrypt", "p", 0)]
    [InlineData("scrypt", "dklen", 1 << 30)]
    [InlineData("scrypt", "dklen", 16)]
    [InlineData("pbkdf2", "c", int.MaxValue)]
    [InlineData("pbkdf2", "c", 0)]
    [InlineData("pbkdf2", "c", "1")]
    [InlineData("pbkdf2", "prf", "hmac-md5")]
    public void Parameters_that_would_exhaust_the_reader_are_refused_before_any_work(string kdf, string name, object value)
    {
        var json = JsonNode.Parse(kdf == "scrypt" ? ScryptFile : Pbkdf2Example)!;
        json["crypto"]!["kdfparams"]![name] = value is int number ? number : (string)value;
        AssertInvalid(json.ToJsonString());
    }

    [Fact]
    public void A_file_without_one_of_its_fields_is_refused()
    {
        foreach (var (parent, name) in new[]
        {
            ("", "version"), ("", "crypto"), ("crypto", "cipher"), ("crypto", "cipherparams"), ("crypto", "ciphertext"), ("crypto", "kdf"),
            ("crypto", "kdfparams"), ("crypto", "mac"),
        })
        {
            var json = JsonNode.Parse(ScryptFile)!.AsObject();
            (parent.Length == 0 ? json : json[parent]!.AsObject()).Remove(name);
            AssertInvalid(json.ToJsonString());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\":4}")]
    [InlineData("{\"version\":\"3\"}")]
    public void What_is_no_keystore_is_refused(string json) => AssertInvalid(json);

    [Fact]
    public void A_file_is_small() => AssertInvalid(ScryptFile + new string(' ', 1 << 20));

    [Fact]
    public void A_changed_ciphertext_or_address_does_not_open()
    {
        var json = JsonNode.Parse(Keystore.Encrypt(Key, Password, Cheap))!;
        json["address"] = new string('0', 40);
        Assert.Equal("keystore-invalid", Assert.Throws<AivmException>(() => Keystore.Decrypt(Bytes(json), Password)).Error.Code);
        json["crypto"]!["ciphertext"] = new string('0', 64);
        Assert.Equal("wrong-password", Assert.Throws<AivmException>(() => Keystore.Decrypt(Bytes(json), Password)).Error.Code);
    }

    [Fact]
    public void A_directory_keeps_accounts_apart_and_to_their_owner()
    {
        var directory = new KeystoreDirectory(_directory);
        Assert.Empty(directory.List());
        var first = directory.Save(Key, Password, Cheap);
        var second = directory.Save(UInt256.One.ToHash256().Span, "other", Cheap);
        Assert.Equal(new[] { first, second }.Order(), directory.List());
        Assert.Equal(Key, directory.Load(first, Password));
        Assert.Equal("account-exists", Assert.Throws<AivmException>(() => directory.Save(Key, "new", Cheap)).Error.Code);
        Assert.Equal("account-not-found", Assert.Throws<AivmException>(() => directory.Load(Address.Zero, Password)).Error.Code);
        Assert.Equal("wrong-password", Assert.Throws<AivmException>(() => directory.Load(second, Password)).Error.Code);
        Assert.Equal(2, Directory.GetFileSystemEntries(_directory).Length);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.EnumerateFiles(_directory))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void A_file_under_the_name_of_another_account_is_refused()
    {
        var directory = new KeystoreDirectory(_directory);
        var own = directory.Save(Key, Password, Cheap);
        File.Move(Path.Combine(_directory, own + ".json"), Path.Combine(_directory, Address.Zero + ".json"));
        Assert.Equal("keystore-invalid", Assert.Throws<AivmException>(() => directory.Load(Address.Zero, Password)).Error.Code);
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_an_environment_error()
    {
        File.WriteAllText(_directory, "a file");
        try
        {
            var exception = Assert.Throws<AivmException>(() => new KeystoreDirectory(_directory).Save(Key, Password, Cheap));
            Assert.Equal(("keystore-unwritable", Failure.Environment), (exception.Error.Code, exception.Failure));
        }
        finally
        {
            File.Delete(_directory);
        }
    }

    private static void AssertInvalid(string json) =>
        Assert.Equal("keystore-invalid", Assert.Throws<AivmException>(() => Keystore.Decrypt(Encoding.UTF8.GetBytes(json), Password)).Error.Code);

    private static byte[] Bytes(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
