using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Confidential;

/// <summary>The vectors of RFC 9180 in base mode: appendix A.1.1, and the same with AES-256-GCM from the file of all vectors that the RFC points to.</summary>
public sealed class HpkeVectorTests
{
    private static readonly byte[] Info = Hex.Decode("4f6465206f6e2061204772656369616e2055726e");
    private static readonly byte[] Plaintext = Hex.Decode("4265617574792069732074727574682c20747275746820626561757479");

    private static readonly (int Number, string Ciphertext)[] Aes128Messages =
    [
        (0, "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"),
        (1, "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84"),
        (2, "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180"),
        (4, "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d"),
        (255, "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a"),
        (256, "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2"),
    ];

    private static readonly (int Number, string Ciphertext)[] Aes256Messages =
    [
        (0, "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a"),
        (1, "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d"),
        (2, "e0a8f2cf92ff61215edbb8c55dc31fe9e2eb42a5685867bb6854211542099f9e940c4b41c192bc390835b1a5f7"),
        (4, "448a8892f261cbb6bf5b7b64a4fae8a2c86492494b069c10525895d871c27c2f12cd17e0588fedaba9f7b0cd4c"),
    ];

    private static readonly EncryptionKey Ephemeral128 = Key("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
    private static readonly EncryptionKey Recipient128 = Key("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
    private static readonly EncryptionKey Ephemeral256 = Key("179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11");
    private static readonly EncryptionKey Recipient256 = Key("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d");

    [Fact]
    public void Secret_keys_have_the_public_keys_of_the_vectors()
    {
        AssertPublic("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431", Ephemeral128);
        AssertPublic("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d", Recipient128);
        AssertPublic("6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256", Ephemeral256);
        AssertPublic("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c", Recipient256);
    }

    [Fact]
    public void The_shared_secret_is_that_of_the_RFC()
    {
        var agreed = new byte[EncryptionKey.Size];
        Assert.True(Ephemeral128.TryAgree(Recipient128.PublicKey.Span, agreed));
        Assert.Equal(
            Hex.Decode("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"),
            HpkeSuite.SharedSecret(agreed, Ephemeral128.PublicKey.Span, Recipient128.PublicKey.Span));
    }

    [Fact]
    public void The_base_nonce_is_that_of_the_RFC()
    {
        var shared = Hex.Decode("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
        var (cipher, baseNonce) = HpkeSuite.Aes128.Schedule(shared, Info);
        cipher.Dispose();
        Assert.Equal(Hex.Decode("56d890e5accaaf011cff4b7d"), baseNonce);
    }

    [Fact]
    public void Messages_with_AES_128_are_those_of_the_RFC() => AssertMessages(HpkeSuite.Aes128, Ephemeral128, Recipient128, Aes128Messages);

    [Fact]
    public void Messages_with_AES_256_are_those_of_the_vectors() => AssertMessages(HpkeSuite.Aes256, Ephemeral256, Recipient256, Aes256Messages);

    [Fact]
    public void One_message_is_the_key_and_the_first_ciphertext()
    {
        byte[] expected = [.. Ephemeral256.PublicKey.Span, .. Hex.Decode(Aes256Messages[0].Ciphertext)];
        Assert.True(Hpke.TrySeal(Ephemeral256, Recipient256.PublicKey.Span, Info, Associated(0), Plaintext, out var sealedBytes));
        Assert.Equal(expected, sealedBytes);
        Assert.True(Hpke.TryOpen(Recipient256, Info, Associated(0), expected, out var opened));
        Assert.Equal(Plaintext, opened);
    }

    private static void AssertMessages(HpkeSuite suite, EncryptionKey ephemeral, EncryptionKey recipient, (int Number, string Ciphertext)[] messages)
    {
        Assert.True(HpkeContext.TrySend(suite, ephemeral, recipient.PublicKey.Span, Info, out var sender));
        Assert.True(HpkeContext.TryReceive(suite, recipient, ephemeral.PublicKey.Span, Info, out var receiver));
        var expected = messages.ToDictionary(message => message.Number, message => message.Ciphertext);
        using (sender)
        using (receiver)
        {
            for (var number = 0; number <= messages[^1].Number; number++)
            {
                var ciphertext = new byte[Plaintext.Length + HpkeSuite.TagSize];
                sender.Seal(Plaintext, Associated(number), ciphertext);
                if (expected.TryGetValue(number, out var vector))
                    Assert.Equal(Hex.Decode(vector), ciphertext);
                var opened = new byte[Plaintext.Length];
                Assert.False(receiver.TryOpen(ciphertext, Associated(number + 1), opened));
                Assert.True(receiver.TryOpen(ciphertext, Associated(number), opened));
                Assert.Equal(Plaintext, opened);
            }
        }
    }

    /// <summary>The vectors count their messages in the associated data.</summary>
    private static byte[] Associated(int number) => System.Text.Encoding.ASCII.GetBytes($"Count-{number}");

    private static void AssertPublic(string expected, EncryptionKey key) => Assert.Equal(Hex.Decode(expected), key.PublicKey.ToArray());

    private static EncryptionKey Key(string secret) => new(Hex.Decode(secret));
}
