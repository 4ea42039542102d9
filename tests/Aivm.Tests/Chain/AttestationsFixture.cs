using System.Text;
using Aivm.Attestation;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;
using static Aivm.Tests.Chain.TestChain;
using EvidenceKind = Aivm.Attestation.EvidenceKind;

namespace Aivm.Tests.Chain;

/// <summary>What <c>openSession</c> is called with: a test changes one member, and the call must fail.</summary>
internal sealed record SessionCall(
    byte[] Evidence, byte[][] Certificates, byte[] SigningKey, Hash256 EncryptionKey, Hash256 ModelSetRoot, Hash256 BlockHash, ulong Height, Hash256 Nonce)
{
    public byte[] Encode()
    {
        var writer = AttestationsAbi.OpenSession.BeginCall().WriteBytes(Evidence);
        AttestationsFixture.WriteCertificates(writer, Certificates);
        return writer
            .WriteBytes(SigningKey)
            .WriteHash(EncryptionKey)
            .WriteHash(ModelSetRoot)
            .WriteHash(BlockHash)
            .WriteUInt(Height)
            .WriteHash(Nonce)
            .ToArray();
    }
}

/// <summary>A chain whose hardware is made in the tests: its policy accepts the workload of every fake.</summary>
internal static class AttestationsFixture
{
    public const ulong Gas = 1UL << 25;

    public const string Policy =
        """
        {"version":1,"workloads":[
          {"kind":"tdx","mrtd":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
           "rtmr1":"b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1",
           "rtmr2":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"},
          {"kind":"sgx","mrenclave":"e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5"},
          {"kind":"sev-snp","measurement":"aeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeae"},
          {"kind":"nitro","pcr0":"9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c"}]}
        """;

    public static readonly Genesis AttestedGenesis = TestChain.DefaultGenesis with
    {
        Time = (ulong)FakeTime.Now,
        Attestation = new AttestationRules { Policy = Policy, DevelopmentTee = true, SessionSeconds = 3600, FreshnessBlocks = 6 },
    };

    public static readonly byte[] SigningKey = Compress(TestAccount.Of("session").Key);
    public static readonly Address Signer = TestAccount.Of("session").Address;
    public static readonly Hash256 EncryptionKey = Keccak.Hash("x25519"u8);
    public static readonly Hash256 ModelSetRoot = Keccak.Hash("models"u8);

    /// <summary>With two blocks, so that evidence can name one.</summary>
    public static TestChain Start(Genesis? genesis = null, bool caches = true, TrustRoots? roots = null)
    {
        var chain = new TestChain(
            genesis ?? AttestedGenesis,
            options: new ApplicationOptions { EvidenceRoots = roots ?? FakeRoots.All, ModelCacheBytes = caches ? 128L << 20 : 0 });
        chain.Mine();
        chain.Mine();
        return chain;
    }

    public static byte[] Compress(byte[] key)
    {
        var point = Secp256k1.PublicKeyOf(key);
        return [(byte)(2 + (point[^1] & 1)), .. point[..32]];
    }

    /// <summary>A call bound as its provider's, with evidence of a kind.</summary>
    /// <param name="machine">Another number is another machine.</param>
    public static SessionCall Bind(
        this TestChain chain, TestAccount provider, string kind = "tdx4", byte machine = 1, ulong chainId = TestChain.ChainId, string nonce = "nonce", byte[]? signingKey = null)
    {
        var height = chain.Reader.Head.Number - 1;
        var hash = chain.Reader.Head.Header.ParentHash;
        var call = new SessionCall([], [], signingKey ?? SigningKey, EncryptionKey, ModelSetRoot, hash, height, Keccak.Hash(Encoding.ASCII.GetBytes(nonce)));
        var reportData = new ReportBinding(
            chainId, provider.Address, call.SigningKey, EncryptionKey.ToArray(), ModelSetRoot, hash, height, call.Nonce, Hash256.Zero).ReportData();
        return WithEvidence(call, kind, machine, reportData);
    }

    public static SessionCall WithEvidence(SessionCall call, string kind, byte machine, byte[] reportData)
    {
        switch (kind)
        {
            case "development":
                return call with { Evidence = DevelopmentEvidence.Make(Keccak.Hash("workload"u8).Span, reportData).Encoded.ToArray() };
            case "nitro":
                return call with { Evidence = new FakeNitro { UserData = reportData }.Encode() };
            case "gpu":
                return call with { Evidence = new FakeGpu { Nonce = reportData[..32] }.Encode(), Certificates = FakeGpu.Certificates };
            case "genoa-v3" or "genoa-vlek" or "turin-v5" or "milan-v2":
                var processor = FakeProcessor.Named(kind) with { ReportData = reportData };
                if (kind == "genoa-v3")
                    processor = processor with { ChipId = [.. Enumerable.Repeat(machine, 64)] };
                return call with { Evidence = processor.Report(), Certificates = processor.Certificates };
            default:
                return call with { Evidence = Quote(kind, machine, reportData) };
        }
    }

    private static byte[] Quote(string kind, byte machine, byte[] reportData)
    {
        var quote = FakeQuote.Named(kind);
        byte[] body = [.. quote.Body];
        reportData.CopyTo(body, kind == "sgx" ? 320 : 520);
        var platform = new FakePlatform { Ppid = [.. Enumerable.Repeat(machine, 16)] };
        return (quote with { Body = body, Chain = platform.Chain }).Encode();
    }

    public static byte[] Bundle(EvidenceKind kind = EvidenceKind.Tdx, long age = 86_400, int evaluation = 17, int crl = 3) =>
        new FakeCollateral { Kind = kind, Issued = FakeTime.Now - age, EvaluationNumber = evaluation, CrlNumber = crl }.Bundle();

    public static byte[] Store(ReadOnlySpan<byte> bundle) => AttestationsAbi.StoreCollateral.BeginCall().WriteBytes(bundle).ToArray();

    public static byte[] SessionOf(Address provider) => AttestationsAbi.SessionOf.BeginCall().WriteAddress(provider).ToArray();

    public static byte[] Close() => AttestationsAbi.CloseSession.BeginCall().ToArray();

    public static byte[] VerifyCall(byte[] evidence, params byte[][] certificates)
    {
        var writer = AttestationsAbi.VerifyAttestation.BeginCall().WriteBytes(evidence);
        WriteCertificates(writer, certificates);
        return writer.ToArray();
    }

    public static void WriteCertificates(AbiWriter writer, byte[][] certificates)
    {
        writer.BeginArray(certificates.Length);
        foreach (var certificate in certificates)
            writer.WriteBytes(certificate);
        writer.End();
    }

    public static MinedTransaction Attest(this TestChain chain, TestAccount from, byte[] data, ulong gas = Gas) =>
        chain.Run(chain.Sign(from, SystemContracts.Attestations, data: data, gas: gas));

    public static MinedTransaction Open(this TestChain chain, TestAccount provider, SessionCall call)
    {
        var mined = chain.Attest(provider, call.Encode());
        Assert.True(mined.Success, chain.Call(provider.Address, SystemContracts.Attestations, call.Encode()).Call.Error?.ToString());
        return mined;
    }

    /// <summary>What a call of the contract is refused with, the same in a transaction: the error's name, and the sentence behind it, which begins with the verifier's code.</summary>
    public static (string Name, string Sentence) Refused(this TestChain chain, TestAccount from, byte[] data)
    {
        var call = chain.Call(from.Address, SystemContracts.Attestations, data).Call;
        Assert.Equal(CallStatus.Reverted, call.Status);
        Assert.True(AbiSelector.TrySplit(call.Output.Span, out var selector, out _));
        Assert.Equal(AttestationsErrors.All.Single(error => error.Selector == selector).Name, call.Error!.Code);
        var mined = chain.Attest(from, data);
        Assert.False(mined.Success);
        Assert.Empty(mined.Logs);
        return (call.Error.Code, call.Error.Message);
    }

    public static AttestedSession? Session(this TestChain chain, Address provider)
    {
        var context = CallTests.Context(chain);
        var call = new NativeCall(context, CallTests.Frame(SystemContracts.Jobs, []), SystemContracts.Jobs);
        return AttestationsStorage.ReadSession(call, provider);
    }
}

/// <summary>The answer of <c>verifyAttestation</c>.</summary>
internal sealed record VerifiedAnswer(bool Acceptable, string Code, string Kind, byte[] ReportData, Hash256 Measurement)
{
    public static VerifiedAnswer Of(TestChain chain, byte[] evidence, params byte[][] certificates)
    {
        var call = chain.Call(Alice.Address, SystemContracts.AttestationVerifier, AttestationsFixture.VerifyCall(evidence, certificates)).Call;
        Assert.True(call.IsSuccess, call.Error?.ToString());
        var reader = new AbiReader(call.Output.Span);
        Assert.True(
            reader.TryReadBool(out var acceptable) & reader.TryReadString(out var code) & reader.TryReadString(out var kind) & reader.TryReadBytes(out var reportData)
            & reader.TryReadHash(out var measurement) & reader.TryEnd());
        return new VerifiedAnswer(acceptable, code, kind, reportData.ToArray(), measurement);
    }
}
