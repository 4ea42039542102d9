using Aivm.Attestation;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;
using EvidenceKind = Aivm.Chain.EvidenceKind;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Jobs whose answers the key of an attested session signs.</summary>
public sealed class SignedJobTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis with { Attestation = new AttestationRules { DevelopmentTee = true, SessionSeconds = 500 } });
    private readonly SessionKeys _keys = SessionKeys.Generate();
    private readonly Address _model;
    private readonly ulong _job;

    public SignedJobTests()
    {
        _model = _chain.PublishModel();
        _chain.AddProvider(Carol, evidence: EvidenceKind.DevelopmentAttested);
        OpenSession(Carol, _keys);
        _job = Accepted(Carol);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _chain.Dispose();
    }

    [Fact]
    public void An_answer_that_the_sessions_key_signed_is_taken_and_may_be_challenged()
    {
        var evidence = Evidence(Statement(RightOutput));
        var answered = _chain.RunJobs(Carol, Submit(_job, RightOutput, evidence));
        Assert.True(answered.Success);
        Assert.Equal(Aivm.Chain.JobState.Answered, _chain.Job(_job).State);
        Assert.Equal("AnswerIsRight", _chain.RefusedJob(Dave, Replay(_job)));
        var receipt = Assert.Single(_chain.Logs(JobsAbi.JobAnswered));
        var reader = new AbiReader(receipt.Log.Data.Span);
        Assert.True(reader.TryReadBytes(out _) & reader.TryReadBytes(out var encoded));
        Assert.True(Aivm.Sdk.InferenceReceipt.TryDecode(encoded, out var decoded, out _));
        Assert.Equal((byte)EvidenceKind.DevelopmentAttested, decoded.EvidenceKind);
        Assert.Equal(Keccak.Hash(evidence), decoded.EvidenceHash);
    }

    [Fact]
    public void A_signed_lie_is_slashed_like_any_other()
    {
        Assert.True(_chain.RunJobs(Carol, Submit(_job, WrongOutput, Evidence(Statement(WrongOutput)))).Success);
        Assert.True(_chain.RunJobs(Dave, Replay(_job)).Success);
        Assert.Equal(Aivm.Chain.JobEnd.Wrong, _chain.Job(_job).End);
        Assert.Equal(Coin * 99, _chain.Provider(Carol.Address).Stake);
    }

    public static TheoryData<string> ForgeryNames => [.. Forgeries.Keys];

    private static readonly Dictionary<string, (Func<SignedJobTests, byte[]> Evidence, string Code)> Forgeries = new()
    {
        ["of another job"] = (test => test.Evidence(test.Statement(RightOutput) with { Job = test._job + 1 }), "signature-wrong"),
        ["of another chain"] = (test => test.Evidence(test.Statement(RightOutput) with { ChainId = 1 }), "signature-wrong"),
        ["of another model"] = (test => test.Evidence(test.Statement(RightOutput) with { ModelHash = Keccak.Hash("x"u8) }), "signature-wrong"),
        ["of another input"] = (test => test.Evidence(test.Statement(RightOutput) with { InputCommitment = Keccak.Hash("x"u8) }), "signature-wrong"),
        ["of another output"] = (test => test.Evidence(test.Statement(WrongOutput)), "signature-output"),
        ["of another key"] = (test => test.Evidence(test.Statement(RightOutput), SessionKeys.Generate()), "signature-wrong"),
        ["from before the acceptance"] = (test => test.Evidence(test.Statement(RightOutput) with { Height = 1 }), "signature-height"),
        ["from the future"] = (test => test.Evidence(test.Statement(RightOutput) with { Height = 1_000_000 }), "signature-height"),
        ["with a byte less"] = (test => test.Evidence(test.Statement(RightOutput), cut: 1), "signature-wrong"),
        ["of zeros"] = (test => JobsClient.SignedEvidence(test._chain.Reader.Head.Number, Keccak.Hash(RightOutput), new byte[65]), "signature-wrong"),
        ["that is no evidence"] = (_ => [1, 2, 3], "evidence-malformed"),
        ["that is nothing"] = (_ => [], "evidence-malformed"),
        ["that is a proof's"] = (_ => JobsClient.ProofEvidence(Input, Hash256.Zero, new byte[100]), "evidence-malformed"),
    };

    [Theory]
    [MemberData(nameof(ForgeryNames))]
    public void A_signature_is_refused_by_name(string name)
    {
        var (evidence, code) = Forgeries[name];
        var call = _chain.Call(Carol.Address, SystemContracts.Jobs, Submit(_job, RightOutput, evidence(this))).Call;
        Assert.Equal("EvidenceRejected", call.Error?.Code);
        Assert.StartsWith(code, call.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(Aivm.Chain.JobState.Accepted, _chain.Job(_job).State);
    }

    [Fact]
    public void Without_a_session_with_an_expired_one_or_one_of_another_kind_nothing_is_signed()
    {
        _chain.AddProvider(Dave, evidence: EvidenceKind.DevelopmentAttested, price: 1);
        var job = Accepted(Dave);
        Assert.Equal("session-missing", RefusedCode(Dave, job));

        _chain.AddProvider(Erin, evidence: EvidenceKind.Attested, price: 1);
        OpenSession(Erin, _keys);
        var attested = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = EvidenceKind.Attested });
        Assert.True(_chain.RunJobs(Erin, Accept(attested)).Success);
        Assert.Equal("session-kind", RefusedCode(Erin, attested));
    }

    [Fact]
    public void A_session_that_has_expired_signs_no_more()
    {
        _chain.Wait(490);
        OpenSessionOf(Dave);
        var job = Accepted(Carol);
        _chain.Wait(20);
        Assert.Equal("session-expired", RefusedCode(Carol, job));
    }

    private void OpenSessionOf(TestAccount provider)
    {
        using var keys = SessionKeys.Generate();
        OpenSession(provider, keys);
    }

    private string RefusedCode(TestAccount provider, ulong job)
    {
        var call = _chain.Call(provider.Address, SystemContracts.Jobs, Submit(job, RightOutput, Evidence(Statement(RightOutput) with { Job = job }))).Call;
        Assert.Equal("EvidenceRejected", call.Error?.Code);
        return call.Error!.Message.Split(':')[0];
    }

    private ulong Accepted(TestAccount provider)
    {
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = EvidenceKind.DevelopmentAttested, Provider = provider.Address });
        Assert.True(_chain.RunJobs(provider, Accept(job)).Success);
        return job;
    }

    private AnswerStatement Statement(byte[] output) => new(
        ChainId, _job, Keccak.Hash(ModelsFixture.Container()), Keccak.Hash([.. Hash256.Zero.Span, 1, .. Input]), Keccak.Hash(output), _chain.Reader.Head.Number);

    private byte[] Evidence(AnswerStatement statement, SessionKeys? keys = null, int cut = 0) =>
        JobsClient.SignedEvidence(statement.Height, statement.OutputHash, (keys ?? _keys).Sign(statement).AsSpan()[..^cut]);

    private void OpenSession(TestAccount provider, SessionKeys keys)
    {
        var head = _chain.Reader.Head;
        var nonce = Keccak.Hash(provider.Address.Span);
        var encryption = keys.Encryption.PublicKey;
        var binding = new ReportBinding(
            ChainId, provider.Address, keys.SigningKey, encryption, Hash256.Zero, head.Header.ParentHash, head.Number - 1, nonce, Hash256.Zero);
        var evidence = DevelopmentEvidence.Make(new byte[32], binding.ReportData());
        var data = AttestationsAbi.OpenSession.BeginCall()
            .WriteBytes(evidence.Encoded.Span).BeginArray(0).End().WriteBytes(keys.SigningKey.Span).WriteHash(new Hash256(encryption.Span))
            .WriteHash(Hash256.Zero).WriteHash(head.Header.ParentHash).WriteUInt(head.Number - 1).WriteHash(nonce).ToArray();
        Assert.True(_chain.Run(_chain.Sign(provider, SystemContracts.Attestations, data: data, gas: Gas)).Success);
    }
}
