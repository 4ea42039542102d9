using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Keystore files of one user, one an account, named by address and readable by their owner alone.</summary>
/// <param name="path">Created when the first account is saved.</param>
public sealed class KeystoreDirectory(string path)
{
    private const string Extension = ".json";

    public string Path { get; } = path;

    /// <summary>The accounts with a file here, in the order of their addresses.</summary>
    public IReadOnlyList<Address> List()
    {
        if (!Directory.Exists(Path))
            return [];
        var accounts = new List<Address>();
        foreach (var file in Directory.EnumerateFiles(Path, "*" + Extension))
        {
            if (Address.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), out var address))
                accounts.Add(address);
        }
        accounts.Sort();
        return accounts;
    }

    /// <summary>Encrypts a key and writes its file: the whole file or, after a crash, none.</summary>
    /// <exception cref="AivmException"><c>account-exists</c>, or <c>keystore-unwritable</c>.</exception>
    public Address Save(ReadOnlySpan<byte> key, string password, ScryptCost? cost = null)
    {
        var address = Secp256k1.AddressOf(key);
        var file = FileOf(address);
        if (File.Exists(file))
            throw Exists(address);
        var json = Keystore.Encrypt(key, password, cost);
        try
        {
            PrivateFile.CreateDirectory(Path);
            PrivateFile.Write(file, json);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw Exists(address);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(
                Failure.Environment, "keystore-unwritable", $"The keystore {Path} cannot be written: {exception.Message}", exception);
        }
        return address;
    }

    /// <returns>The secret key, 32 bytes.</returns>
    /// <exception cref="AivmException"><c>account-not-found</c>, <c>keystore-invalid</c>, <c>keystore-unreadable</c> or <c>wrong-password</c>.</exception>
    public byte[] Load(Address address, string password)
    {
        byte[] json;
        try
        {
            json = File.ReadAllBytes(FileOf(address));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AivmException(
                Failure.Input, "account-not-found", $"There is no account {address} in {Path}: list the accounts or import it.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(
                Failure.Environment, "keystore-unreadable", $"The keystore file of {address} cannot be read: {exception.Message}", exception);
        }
        var key = Keystore.Decrypt(json, password);
        return Secp256k1.AddressOf(key) == address
            ? key
            : throw new AivmException(Failure.Input, "keystore-invalid", $"The keystore file of {address} holds the key of another account.");
    }

    private string FileOf(Address address) => System.IO.Path.Combine(Path, address + Extension);

    private static AivmException Exists(Address address) =>
        new(Failure.Input, "account-exists", $"The account {address} is in the keystore already.");
}
