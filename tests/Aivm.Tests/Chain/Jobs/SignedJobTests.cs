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
    private readonly SessionKeys _keys = Carol.EnclaveKeys();
    private readonly Address _model;
    private readonly ulong _job;

    public SignedJobTests()
    {
        _model = _chain.PublishModel();
        _chain.AddProvider(Carol, evidence: EvidenceKind.DevelopmentAttested);
        _chain.OpenSession(Carol, _keys);
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
        ["of another key"] = (test => EvidenceOfAnother(test.Statement(RightOutput)), "signature-wrong"),
        ["from before the acceptance"] = (test => test.Evidence(test.Statement(RightOutput) with { Height = 1 }), "signature-height"),
        ["from the future"] = (test => test.Evidence(test.Statement(RightOutput) with { Height = 1_000_000 }), "signature-height"),
        ["with a byte less"] = (test => test.CutEvidence(test.Statement(RightOutput)), "signature-wrong"),
        ["of zeros"] = (test => JobsClient.SignedEvidence(test._chain.Reader.Head.Number, Keccak.Hash(RightOutput), new byte[65]), "signature-wrong"),
        ["that is no evidence"] = (_ => [1, 2, 3], "evidence-malformed"),
        ["that is nothing"] = (_ => [], "evidence-malformed"),
        ["that is a proof's"] = (_ => JobsClient.ProofEvidence(Input, Hash256.Zero, new byte[100]), "evidence-malformed"),
    };

    [Theory]
    [MemberData(nameof(ForgeryNames))]
    public void A_signature_is_refused_by_name_and_moves_no_coin(string name)
    {
        var (evidence, code) = Forgeries[name];
        Assert.Equal(Refusal.OfEvidence(code), _chain.MineRefusedJob(Carol, Submit(_job, RightOutput, evidence(this))));
    }

    [Fact]
    public void A_signature_that_answered_a_job_answers_no_other_and_not_the_same_again()
    {
        var next = Accepted(Carol);
        var evidence = Evidence(Statement(RightOutput));
        Assert.True(_chain.RunJobs(Carol, Submit(_job, RightOutput, evidence)).Success);
        Assert.Equal(Refusal.OfEvidence("signature-wrong"), _chain.MineRefusedJob(Carol, Submit(next, RightOutput, evidence)));
        Assert.Equal(new Refusal("WrongState"), _chain.MineRefusedJob(Carol, Submit(_job, RightOutput, evidence)));
        Assert.True(_chain.RunJobs(Carol, Submit(next, RightOutput, Evidence(Statement(RightOutput) with { Job = next }))).Success);
    }

    [Fact]
    public void Without_a_session_or_with_one_of_another_kind_nothing_is_signed()
    {
        _chain.AddProvider(Dave, evidence: EvidenceKind.DevelopmentAttested, price: 1);
        var job = Accepted(Dave);
        Assert.Equal(Refusal.OfEvidence("session-missing"), MineRefused(Dave, job));

        _chain.AddProvider(Erin, evidence: EvidenceKind.Attested, price: 1);
        _chain.OpenSession(Erin, _keys);
        var attested = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = EvidenceKind.Attested });
        Assert.True(_chain.RunJobs(Erin, Accept(attested)).Success);
        Assert.Equal(Refusal.OfEvidence("session-kind"), MineRefused(Erin, attested));
    }

    [Fact]
    public void A_session_that_has_expired_signs_no_more()
    {
        _chain.Wait(490);
        var job = Accepted(Carol);
        _chain.Wait(20);
        Assert.Equal(Refusal.OfEvidence("session-expired"), MineRefused(Carol, job));
    }

    private Refusal MineRefused(TestAccount provider, ulong job) =>
        _chain.MineRefusedJob(provider, Submit(job, RightOutput, Evidence(Statement(RightOutput) with { Job = job })));

    private ulong Accepted(TestAccount provider)
    {
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = EvidenceKind.DevelopmentAttested, Provider = provider.Address });
        Assert.True(_chain.RunJobs(provider, Accept(job)).Success);
        return job;
    }

    private AnswerStatement Statement(byte[] output) => _chain.Statement(_job, ModelsFixture.Container(), Input, output);

    private byte[] Evidence(AnswerStatement statement) => _keys.Evidence(statement);

    /// <summary>The same signature with its last byte cut off.</summary>
    private byte[] CutEvidence(AnswerStatement statement) =>
        JobsClient.SignedEvidence(statement.Height, statement.OutputHash, _keys.Sign(statement).AsSpan()[..^1]);

    private static byte[] EvidenceOfAnother(AnswerStatement statement)
    {
        using var keys = Erin.EnclaveKeys();
        return keys.Evidence(statement);
    }
}
