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
    private static readonly Address Caller = Address.Parse("0x00000000000000000000000000000000000000bb");
    private static readonly Hash256 ModelHash = new([.. Enumerable.Repeat((byte)0x55, 32)]);
    private static readonly InputBinding Binding = new(ChainId, Provider, ModelHash, Caller);

    [Fact]
    public void The_bytes_are_frozen()
    {
        Assert.True(SealedInput.TrySeal(Ephemeral, Salt, Binding, SessionKey.PublicKey.Span, ReplyKey.PublicKey.Span, Packed, out var sealedInput, out _));
        Assert.Equal(Keccak.Hash([.. Salt, 1, .. Packed]), sealedInput.Commitment);
        Assert.Equal("0xce8cd0cdb116338063936e835758654f8407e974ae57c3475a05025452b5f436", sealedInput.Commitment.ToString());
        Assert.Equal(
            "0x7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b140c126e66db0e555f3ab24adc548f5845252128b7b2da"
            + "0ae62ba278203af5dfe1a947144e61ec7bf898a70138b916730be4203aa2a85aa06b00cf2800b123550f48460e1cf8cc3ec2865527eac5"
            + "ce35a9f24766f78a5a",
            Hex.Encode(sealedInput.Bytes.Span));
    }

    [Fact]
    public void The_enclave_opens_it_and_learns_whom_to_answer()
    {
        var sealedInput = Seal(Packed);
        Assert.Null(Open(SessionKey, Binding, sealedInput.Commitment, sealedInput.Bytes.Span, out var opened));
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
        Open(SessionKey, Binding, sealedInput.Commitment, sealedInput.Bytes.Span, out var opened);
        opened!.Dispose();
        Assert.Equal(new byte[Packed.Length], opened.PackedInput.ToArray());
    }

    [Fact]
    public void Another_key_chain_provider_model_caller_or_commitment_does_not_open_it()
    {
        var sealedInput = Seal(Packed);
        var (commitment, bytes) = (sealedInput.Commitment, sealedInput.Bytes.ToArray());
        Assert.Null(Open(SessionKey, Binding, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(ReplyKey, Binding, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding with { ChainId = ChainId + 1 }, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding with { Provider = Address.Zero }, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding with { ModelHash = Hash256.Zero }, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding with { Caller = Address.Zero }, commitment, bytes, out _));
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding, Seal(Packed).Commitment, bytes, out _));
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
            Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding, sealedInput.Commitment, changed, out _));
            Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding, sealedInput.Commitment, bytes[..i], out _));
        }
        Assert.Equal("sealed-input-unopened", Open(SessionKey, Binding, sealedInput.Commitment, [.. bytes, 0], out _));
    }

    [Fact]
    public void The_largest_input_fits_and_one_more_byte_does_not()
    {
        var largest = Seal(new byte[SealedInput.MaxPackedSize]);
        Assert.Equal(256 * 1024, largest.Bytes.Length);
        Assert.Null(Open(SessionKey, Binding, largest.Commitment, largest.Bytes.Span, out _));
        Assert.False(SealedInput.TrySeal(Binding, SessionKey.PublicKey.Span, ReplyKey.PublicKey.Span, new byte[SealedInput.MaxPackedSize + 1], out _, out var error));
        Assert.Equal("input-too-large", error.Code);
        Assert.Equal("sealed-input-too-large", Open(SessionKey, Binding, largest.Commitment, [.. largest.Bytes.Span, 0], out _));
    }

    [Fact]
    public void An_empty_input_is_one() => Assert.Equal(Hpke.Overhead + 65, Seal([]).Bytes.Length);

    [Fact]
    public void Keys_that_cannot_be_sealed_to_are_refused()
    {
        Assert.False(SealedInput.TrySeal(Binding, SessionKey.PublicKey.Span, new byte[32], Packed, out _, out var error));
        Assert.Equal("sealing-key-invalid", error.Code);
        Assert.False(SealedInput.TrySeal(Binding, SessionKey.PublicKey.Span, new byte[31], Packed, out _, out error));
        Assert.Equal("sealing-key-invalid", error.Code);
        Assert.False(SealedInput.TrySeal(Binding, new byte[32], ReplyKey.PublicKey.Span, Packed, out _, out error));
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
        Assert.True(SealedInput.TrySeal(Binding, SessionKey.PublicKey.Span, ReplyKey.PublicKey.Span, packed, out var sealedInput, out _));
        return sealedInput;
    }

    private static string? OpenForged(Hash256 commitment, byte[] plaintext)
    {
        byte[] info = [.. "aivm sealed input v1"u8, 0, 0, 0, 0, 0, 0, 0x7A, 0x69, .. Provider.Span, .. SessionKey.PublicKey.Span, .. ModelHash.Span, .. Caller.Span];
        Assert.True(Hpke.TrySeal(SessionKey.PublicKey.Span, info, commitment.Span, plaintext, out var bytes));
        return Open(SessionKey, Binding, commitment, bytes, out _);
    }

    private static string? Open(EncryptionKey key, InputBinding binding, Hash256 commitment, ReadOnlySpan<byte> bytes, out OpenedInput? opened) =>
        SealedInput.TryOpen(key, binding, commitment, bytes, out opened, out var error) ? null : error.Code;
}
