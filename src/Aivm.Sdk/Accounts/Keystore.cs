using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aivm.Primitives;
using Org.BouncyCastle.Crypto.Generators;

namespace Aivm.Sdk;

/// <summary>How hard a password is to guess: scrypt's parameters (RFC 7914). Memory is 128·n·r bytes, work n·r·p.</summary>
/// <param name="N">A power of two.</param>
public sealed record ScryptCost(int N, int R, int P)
{
    /// <summary>geth's standard: 256 MiB, about a second.</summary>
    public static ScryptCost Standard { get; } = new(1 << 18, 8, 1);
}

/// <summary>
/// One secret key under a password, in the JSON of the Web3 Secret Storage definition, version 3, which geth, ethers and MetaMask read
/// and write.
/// </summary>
public static class Keystore
{
    private const int MaxJsonLength = 64 << 10;
    private const int DerivedKeySize = 32;
    private const int AesKeySize = 16;
    private const int BlockSize = 16;

    /// <returns>The JSON document, UTF-8.</returns>
    /// <exception cref="ArgumentException">The key is not a secret key.</exception>
    public static byte[] Encrypt(ReadOnlySpan<byte> key, string password, ScryptCost? cost = null)
    {
        var address = Secp256k1.AddressOf(key);
        var scrypt = cost ?? ScryptCost.Standard;
        var salt = RandomNumberGenerator.GetBytes(DerivedKeySize);
        var iv = RandomNumberGenerator.GetBytes(BlockSize);
        var derived = DeriveByScrypt(password, salt, scrypt);
        var ciphertext = AesCtr(derived.AsSpan(0, AesKeySize), iv, key);
        var mac = Mac(derived, ciphertext);
        CryptographicOperations.ZeroMemory(derived);

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("address", Convert.ToHexStringLower(address.Span));
            json.WriteStartObject("crypto");
            json.WriteString("cipher", "aes-128-ctr");
            json.WriteString("ciphertext", Convert.ToHexStringLower(ciphertext));
            json.WriteStartObject("cipherparams");
            json.WriteString("iv", Convert.ToHexStringLower(iv));
            json.WriteEndObject();
            json.WriteString("kdf", "scrypt");
            json.WriteStartObject("kdfparams");
            json.WriteNumber("dklen", DerivedKeySize);
            json.WriteNumber("n", scrypt.N);
            json.WriteNumber("r", scrypt.R);
            json.WriteNumber("p", scrypt.P);
            json.WriteString("salt", Convert.ToHexStringLower(salt));
            json.WriteEndObject();
            json.WriteString("mac", Convert.ToHexStringLower(mac.Span));
            json.WriteEndObject();
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
        var sealedKey = Read(json);
        var derived = sealedKey.Derive(password);
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(Mac(derived, sealedKey.Ciphertext).Span, sealedKey.Mac))
                throw new AivmException(Failure.Input, "wrong-password", "The password does not open this keystore file.");
            var key = AesCtr(derived.AsSpan(0, AesKeySize), sealedKey.Iv, sealedKey.Ciphertext);
            if (!Secp256k1.IsKey(key) || (sealedKey.Address is { } address && address != Secp256k1.AddressOf(key)))
                throw Invalid("its key does not belong to its address");
            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>The address that the file claims; null where it names none. Needs no password, proves nothing.</summary>
    /// <exception cref="AivmException"><c>keystore-invalid</c>.</exception>
    public static Address? AddressOf(ReadOnlyMemory<byte> json) => Read(json).Address;

    private static SealedKey Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MaxJsonLength)
            throw Invalid($"it has over {MaxJsonLength} bytes");
        try
        {
            using var document = JsonDocument.Parse(json);
            return SealedKey.Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Invalid("it is not a JSON document of version 3", exception);
        }
    }

    /// <summary>The second half of the derived key and the ciphertext, hashed: tells a wrong password without touching the key.</summary>
    private static Hash256 Mac(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> ciphertext) =>
        Keccak.Hash([.. derived[AesKeySize..DerivedKeySize], .. ciphertext]);

    private static byte[] AesCtr(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> text)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        Span<byte> counter = stackalloc byte[BlockSize];
        Span<byte> stream = stackalloc byte[BlockSize];
        iv.CopyTo(counter);
        var result = text.ToArray();
        for (var start = 0; start < result.Length; start += BlockSize)
        {
            aes.EncryptEcb(counter, stream, PaddingMode.None);
            for (var i = start; i < Math.Min(start + BlockSize, result.Length); i++)
                result[i] ^= stream[i - start];
            Increment(counter);
        }
        return result;
    }

    private static void Increment(Span<byte> counter)
    {
        for (var i = counter.Length - 1; i >= 0; i--)
        {
            counter[i] = unchecked((byte)(counter[i] + 1));
            if (counter[i] != 0)
                return;
        }
    }

    private static byte[] DeriveByScrypt(string password, byte[] salt, ScryptCost cost)
    {
        var secret = Encoding.UTF8.GetBytes(password);
        try
        {
            return SCrypt.Generate(secret, salt, cost.N, cost.R, cost.P, DerivedKeySize);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static AivmException Invalid(string reason, Exception? inner = null) =>
        new(Failure.Input, "keystore-invalid", $"The keystore file is invalid: {reason}.", inner);

    /// <summary>What a file holds, checked before any work is done for it: a file must not make its reader spend gigabytes.</summary>
    private sealed record SealedKey(Address? Address, byte[] Ciphertext, byte[] Iv, byte[] Mac, Func<string, byte[]> Derive)
    {
        private const long MaxScryptMemory = 512L << 20;
        private const long MaxScryptWork = 1L << 23;

        /// <summary>RFC 7914, section 6: N is less than 2^(128 * r / 8).</summary>
        private const int MaxNarrowScryptN = 1 << 16;
        private const int MaxIterations = 10_000_000;
        private const int MaxSaltSize = 1024;

        public static SealedKey Read(JsonElement root)
        {
            if (root.GetProperty("version").GetInt32() != 3)
                throw Invalid("its version is not 3");
            var crypto = root.TryGetProperty("crypto", out var lower) ? lower : root.GetProperty("Crypto");
            if (crypto.GetProperty("cipher").GetString() != "aes-128-ctr")
                throw Invalid("its cipher is not aes-128-ctr");
            var parameters = crypto.GetProperty("kdfparams");
            if (parameters.GetProperty("dklen").GetInt32() != DerivedKeySize)
                throw Invalid($"its dklen is not {DerivedKeySize}");
            return new SealedKey(
                ReadAddress(root),
                Bytes(crypto, "ciphertext", Secp256k1.KeySize),
                Bytes(crypto.GetProperty("cipherparams"), "iv", BlockSize),
                Bytes(crypto, "mac", Hash256.Size),
                crypto.GetProperty("kdf").GetString() switch
                {
                    "scrypt" => ReadScrypt(parameters),
                    "pbkdf2" => ReadPbkdf2(parameters),
                    _ => throw Invalid("its kdf is neither scrypt nor pbkdf2"),
                });
        }

        private static Func<string, byte[]> ReadScrypt(JsonElement parameters)
        {
            var salt = Salt(parameters);
            int n = parameters.GetProperty("n").GetInt32(), r = parameters.GetProperty("r").GetInt32(), p = parameters.GetProperty("p").GetInt32();
            if (n < 2 || !int.IsPow2(n) || r is < 1 or > 1024 || p is < 1 or > 1024)
                throw Invalid("its scrypt parameters are out of range");
            if (r == 1 && n >= MaxNarrowScryptN)
                throw Invalid($"scrypt with r = 1 and n = {n} is outside RFC 7914, which wants n < {MaxNarrowScryptN}");
            if (128L * n * r > MaxScryptMemory || (long)n * r * p > MaxScryptWork)
                throw Invalid($"scrypt with n = {n}, r = {r}, p = {p} takes more than this reader spends on a password");
            return password => DeriveByScrypt(password, salt, new ScryptCost(n, r, p));
        }

        private static Func<string, byte[]> ReadPbkdf2(JsonElement parameters)
        {
            var salt = Salt(parameters);
            var iterations = parameters.GetProperty("c").GetInt32();
            if (parameters.GetProperty("prf").GetString() != "hmac-sha256")
                throw Invalid("its prf is not hmac-sha256");
            if (iterations is < 1 or > MaxIterations)
                throw Invalid($"{iterations} iterations of PBKDF2 are out of range");
            return password => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, DerivedKeySize);
        }

        private static Address? ReadAddress(JsonElement root)
        {
            if (!root.TryGetProperty("address", out var text))
                return null;
            return Primitives.Address.TryParse(text.GetString(), out var address) ? address : throw Invalid("its address is malformed");
        }

        private static byte[] Salt(JsonElement parameters)
        {
            var salt = Hex.Decode(parameters.GetProperty("salt").GetString());
            return salt.Length is > 0 and <= MaxSaltSize ? salt : throw Invalid("its salt is out of range");
        }

        private static byte[] Bytes(JsonElement parent, string name, int size)
        {
            var bytes = Hex.Decode(parent.GetProperty(name).GetString());
            return bytes.Length == size ? bytes : throw Invalid($"its {name} has {bytes.Length} bytes, not {size}");
        }
    }
}
