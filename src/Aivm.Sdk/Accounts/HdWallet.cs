using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Keys from a mnemonic: BIP-39's seed, BIP-32's derivation, BIP-44's path m/44'/60'/0'/0/i that every Ethereum wallet uses. The words are
/// not looked up in a list, so a mistyped mnemonic gives other keys, not an error.
/// </summary>
public static class HdWallet
{
    private const uint Hardened = 0x80000000;
    private const int SeedSize = 64;
    private const int SeedIterations = 2048;

    private static readonly uint[] EthereumPath = [44 | Hardened, 60 | Hardened, 0 | Hardened, 0];

    /// <param name="index">The account's number, from 0.</param>
    /// <returns>A secret key, 32 bytes.</returns>
    /// <exception cref="AivmException"><c>mnemonic-invalid</c>.</exception>
    public static byte[] DeriveKey(string mnemonic, int index, string passphrase = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var seed = Seed(mnemonic, passphrase);
        var node = ExtendedKey.Master(seed);
        CryptographicOperations.ZeroMemory(seed);
        foreach (var step in (uint[])[.. EthereumPath, (uint)index])
            node = node.Child(step);
        return node.Key;
    }

    /// <summary>BIP-39: PBKDF2 over the words with HMAC-SHA512.</summary>
    private static byte[] Seed(string mnemonic, string passphrase)
    {
        var words = mnemonic.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length is < 12 or > 24 || words.Length % 3 != 0)
            throw Invalid($"a mnemonic has 12, 15, 18, 21 or 24 words, this one has {words.Length}");
        // BIP-39 normalises by NFKD, which leaves ASCII alone; other texts would need Unicode tables that this build goes without.
        if (!Ascii.IsValid(mnemonic) || !Ascii.IsValid(passphrase))
            throw Invalid("only ASCII mnemonics and passphrases are supported");
        return Rfc2898DeriveBytes.Pbkdf2(
            Encoding.ASCII.GetBytes(string.Join(' ', words)),
            Encoding.ASCII.GetBytes("mnemonic" + passphrase),
            SeedIterations,
            HashAlgorithmName.SHA512,
            SeedSize);
    }

    private static AivmException Invalid(string reason) => new(Failure.Input, "mnemonic-invalid", $"The mnemonic is invalid: {reason}.");

    /// <summary>A secret key and the chain code that its children hang on (BIP-32).</summary>
    private sealed class ExtendedKey(byte[] key, byte[] chainCode)
    {
        public byte[] Key { get; } = key;

        public static ExtendedKey Master(ReadOnlySpan<byte> seed) => Split(HMACSHA512.HashData("Bitcoin seed"u8, seed), UInt256.Zero);

        public ExtendedKey Child(uint index)
        {
            var data = new byte[1 + Secp256k1.KeySize + sizeof(uint)];
            if (index >= Hardened)
            {
                Key.CopyTo(data, 1);
            }
            else
            {
                var publicKey = Secp256k1.PublicKeyOf(Key);
                data[0] = (byte)(2 + (publicKey[^1] & 1));
                publicKey.AsSpan(0, 32).CopyTo(data.AsSpan(1));
            }
            BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(1 + Secp256k1.KeySize), index);
            var digest = HMACSHA512.HashData(chainCode, data);
            CryptographicOperations.ZeroMemory(data);
            return Split(digest, UInt256.FromBigEndian(Key));
        }

        /// <summary>The left half plus the parent's key, modulo the order; the right half.</summary>
        private static ExtendedKey Split(byte[] digest, UInt256 parent)
        {
            var left = UInt256.FromBigEndian(digest.AsSpan(0, Secp256k1.KeySize));
            var sum = UInt256.AddMod(left, parent, Secp256k1.Order);
            if (left >= Secp256k1.Order || sum.IsZero)
                throw Invalid("this account has no key, which happens once in 2^127; take the next one");
            var key = new byte[Secp256k1.KeySize];
            sum.WriteBigEndian(key);
            var chainCode = digest.AsSpan(Secp256k1.KeySize).ToArray();
            CryptographicOperations.ZeroMemory(digest);
            return new ExtendedKey(key, chainCode);
        }
    }
}
