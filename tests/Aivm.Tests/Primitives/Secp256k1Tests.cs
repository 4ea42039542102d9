using System.Security.Cryptography;
using System.Text;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

/// <summary>One suite for every backend.</summary>
public abstract class Secp256k1Tests
{
    private static readonly UInt256 GeneratorX = Word("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");

    protected abstract ISecp256k1 Backend { get; }

    // RFC 6979 fixes the method but prints no secp256k1 vectors; these are the ones that wallets share.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", "Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001",
        "All those moments will be lost in time, like tears in rain. Time to die...",
        "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b", "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "Satoshi Nakamoto",
        "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0", "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5")]
    [InlineData("f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181", "Alan Turing",
        "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c", "58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea")]
    public void Signatures_are_those_of_RFC_6979(string key, string message, string r, string s)
    {
        var hash = new Hash256(SHA256.HashData(Encoding.UTF8.GetBytes(message)));
        Assert.True(Backend.TrySign(hash, Hex.Decode(key), out var signature));
        Assert.Equal(Word(r), signature.R);
        Assert.Equal(Word(s), signature.S);
        Assert.Equal(PublicKey(Hex.Decode(key)), Recover(hash, signature));
    }

    [Fact]
    public void The_public_key_of_one_is_the_generator() =>
        Assert.Equal(
            "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
            Hex.Encode(PublicKey(UInt256.One.ToHash256().Span)));

    [Fact]
    public void A_compressed_key_names_the_point_that_it_was()
    {
        for (var i = 1; i <= 16; i++)
        {
            var key = PublicKey(((UInt256)(ulong)i).ToHash256().Span);
            Assert.Equal(key, Decompress([(byte)(2 + (key[^1] & 1)), .. key[..32]]));
            Assert.NotEqual(key, Decompress([(byte)(3 - (key[^1] & 1)), .. key[..32]]));
        }
    }

    [Fact]
    public void Bytes_that_name_no_point_are_not_decompressed()
    {
        byte[] x = GeneratorX.ToHash256().ToArray();
        foreach (var prefix in (byte[])[0, 1, 4, 6, 7, 255])
            Assert.Null(Decompress([prefix, .. x]));
        Assert.Null(Decompress([]));
        Assert.Null(Decompress([2]));
        Assert.Null(Decompress([2, .. x[1..]]));
        Assert.Null(Decompress([2, .. x, 0]));
        // 5 is the least x of no point; the field's prime and what is above it are no x at all.
        Assert.Null(Decompress([2, .. new UInt256(5).ToHash256().Span]));
        Assert.Null(Decompress([2, .. FieldPrime.ToHash256().Span]));
        Assert.Null(Decompress([2, .. (FieldPrime + UInt256.One).ToHash256().Span]));
        Assert.Null(Decompress([3, .. UInt256.MaxValue.ToHash256().Span]));
    }

    private static readonly UInt256 FieldPrime = Word("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");

    private byte[]? Decompress(byte[] compressed)
    {
        var key = new byte[64];
        return Backend.TryDecompress(compressed, key) ? key : null;
    }

    [Fact]
    public void Numbers_outside_the_group_are_no_keys()
    {
        foreach (var key in new[] { UInt256.Zero, Secp256k1.Order, UInt256.MaxValue })
        {
            Assert.False(Backend.TryGetPublicKey(key.ToHash256().Span, new byte[64]));
            Assert.False(Backend.TrySign(Hash256.Zero, key.ToHash256().Span, out _));
        }
        Assert.False(Backend.TryGetPublicKey(new byte[31], new byte[64]));
        Assert.False(Backend.TryGetPublicKey(new byte[33], new byte[64]));
        Assert.False(Backend.TrySign(Hash256.Zero, [], out _));
    }

    [Fact]
    public void A_signature_outside_the_group_recovers_nothing()
    {
        var good = new Signature(GeneratorX, UInt256.One, 0);
        Assert.NotNull(Recover(Hash256.Zero, good));
        Assert.Null(Recover(Hash256.Zero, good with { R = UInt256.Zero }));
        Assert.Null(Recover(Hash256.Zero, good with { S = UInt256.Zero }));
        Assert.Null(Recover(Hash256.Zero, good with { R = Secp256k1.Order }));
        Assert.Null(Recover(Hash256.Zero, good with { S = Secp256k1.Order }));
        Assert.Null(Recover(Hash256.Zero, good with { S = UInt256.MaxValue }));
        Assert.Null(Recover(Hash256.Zero, good with { YParity = 4 }));
        Assert.Null(Recover(Hash256.Zero, good with { YParity = 27 }));
        Assert.Null(Recover(Hash256.Zero, good with { YParity = 255 }));
    }

    [Fact]
    public void A_high_s_recovers_the_key_of_the_low_one()
    {
        var key = Hash256.Parse("0x4646464646464646464646464646464646464646464646464646464646464646");
        var hash = Keccak.Hash("message"u8);
        Assert.True(Backend.TrySign(hash, key.Span, out var low));
        Assert.True(low.IsLowS);
        var high = new Signature(low.R, Secp256k1.Order - low.S, (byte)(low.YParity ^ 1));
        Assert.False(high.IsLowS);
        Assert.Equal(PublicKey(key.Span), Recover(hash, high));
    }

    [Fact]
    public void The_point_at_infinity_is_no_key()
    {
        // With R = G and e = s, sR - eG is the point at infinity.
        var s = new UInt256(123456789);
        Assert.Null(Recover(s.ToHash256(), new Signature(GeneratorX, s, 0)));
        Assert.NotNull(Recover(s.ToHash256(), new Signature(GeneratorX, s, 1)));
    }

    [Fact]
    public void An_x_beyond_the_order_recovers_below_the_field_prime_only()
    {
        // p - n is about 2^128: above it, r + n leaves the field.
        var recovered = Enumerable.Range(1, 20).Count(r => Recover(Hash256.Zero, new Signature((ulong)r, UInt256.One, 2)) is not null);
        Assert.InRange(recovered, 1, 19);
        Assert.Null(Recover(Hash256.Zero, new Signature(GeneratorX, UInt256.One, 2)));
        Assert.Null(Recover(Hash256.Zero, new Signature(GeneratorX, UInt256.One, 3)));
    }

    [Fact]
    public void A_hash_counts_modulo_the_order()
    {
        var key = UInt256.One.ToHash256();
        Assert.True(Backend.TrySign(new UInt256(5).ToHash256(), key.Span, out var signature));
        var beyond = UInt256.MaxValue - (UInt256.MaxValue - Secp256k1.Order - new UInt256(5));
        Assert.True(Backend.TrySign(beyond.ToHash256(), key.Span, out var same));
        Assert.Equal(signature, same);
        Assert.Equal(PublicKey(key.Span), Recover(beyond.ToHash256(), signature));
    }

    private byte[] PublicKey(ReadOnlySpan<byte> key)
    {
        var publicKey = new byte[64];
        Assert.True(Backend.TryGetPublicKey(key, publicKey));
        return publicKey;
    }

    private byte[]? Recover(Hash256 hash, Signature signature)
    {
        var publicKey = new byte[64];
        return Backend.TryRecover(hash, signature, publicKey) ? publicKey : null;
    }

    private static UInt256 Word(string hex) => UInt256.FromBigEndian(Hex.Decode(hex));
}

public sealed class Secp256k1ManagedTests : Secp256k1Tests
{
    protected override ISecp256k1 Backend { get; } = new Secp256k1Managed();
}

public sealed class Secp256k1NativeTests : Secp256k1Tests
{
    protected override ISecp256k1 Backend => Require();

    internal static ISecp256k1 Require()
    {
        if (!Secp256k1Native.TryLoad(out var native))
            Assert.Skip("needs libsecp256k1 with its recovery module (Debian: libsecp256k1-1)");
        return native;
    }
}

public sealed class Secp256k1AgreementTests
{
    [Fact]
    public void Both_backends_give_the_same_answers()
    {
        var native = Secp256k1NativeTests.Require();
        var managed = new Secp256k1Managed();
        var numbers = new Numbers(seed: 1);
        for (var i = 0; i < 400; i++)
        {
            Hash256 hash = numbers.Next().ToHash256(), key = numbers.Next().ToHash256();
            Assert.Equal(native.TrySign(hash, key.Span, out var expected), managed.TrySign(hash, key.Span, out var actual));
            Assert.Equal(expected, actual);
            AssertSameKey(key);
            AssertSameRecovery(hash, expected);
            AssertSameRecovery(hash, new Signature(numbers.Next(), numbers.Next(), (byte)(i % 5)));
        }

        void AssertSameKey(Hash256 key)
        {
            byte[] expected = new byte[64], actual = new byte[64];
            Assert.Equal(native.TryGetPublicKey(key.Span, expected), managed.TryGetPublicKey(key.Span, actual));
            Assert.Equal(expected, actual);
        }

        void AssertSameRecovery(Hash256 hash, Signature signature)
        {
            byte[] expected = new byte[64], actual = new byte[64];
            Assert.Equal(native.TryRecover(hash, signature, expected), managed.TryRecover(hash, signature, actual));
            Assert.Equal(expected, actual);
        }
    }

    /// <summary>Seeded numbers, every other one near a boundary of the group or the field.</summary>
    private sealed class Numbers(int seed)
    {
        private static readonly UInt256[] Edges =
            [UInt256.Zero, UInt256.MaxValue, Secp256k1.Order, Secp256k1.HalfOrder, new(0, 0, 1), new(0x402DA1722FC9BAEE, 0x4551231950B75FC4, 1)];

        private readonly Random _random = new(seed);

        public UInt256 Next()
        {
            var bytes = new byte[32];
            _random.NextBytes(bytes);
            if (_random.Next(2) == 0)
                return UInt256.FromBigEndian(bytes);
            var edge = Edges[_random.Next(Edges.Length)];
            for (var steps = _random.Next(-3, 4); steps != 0; steps -= Math.Sign(steps))
                edge -= steps > 0 ? UInt256.One : UInt256.MaxValue;
            return edge;
        }
    }
}
