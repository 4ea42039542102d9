using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Confidential;

public sealed class HpkeTests
{
    private static readonly byte[] Info = "info"u8.ToArray();
    private static readonly byte[] Associated = "associated"u8.ToArray();
    private static readonly byte[] Plaintext = "plaintext"u8.ToArray();

    private static readonly EncryptionKey Recipient = EncryptionKey.Generate();
    private static readonly byte[] Sealed = Seal(Plaintext);

    /// <summary>Every point of low order of the curve and of its twist, with the encodings of them that are not reduced.</summary>
    public static TheoryData<string> LowOrderPoints =>
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 18)]
    public void What_was_sealed_opens(int length)
    {
        var plaintext = Enumerable.Range(0, length).Select(i => (byte)(i & 0xFF)).ToArray();
        var sealedBytes = Seal(plaintext);
        Assert.Equal(length + Hpke.Overhead, sealedBytes.Length);
        Assert.True(Hpke.TryOpen(Recipient, Info, Associated, sealedBytes, out var opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void The_same_is_never_sealed_the_same_way_twice() => Assert.NotEqual(Seal(Plaintext), Seal(Plaintext));

    [Fact]
    public void No_bit_can_be_flipped()
    {
        for (var bit = 0; bit < 8 * Sealed.Length; bit++)
        {
            byte[] changed = [.. Sealed];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Opens(Recipient, Info, Associated, changed), $"bit {bit}");
        }
    }

    [Fact]
    public void No_length_but_its_own_opens()
    {
        for (var length = 0; length < Sealed.Length; length++)
            Assert.False(Opens(Recipient, Info, Associated, Sealed[..length]));
        Assert.False(Opens(Recipient, Info, Associated, [.. Sealed, 0]));
    }

    [Fact]
    public void Another_key_info_or_associated_data_do_not_open_it()
    {
        Assert.True(Opens(Recipient, Info, Associated, Sealed));
        Assert.False(Opens(EncryptionKey.Generate(), Info, Associated, Sealed));
        Assert.False(Opens(Recipient, "inf"u8.ToArray(), Associated, Sealed));
        Assert.False(Opens(Recipient, [.. Info, 0], Associated, Sealed));
        Assert.False(Opens(Recipient, Info, [], Sealed));
        Assert.False(Opens(Recipient, Info, [.. Associated, 0], Sealed));
    }

    [Theory]
    [MemberData(nameof(LowOrderPoints))]
    public void A_point_of_low_order_is_neither_sealed_to_nor_opened_from(string point)
    {
        var publicKey = Hex.Decode(point);
        Assert.False(EncryptionKey.IsUsable(publicKey));
        Assert.False(Hpke.TrySeal(publicKey, Info, Associated, Plaintext, out _));
        Assert.False(Opens(Recipient, Info, Associated, [.. publicKey, .. Sealed[EncryptionKey.PublicKeySize..]]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Keys_have_32_bytes(int length)
    {
        Assert.False(EncryptionKey.IsUsable(new byte[length]));
        Assert.False(Hpke.TrySeal(new byte[length], Info, Associated, Plaintext, out _));
        Assert.Throws<ArgumentException>(() => new EncryptionKey(new byte[length]));
    }

    [Fact]
    public void A_key_that_was_disposed_opens_nothing()
    {
        var key = EncryptionKey.Generate();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Opens(key, Info, Associated, Sealed));
    }

    private static byte[] Seal(byte[] plaintext)
    {
        Assert.True(Hpke.TrySeal(Recipient.PublicKey.Span, Info, Associated, plaintext, out var sealedBytes));
        return sealedBytes;
    }

    private static bool Opens(EncryptionKey recipient, byte[] info, byte[] associated, byte[] sealedBytes) =>
        Hpke.TryOpen(recipient, info, associated, sealedBytes, out _);
}
