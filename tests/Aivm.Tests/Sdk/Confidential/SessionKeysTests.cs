using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Confidential;

public sealed class SessionKeysTests
{
    private static readonly AnswerStatement Statement = new(31337, 7, Filled(0x01), Filled(0x02), Filled(0x03), 100);

    [Fact]
    public void The_digest_and_the_signature_are_frozen()
    {
        using var keys = new SessionKeys(Filled(0x66).Span, EncryptionKey.Generate());
        Assert.Equal("0xf18b686ca2b9a040528b1ced948638f7ae32232a1351f05a69fb82f2c76c2a61", Statement.Digest().ToString());
        Assert.Equal(
            "0xb6c10ccaf20b47e075d90d590f81c6328625325c25fb34c3a361021e9ce5d4b62541428a276422acdadd565cd219afd9555bd6e22e08"
            + "c9dc07d461369ad6cad11b",
            Hex.Encode(keys.Sign(Statement)));
    }

    [Fact]
    public void The_digest_is_of_the_ABI_encoding_of_the_specification()
    {
        byte[] encoded =
        [
            .. Word(7 * 32), .. Word(31337), .. Word(7), .. Filled(0x01).Span, .. Filled(0x02).Span, .. Filled(0x03).Span, .. Word(100),
            .. Word(18), .. "aivm tee answer v1"u8, .. new byte[14],
        ];
        Assert.Equal(Keccak.Hash(encoded), Statement.Digest());
    }

    [Fact]
    public void The_chain_recovers_the_signer_and_s_is_low()
    {
        using var keys = SessionKeys.Generate();
        for (ulong job = 0; job < 16; job++)
        {
            var statement = Statement with { Job = job };
            var bytes = keys.Sign(statement);
            Assert.Equal(SessionKeys.SignatureSize, bytes.Length);
            Assert.InRange(bytes[64], 27, 28);
            var signature = new Signature(UInt256.FromBigEndian(bytes.AsSpan(0, 32)), UInt256.FromBigEndian(bytes.AsSpan(32, 32)), (byte)(bytes[64] - 27));
            Assert.True(signature.IsLowS);
            Assert.True(Secp256k1.TryRecover(statement.Digest(), signature, out var signer));
            Assert.Equal(keys.Signer, signer);
        }
    }

    [Fact]
    public void Every_part_of_a_statement_changes_its_digest()
    {
        AnswerStatement[] others =
        [
            Statement with { ChainId = 1 }, Statement with { Job = 1 }, Statement with { ModelHash = Filled(9) }, Statement with { InputCommitment = Filled(9) },
            Statement with { OutputHash = Filled(9) }, Statement with { Height = 1 },
        ];
        Assert.All(others, other => Assert.NotEqual(Statement.Digest(), other.Digest()));
    }

    [Fact]
    public void Sessions_have_keys_of_their_own()
    {
        using var one = SessionKeys.Generate();
        using var other = SessionKeys.Generate();
        Assert.NotEqual(one.Signer, other.Signer);
        Assert.NotEqual(one.Encryption.PublicKey.ToArray(), other.Encryption.PublicKey.ToArray());
    }

    [Fact]
    public void Evidence_is_bound_to_both_public_keys()
    {
        using var keys = new SessionKeys(Word(1), EncryptionKey.Generate());
        Assert.Equal("0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", Hex.Encode(keys.SigningKey.Span));
        var binding = new ReportBinding(
            31337, Address.Zero, keys.SigningKey, keys.Encryption.PublicKey, Hash256.Zero, Hash256.Zero, 100, Hash256.Zero, Hash256.Zero);
        Assert.Equal(DevelopmentEvidence.ReportDataSize, binding.ReportData().Length);
    }

    [Fact]
    public void A_session_that_was_disposed_signs_and_opens_nothing()
    {
        var keys = SessionKeys.Generate();
        keys.Dispose();
        Assert.Throws<ObjectDisposedException>(() => keys.Sign(Statement));
        Assert.Throws<ObjectDisposedException>(() => Hpke.TryOpen(keys.Encryption, [], [], new byte[Hpke.Overhead], out _));
    }

    private static byte[] Word(ulong number) => ((UInt256)number).ToHash256().ToArray();

    private static Hash256 Filled(byte value) => new([.. Enumerable.Repeat(value, 32)]);
}
