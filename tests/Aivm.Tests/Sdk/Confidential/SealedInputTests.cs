using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Confidential;

public sealed class SealedInputTests
{
    private const ulong ChainId = 31337;

    private static readonly Address Provider = Address.Parse("0x00000000000000000000000000000000000000aa");
    private static readonly EncryptionKey SessionKey = new([.. Enumerable.Repeat((byte)0x11, 32)]);
    private static readonly EncryptionKey ReplyKey = new([.. Enumerable.Repeat((byte)0x22, 32)]);
    private static readonly EncryptionKey Ephemeral = new([.. Enumerable.Repeat((byte)0x33, 32)]);
    private static readonly byte[] Salt = [.. Enumerable.Repeat((byte)0x44, 32)];
    private static readonly byte[] Packed = [1, 2, 3, 4, 5];
    private static readonly SealingSession Session = new(ChainId, Provider, SessionKey.PublicKey);

    [Fact]
    public void The_bytes_are_frozen()
    {
        Assert.True(SealedInput.TrySeal(Ephemeral, Salt, Session, ReplyKey.PublicKey.Span, Packed, out var sealedInput, out _));
        Assert.Equal(Keccak.Hash([.. Salt, 1, .. Packed]), sealedInput.Commitment);
        Assert.Equal("0xce8cd0cdb116338063936e835758654f8407e974ae57c3475a05025452b5f436", sealedInput.Commitment.ToString());
        Assert.Equal(
            "0x7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14f35546cca98c2c1cd1f12f1190dc7fd854d625e9a8c9"
            + "d9c2c84acf5d3edfa3215287f7f17704db662cc5a7ee664d98b16493edc5bdd68d258373262c96efff5d4b827ace9370dd5f24a699c861"
            + "b19cdb61422687a5c4",
            Hex.Encode(sealedInput.Bytes.Span));
    }

    [Fact]
    public void The_enclave_opens_it_and_learns_whom_to_answer()
    {
        var sealedInput = Seal(Packed);
        Assert.Null(Open(SessionKey, ChainId, Provider, sealedInput.Commitment, sealedInput.Bytes.Span, out var opened));
        Assert.Equal(Packed, opened!.PackedInput.ToArray());
        Assert.Equal(ReplyKey.PublicKey.ToArray(), opened.ReplyKey.ToArray());
    }

    [Fact]
    public void The_same_input_has_another_commitment_each_time() => Assert.NotEqual(Seal(Packed).Commitment, Seal(Packed).Commitment);

    [Fact]
    public void The_salt_opens_the_commitment_to_whom_it_is_shown()
    {
        var sealedInput = Seal(Packed);
        Assert.Equal(sealedInput.Commitment, Keccak.Hash([.. sealedInput.Salt.Span, 1, .. Packed]));
    }

    [Fact]
    public void An_opened_input_is_zeroed_when_it_is_disposed()
    {
        var sealedInput = Seal(Packed);
        Open(SessionKey, ChainId, Provider, sealedInput.Commitment, sealedInput.Bytes.Span, out var opened);
        opened!.Dispose();
        Assert.Equal(new byte[Packed.Length], opened.PackedInput.ToArray());
    }

    [Fact]
    public void Another_key_chain_provider_or_commitment_does_not_open_it()
    {
        var sealedInput = Seal(Packed);
        var (commitment, bytes) = (sealedInput.Commitment, sealedInput.Bytes.ToArray());
        Assert.Null(Open(SessionKey, ChainId, Provider, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(ReplyKey, ChainId, Provider, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId + 1, Provider, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId, Address.Zero, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId, Provider, Seal(Packed).Commitment, bytes, out _));
    }

    [Fact]
    public void No_byte_can_be_flipped_and_none_left_out()
    {
        var sealedInput = Seal(Packed);
        var bytes = sealedInput.Bytes.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x80;
            Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId, Provider, sealedInput.Commitment, changed, out _));
            Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId, Provider, sealedInput.Commitment, bytes[..i], out _));
        }
        Assert.Equal("sealed-input-unopened", Open(SessionKey, ChainId, Provider, sealedInput.Commitment, [.. bytes, 0], out _));
    }

    [Fact]
    public void The_largest_input_fits_and_one_more_byte_does_not()
    {
        var largest = Seal(new byte[SealedInput.MaxPackedSize]);
        Assert.Equal(256 * 1024, largest.Bytes.Length);
        Assert.Null(Open(SessionKey, ChainId, Provider, largest.Commitment, largest.Bytes.Span, out _));
        Assert.False(SealedInput.TrySeal(Session, ReplyKey.PublicKey.Span, new byte[SealedInput.MaxPackedSize + 1], out _, out var error));
        Assert.Equal("input-too-large", error.Code);
        Assert.Equal("sealed-input-too-large", Open(SessionKey, ChainId, Provider, largest.Commitment, [.. largest.Bytes.Span, 0], out _));
    }

    [Fact]
    public void An_empty_input_is_one() => Assert.Equal(Hpke.Overhead + 65, Seal([]).Bytes.Length);

    [Fact]
    public void Keys_that_cannot_be_sealed_to_are_refused()
    {
        Assert.False(SealedInput.TrySeal(Session, new byte[32], Packed, out _, out var error));
        Assert.Equal("sealing-key-invalid", error.Code);
        Assert.False(SealedInput.TrySeal(Session, new byte[31], Packed, out _, out error));
        Assert.Equal("sealing-key-invalid", error.Code);
        Assert.False(SealedInput.TrySeal(Session with { EncryptionKey = new byte[32] }, ReplyKey.PublicKey.Span, Packed, out _, out error));
        Assert.Equal("sealing-key-invalid", error.Code);
    }

    [Fact]
    public void A_hostile_caller_seals_what_he_wants_and_it_is_refused()
    {
        byte[] committed = [.. Salt, 1, .. Packed];
        var commitment = Keccak.Hash(committed);
        Assert.Null(OpenForged(commitment, [.. ReplyKey.PublicKey.Span, .. committed]));
        Assert.Equal("input-commitment-mismatch", OpenForged(commitment, [.. ReplyKey.PublicKey.Span, .. committed, 0]));
        Assert.Equal("sealed-input-malformed", OpenForged(commitment, [.. ReplyKey.PublicKey.Span, .. Salt, 2, .. Packed]));
        Assert.Equal("sealed-input-malformed", OpenForged(commitment, [.. ReplyKey.PublicKey.Span, .. Salt]));
        Assert.Equal("sealed-input-malformed", OpenForged(commitment, []));
        Assert.Equal("sealing-key-invalid", OpenForged(commitment, [.. new byte[32], .. committed]));
    }

    private static SealedInput Seal(byte[] packed)
    {
        Assert.True(SealedInput.TrySeal(Session, ReplyKey.PublicKey.Span, packed, out var sealedInput, out _));
        return sealedInput;
    }

    private static string? OpenForged(Hash256 commitment, byte[] plaintext)
    {
        byte[] info = [.. "aivm sealed input v1"u8, 0, 0, 0, 0, 0, 0, 0x7A, 0x69, .. Provider.Span, .. SessionKey.PublicKey.Span];
        Assert.True(Hpke.TrySeal(SessionKey.PublicKey.Span, info, commitment.Span, plaintext, out var bytes));
        return Open(SessionKey, ChainId, Provider, commitment, bytes, out _);
    }

    private static string? Open(
        EncryptionKey key, ulong chainId, Address provider, Hash256 commitment, ReadOnlySpan<byte> bytes, out OpenedInput? opened) =>
        SealedInput.TryOpen(key, chainId, provider, commitment, bytes, out opened, out var error) ? null : error.Code;
}
