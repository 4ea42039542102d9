using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Confidential;

public sealed class SealedOutputTests
{
    private const ulong ChainId = 31337;
    private const ulong Job = 7;

    private static readonly EncryptionKey ReplyKey = new([.. Enumerable.Repeat((byte)0x22, 32)]);
    private static readonly EncryptionKey Ephemeral = new([.. Enumerable.Repeat((byte)0x55, 32)]);
    private static readonly long[] Output = [1, -1, long.MinValue];
    private static readonly byte[] Packed = [1, 0, 0, 0, 0, 0, 0, 0, .. Enumerable.Repeat((byte)0xFF, 8), 0, 0, 0, 0, 0, 0, 0, 0x80];
    private static readonly Hash256 OutputHash = Keccak.Hash(Packed);

    [Fact]
    public void The_bytes_are_frozen()
    {
        Assert.True(SealedOutput.TrySeal(Ephemeral, ChainId, Job, ReplyKey.PublicKey.Span, Output, out var sealedBytes, out _));
        Assert.Equal(
            "0x38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c679c3df3d17648384a59b584b4ca20af980c476b332ae8"
            + "11f099176c0576787b67158d9d47dc97e2a9",
            Hex.Encode(sealedBytes));
    }

    [Fact]
    public void The_caller_opens_it()
    {
        Assert.Null(Open(ReplyKey, ChainId, Job, OutputHash, Seal(Output), out var output));
        Assert.Equal(Output, output);
    }

    [Fact]
    public void Another_key_chain_job_or_hash_does_not_open_it()
    {
        var bytes = Seal(Output);
        Assert.Equal("sealed-output-unopened", Open(Ephemeral, ChainId, Job, OutputHash, bytes, out _));
        Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId + 1, Job, OutputHash, bytes, out _));
        Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId, Job + 1, OutputHash, bytes, out _));
        Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId, Job, Hash256.Zero, bytes, out _));
    }

    [Fact]
    public void No_byte_can_be_flipped_and_none_left_out()
    {
        var bytes = Seal(Output);
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x80;
            Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId, Job, OutputHash, changed, out _));
            Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId, Job, OutputHash, bytes[..i], out _));
        }
        Assert.Equal("sealed-output-unopened", Open(ReplyKey, ChainId, Job, OutputHash, [.. bytes, 0], out _));
    }

    [Fact]
    public void The_largest_output_fits_and_one_more_number_does_not()
    {
        var largest = Seal(new long[SealedOutput.MaxCount]);
        Assert.InRange(largest.Length, SealedOutput.MaxSize - 7, SealedOutput.MaxSize);
        Assert.False(SealedOutput.TrySeal(ChainId, Job, ReplyKey.PublicKey.Span, new long[SealedOutput.MaxCount + 1], out _, out var error));
        Assert.Equal("output-too-large", error.Code);
        Assert.Equal("sealed-output-too-large", Open(ReplyKey, ChainId, Job, OutputHash, new byte[SealedOutput.MaxSize + 1], out _));
    }

    [Fact]
    public void A_reply_key_that_cannot_be_sealed_to_is_refused()
    {
        Assert.False(SealedOutput.TrySeal(ChainId, Job, new byte[32], Output, out _, out var error));
        Assert.Equal("sealing-key-invalid", error.Code);
    }

    [Fact]
    public void A_hostile_provider_seals_what_he_wants_and_it_is_refused()
    {
        Assert.Null(OpenForged(OutputHash, Packed));
        Assert.Equal("output-hash-mismatch", OpenForged(OutputHash, [.. Packed, .. new byte[8]]));
        Assert.Equal("sealed-output-malformed", OpenForged(Keccak.Hash([.. Packed, 0]), [.. Packed, 0]));
    }

    private static byte[] Seal(long[] output)
    {
        Assert.True(SealedOutput.TrySeal(ChainId, Job, ReplyKey.PublicKey.Span, output, out var sealedBytes, out _));
        return sealedBytes;
    }

    private static string? OpenForged(Hash256 outputHash, byte[] plaintext)
    {
        byte[] info = [.. "aivm sealed output v1"u8, 0, 0, 0, 0, 0, 0, 0x7A, 0x69, 0, 0, 0, 0, 0, 0, 0, 7, .. ReplyKey.PublicKey.Span];
        Assert.True(Hpke.TrySeal(ReplyKey.PublicKey.Span, info, outputHash.Span, plaintext, out var bytes));
        return Open(ReplyKey, ChainId, Job, outputHash, bytes, out _);
    }

    private static string? Open(EncryptionKey key, ulong chainId, ulong job, Hash256 outputHash, ReadOnlySpan<byte> bytes, out long[]? output) =>
        SealedOutput.TryOpen(key, chainId, job, outputHash, bytes, out output, out var error) ? null : error.Code;
}
