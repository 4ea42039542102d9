using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Tests.Proofs;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Jobs whose answers are proved, or whose wrong answers are challenged by a proof.</summary>
public sealed class ProvedJobTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis);
    private readonly Address _model;

    public ProvedJobTests()
    {
        _model = _chain.Publish(Alice, SmallNetwork.Container, price: 1000);
        _chain.AddProvider(Carol, evidence: EvidenceKind.Proved);
        _chain.AddProvider(Dave);
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_proof_settles_a_job_at_once()
    {
        var job = Accepted(Carol, EvidenceKind.Proved, Prove(1, Carol).Inputs);
        var (alice, proof) = (_chain.Balance(Alice.Address), Prove(job, Carol));
        var answered = SubmitProof(Carol, job, proof);
        Assert.True(answered.Success);
        Assert.Equal((JobState.Ended, JobEnd.Settled), (_chain.Job(job).State, _chain.Job(job).End));
        Assert.Equal(alice + 1000, _chain.Balance(Alice.Address));
        Assert.Equal(UInt256.Zero, _chain.Provider(Carol.Address).Reserved);
        Assert.Equal(answered.BlockNumber, _chain.ReceiptHeight(_chain.Job(job).ReceiptId));
        Assert.Equal("WrongState", _chain.RefusedJob(Bob, Replay(job, proof.Inputs)));
    }

    [Fact]
    public void A_proof_by_the_root_of_public_weights_settles_a_job_once_the_root_is_registered()
    {
        var job = Accepted(Carol, EvidenceKind.Proved, Prove(1, Carol).Inputs);
        var proof = JobEvidence.ProveByRoot(_model, job, Carol);
        Assert.Equal(Refusal.OfEvidence("UnknownRoot"), MineRefused(job, proof));
        var root = ProofsFixture.RootOf(SmallNetwork.Container);
        Assert.True(_chain.Run(_chain.Models(Bob, ProofsFixture.RegisterRoot(_model, root.Root, root.Proof.ToArray()), gas: ProofsFixture.Gas)).Success);
        Assert.Equal(WrongProof, MineRefused(job, JobEvidence.ProveByRoot(_model, job + 1, Carol)));
        Assert.Equal(WrongProof, MineRefused(job, proof with { Outputs = [proof.Outputs[0] ^ 1, .. proof.Outputs[1..]] }));
        Assert.True(SubmitProof(Carol, job, proof).Success);
        Assert.Equal((JobState.Ended, JobEnd.Settled), (_chain.Job(job).State, _chain.Job(job).End));
        _chain.RequireEqualReplay();
    }

    public static TheoryData<string> Tamperings => [.. Tampered.Keys];

    private static readonly Refusal WrongProof = Refusal.OfEvidence("ProofRejected");

    private static readonly Dictionary<string, (Func<ProofCall, ProofCall> Change, Refusal Refusal)> Tampered = new()
    {
        ["another output"] = (proof => proof with { Outputs = [proof.Outputs[0] ^ 1, .. proof.Outputs[1..]] }, WrongProof),
        ["an output less"] = (proof => proof with { Outputs = proof.Outputs[..^1] }, WrongProof),
        ["another input"] = (proof => proof with { Inputs = [(byte)(proof.Inputs[0] ^ 1), .. proof.Inputs[1..]] }, new Refusal("InputMismatch")),
        ["a changed proof"] = (proof => proof with { Proof = [(byte)(proof.Proof[0] ^ 1), .. proof.Proof[1..]] }, WrongProof),
        ["no proof"] = (proof => proof with { Proof = [] }, WrongProof),
        ["a weight root"] = (proof => proof with { WeightRoot = Keccak.Hash("x"u8) }, Refusal.OfEvidence("UnknownRoot")),
    };

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Evidence_that_was_changed_is_refused_and_moves_no_coin(string name)
    {
        var job = Accepted(Carol, EvidenceKind.Proved, Prove(1, Carol).Inputs);
        var (change, refusal) = Tampered[name];
        Assert.Equal(refusal, MineRefused(job, change(Prove(job, Carol))));
    }

    [Fact]
    public void A_proof_for_another_job_another_provider_or_another_chain_is_refused_and_moves_no_coin()
    {
        var job = Accepted(Carol, EvidenceKind.Proved, Prove(1, Carol).Inputs);
        Assert.Equal(WrongProof, MineRefused(job, Prove(job + 1, Carol)));
        Assert.Equal(WrongProof, MineRefused(job, Prove(job, Dave)));
        Assert.Equal(WrongProof, MineRefused(job, Prove(job, Carol, chainId: 1)));
    }

    [Fact]
    public void A_proof_that_settled_a_job_settles_no_other_and_not_the_same_again()
    {
        var proof = Prove(1, Carol);
        var (job, next) = (Accepted(Carol, EvidenceKind.Proved, proof.Inputs), Accepted(Carol, EvidenceKind.Proved, proof.Inputs));
        Assert.True(SubmitProof(Carol, job, proof).Success);
        Assert.Equal(WrongProof, MineRefused(next, proof));
        Assert.Equal(new Refusal("WrongState"), MineRefused(job, proof));
        Assert.True(SubmitProof(Carol, next, Prove(next, Carol)).Success);
    }

    [Fact]
    public void A_proof_of_another_output_is_a_challenge()
    {
        var right = Prove(1, Bob);
        var job = Accepted(Dave, EvidenceKind.Staked, right.Inputs);
        var wrong = ModelsFixture.Packed([right.Outputs[0] + 1, .. right.Outputs[1..]]);
        Assert.True(_chain.RunJobs(Dave, Submit(job, wrong)).Success);
        Assert.Equal(WrongProof, _chain.MineRefusedJob(Erin, Challenge(job, right), gas: ProofsFixture.Gas));
        var challenge = _chain.Run(_chain.Sign(Bob, SystemContracts.Jobs, data: Challenge(job, right), gas: ProofsFixture.Gas));
        Assert.True(challenge.Success);
        Assert.Equal(JobEnd.Wrong, _chain.Job(job).End);
        _chain.RequireEqualReplay();
    }

    [Fact]
    public void A_proof_of_the_same_output_is_none()
    {
        var right = Prove(1, Bob);
        var job = Accepted(Dave, EvidenceKind.Staked, right.Inputs);
        Assert.True(_chain.RunJobs(Dave, Submit(job, right.Output())).Success);
        Assert.Equal(new Refusal("AnswerIsRight"), _chain.MineRefusedJob(Bob, Challenge(job, right), gas: ProofsFixture.Gas));
    }

    private ulong Accepted(TestAccount provider, EvidenceKind evidence, byte[] input)
    {
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = evidence, Input = input });
        Assert.True(_chain.RunJobs(provider, Accept(job)).Success);
        return job;
    }

    private ProofCall Prove(ulong job, TestAccount shower, ulong chainId = ChainId) => JobEvidence.Prove(_model, job, shower, chainId);

    private MinedTransaction SubmitProof(TestAccount provider, ulong job, ProofCall proof) =>
        _chain.Run(_chain.Sign(provider, SystemContracts.Jobs, data: Submit(job, proof.Output(), proof.Evidence()), gas: ProofsFixture.Gas));

    private Refusal MineRefused(ulong job, ProofCall proof) =>
        _chain.MineRefusedJob(Carol, Submit(job, proof.Output(), proof.Evidence()), gas: ProofsFixture.Gas);

    private static byte[] Challenge(ulong job, ProofCall proof) => JobsAbi.ChallengeByProof.BeginCall()
        .WriteUInt(job).WriteHash(Hash256.Zero).WriteBytes(proof.Inputs).WriteInt64Array(proof.Outputs).WriteHash(proof.WeightRoot).WriteBytes(proof.Proof).ToArray();
}
