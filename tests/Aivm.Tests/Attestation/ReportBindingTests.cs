using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Evidence is worth something to one provider, session, chain and moment: another one of any of them is refused.</summary>
public sealed class ReportBindingTests
{
    private static readonly ReportBinding Bound = new(
        31337, new Address(new byte[20]), new byte[33], new byte[32], Hash256.Zero, new Hash256([.. Enumerable.Repeat((byte)9, 32)]), 100, Hash256.Zero, Hash256.Zero);

    [Fact]
    public void The_bytes_are_those_of_the_specification()
    {
        byte[] session = [.. "aivm attestation report data v1\n"u8, 0, 0, 0, 0, 0, 0, 0x7A, 0x69, .. new byte[20 + 33 + 32 + 32]];
        byte[] freshness = [.. Enumerable.Repeat((byte)9, 32), 0, 0, 0, 0, 0, 0, 0, 100, .. new byte[64]];
        Assert.Equal([.. SHA256.HashData(session), .. SHA256.HashData(freshness)], Bound.ReportData());
    }

    [Fact]
    public void Another_chain_provider_session_model_block_nonce_or_GPU_is_refused()
    {
        var one = new Hash256([.. new byte[31], 1]);
        ReportBinding[] others =
        [
            Bound with { ChainId = 1 }, Bound with { Provider = new Address([.. new byte[19], 1]) }, Bound with { SigningKey = (byte[])[2, .. new byte[32]] },
            Bound with { EncryptionKey = (byte[])[2, .. new byte[31]] }, Bound with { ModelSetRoot = one },
            Bound with { BlockHash = one }, Bound with { Height = 101 }, Bound with { Nonce = one }, Bound with { GpuEvidence = one },
        ];
        var body = FakeQuote.TdBody();
        Bound.ReportData().CopyTo(body, 520);
        var evidence = Verdicts.Authentic(FakeQuote.Tdx4 with { Body = body });
        Assert.Null(Refusal(Bound, evidence));
        Assert.All(others, other => Assert.Equal("policy-report-data", Refusal(other, evidence)));
    }

    [Fact]
    public void Keys_have_their_lengths()
    {
        Assert.Throws<ArgumentException>(() => (Bound with { SigningKey = new byte[32] }).ReportData());
        Assert.Throws<ArgumentException>(() => (Bound with { EncryptionKey = new byte[33] }).ReportData());
    }

    private static string? Refusal(ReportBinding binding, VerifiedEvidence evidence) =>
        (AttestationPolicy.Default with { AnyWorkload = true, ReportData = binding.ReportData() }).TryAccept(evidence, out var error) ? null : error.Code;
}
