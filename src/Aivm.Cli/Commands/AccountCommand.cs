using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm account</c>: keys in an encrypted keystore (version 3, as geth and ethers read it).</summary>
internal static class AccountCommand
{
    private const int LongestKeyFile = 1024;

    public static Command Create() => new("account", "Accounts in the encrypted keystore ($AIVM_HOME/keystore, by default ~/.aivm/keystore).")
    {
        New(),
        Import(),
        List(),
    };

    private static Command New()
    {
        var json = CommonOptions.Json();
        var passwordFile = CommonOptions.PasswordFile();
        var command = new Command("new", "Make a new key and keep it encrypted.") { passwordFile, json };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var password = Password.New(result.GetValue(passwordFile), terminal);
            return Save(NewKey(), password, terminal);
        });
        return command;
    }

    private static Command Import()
    {
        var json = CommonOptions.Json();
        var passwordFile = CommonOptions.PasswordFile();
        var file = new Argument<FileInfo>("KEY-FILE") { Description = "A file with the secret key as 64 hexadecimal digits." }.AcceptExistingOnly();
        var command = new Command("import", "Take over a key from a file and keep it encrypted.") { file, passwordFile, json };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var key = ReadKey(result.GetRequiredValue(file));
            return Save(key, Password.New(result.GetValue(passwordFile), terminal), terminal);
        });
        return command;
    }

    private static Command List()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "The accounts of the keystore, numbered.") { json };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var accounts = AccountHome.Keystore.List();
            terminal.Result(
                new { Keystore = AccountHome.Keystore.Path, Accounts = accounts.Select(account => account.ToChecksumString()) },
                () =>
                {
                    if (accounts.Count == 0)
                        terminal.Line($"No accounts in {AccountHome.Keystore.Path}. Make one with 'aivm account new'.");
                    for (var i = 0; i < accounts.Count; i++)
                        terminal.Line($"{i + 1,3}  {accounts[i].ToChecksumString()}");
                });
            return 0;
        });
        return command;
    }

    private static byte[] NewKey()
    {
        while (true)
        {
            var key = RandomNumberGenerator.GetBytes(32);
            if (Secp256k1.IsKey(key))
                return key;
        }
    }

    private static byte[] ReadKey(FileInfo file)
    {
        var text = Encoding.UTF8.GetString(BoundedFile.Read(file.FullName, LongestKeyFile, "key-invalid"));
        if (Hex.TryDecode(text.Trim(), out var key)
            && key.Length == 32
            && Secp256k1.IsKey(key))
            return key;
        throw new AivmException(Failure.Input, "key-invalid", $"{file.Name} does not hold a secret key: 64 hexadecimal digits, less than the curve's order.");
    }

    private static int Save(byte[] key, string password, Terminal terminal)
    {
        try
        {
            var address = AccountHome.Keystore.Save(key, password);
            terminal.Result(
                new { Address = address.ToChecksumString(), Keystore = AccountHome.Keystore.Path },
                () =>
                {
                    terminal.Line(address.ToChecksumString());
                    terminal.Remark($"Encrypted in {AccountHome.Keystore.Path}. Without the password the key is lost: keep both safe.");
                });
            return 0;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
