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

/// <summary>32 secret bytes under a password: the object "crypto" of the Web3 Secret Storage definition, version 3.</summary>
internal sealed class PasswordBox
{
    public const int SecretSize = 32;

    private const int DerivedKeySize = 32;
    private const int AesKeySize = 16;
    private const int BlockSize = 16;

    private readonly byte[] _ciphertext;
    private readonly byte[] _iv;
    private readonly byte[] _mac;
    private readonly Func<string, byte[]> _derive;

    private PasswordBox(byte[] ciphertext, byte[] iv, byte[] mac, Func<string, byte[]> derive) =>
        (_ciphertext, _iv, _mac, _derive) = (ciphertext, iv, mac, derive);

    /// <summary>Writes the object with its name.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> secret, string password, ScryptCost? cost = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretSize);
        var scrypt = cost ?? ScryptCost.Standard;
        var salt = RandomNumberGenerator.GetBytes(DerivedKeySize);
        var iv = RandomNumberGenerator.GetBytes(BlockSize);
        var derived = DeriveByScrypt(password, salt, scrypt);
        var ciphertext = AesCtr(derived.AsSpan(0, AesKeySize), iv, secret);
        var mac = Mac(derived, ciphertext);
        CryptographicOperations.ZeroMemory(derived);
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
    }

    /// <summary>Checks all of it before any work is done for it: a file must not make its reader spend gigabytes.</summary>
    /// <param name="invalid">What to throw, given what is wrong.</param>
    public static PasswordBox Read(JsonElement crypto, Func<string, AivmException> invalid)
    {
        if (crypto.GetProperty("cipher").GetString() != "aes-128-ctr")
            throw invalid("its cipher is not aes-128-ctr");
        var parameters = crypto.GetProperty("kdfparams");
        if (parameters.GetProperty("dklen").GetInt32() != DerivedKeySize)
            throw invalid($"its dklen is not {DerivedKeySize}");
        return new PasswordBox(
            Bytes(crypto, "ciphertext", SecretSize, invalid),
            Bytes(crypto.GetProperty("cipherparams"), "iv", BlockSize, invalid),
            Bytes(crypto, "mac", Hash256.Size, invalid),
            crypto.GetProperty("kdf").GetString() switch
            {
                "scrypt" => ReadScrypt(parameters, invalid),
                "pbkdf2" => ReadPbkdf2(parameters, invalid),
                _ => throw invalid("its kdf is neither scrypt nor pbkdf2"),
            });
    }

    /// <returns>The secret.</returns>
    /// <exception cref="AivmException"><c>wrong-password</c>.</exception>
    public byte[] Open(string password)
    {
        var derived = _derive(password);
        try
        {
            return CryptographicOperations.FixedTimeEquals(Mac(derived, _ciphertext).Span, _mac)
                ? AesCtr(derived.AsSpan(0, AesKeySize), _iv, _ciphertext)
                : throw new AivmException(Failure.Input, "wrong-password", "The password does not open this keystore file.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
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

    private const long MaxScryptMemory = 512L << 20;
    private const long MaxScryptWork = 1L << 23;

    /// <summary>RFC 7914, section 6: N is less than 2^(128 * r / 8).</summary>
    private const int MaxNarrowScryptN = 1 << 16;
    private const int MaxIterations = 10_000_000;
    private const int MaxSaltSize = 1024;

    private static Func<string, byte[]> ReadScrypt(JsonElement parameters, Func<string, AivmException> invalid)
    {
        var salt = Salt(parameters, invalid);
        int n = parameters.GetProperty("n").GetInt32(), r = parameters.GetProperty("r").GetInt32(), p = parameters.GetProperty("p").GetInt32();
        if (n < 2 || !int.IsPow2(n) || r is < 1 or > 1024 || p is < 1 or > 1024)
            throw invalid("its scrypt parameters are out of range");
        if (r == 1 && n >= MaxNarrowScryptN)
            throw invalid($"scrypt with r = 1 and n = {n} is outside RFC 7914, which wants n < {MaxNarrowScryptN}");
        if (128L * n * r > MaxScryptMemory || (long)n * r * p > MaxScryptWork)
            throw invalid($"scrypt with n = {n}, r = {r}, p = {p} takes more than this reader spends on a password");
        return password => DeriveByScrypt(password, salt, new ScryptCost(n, r, p));
    }

    private static Func<string, byte[]> ReadPbkdf2(JsonElement parameters, Func<string, AivmException> invalid)
    {
        var salt = Salt(parameters, invalid);
        var iterations = parameters.GetProperty("c").GetInt32();
        if (parameters.GetProperty("prf").GetString() != "hmac-sha256")
            throw invalid("its prf is not hmac-sha256");
        if (iterations is < 1 or > MaxIterations)
            throw invalid($"{iterations} iterations of PBKDF2 are out of range");
        return password => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, DerivedKeySize);
    }

    private static byte[] Salt(JsonElement parameters, Func<string, AivmException> invalid)
    {
        var salt = Hex.Decode(parameters.GetProperty("salt").GetString());
        return salt.Length is > 0 and <= MaxSaltSize ? salt : throw invalid("its salt is out of range");
    }

    private static byte[] Bytes(JsonElement parent, string name, int size, Func<string, AivmException> invalid)
    {
        var bytes = Hex.Decode(parent.GetProperty(name).GetString());
        return bytes.Length == size ? bytes : throw invalid($"its {name} has {bytes.Length} bytes, not {size}");
    }
}
