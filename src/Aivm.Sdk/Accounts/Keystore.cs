using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// One secret key under a password, in the JSON of the Web3 Secret Storage definition, version 3, which geth, ethers and MetaMask read
/// and write.
/// </summary>
public static class Keystore
{
    private const int MaxJsonLength = 64 << 10;

    /// <returns>The JSON document, UTF-8.</returns>
    /// <exception cref="ArgumentException">The key is not a secret key.</exception>
    public static byte[] Encrypt(ReadOnlySpan<byte> key, string password, ScryptCost? cost = null)
    {
        var address = Secp256k1.AddressOf(key);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("address", Convert.ToHexStringLower(address.Span));
            PasswordBox.Write(json, key, password, cost);
            json.WriteString("id", Guid.NewGuid().ToString());
            json.WriteNumber("version", 3);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <returns>The secret key, 32 bytes.</returns>
    /// <exception cref="AivmException"><c>keystore-invalid</c> or <c>wrong-password</c>.</exception>
    public static byte[] Decrypt(ReadOnlyMemory<byte> json, string password)
    {
        var (claimed, box) = Read(json);
        var key = box.Open(password);
        if (!Secp256k1.IsKey(key) || (claimed is { } address && address != Secp256k1.AddressOf(key)))
            throw Invalid("its key does not belong to its address");
        return key;
    }

    /// <summary>The address that the file claims; null where it names none. Needs no password, proves nothing.</summary>
    /// <exception cref="AivmException"><c>keystore-invalid</c>.</exception>
    public static Address? AddressOf(ReadOnlyMemory<byte> json) => Read(json).Address;

    private static (Address? Address, PasswordBox Box) Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MaxJsonLength)
            throw Invalid($"it has over {MaxJsonLength} bytes");
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != 3)
                throw Invalid("its version is not 3");
            var crypto = root.TryGetProperty("crypto", out var lower) ? lower : root.GetProperty("Crypto");
            return (ReadAddress(root), PasswordBox.Read(crypto, reason => Invalid(reason)));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Invalid("it is not a JSON document of version 3", exception);
        }
    }

    private static Address? ReadAddress(JsonElement root)
    {
        if (!root.TryGetProperty("address", out var text))
            return null;
        return Address.TryParse(text.GetString(), out var address) ? address : throw Invalid("its address is malformed");
    }

    private static AivmException Invalid(string reason, Exception? inner = null) =>
        new(Failure.Input, "keystore-invalid", $"The keystore file is invalid: {reason}.", inner);
}
