using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Proofs;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;
using EvidenceKind = Aivm.Chain.EvidenceKind;
using JobEnd = Aivm.Chain.JobEnd;
using JobState = Aivm.Chain.JobState;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Evidence that is right in itself, for the very job, but of another kind than its caller asked for. The right one is taken afterwards.</summary>
public sealed class WrongEvidenceTests : IDisposable
{
    private readonly TestChain _chain = new(MarketGenesis with { Attestation = new AttestationRules { DevelopmentTee = true } });
    private readonly SessionKeys _keys = Carol.EnclaveKeys();
    private readonly Address _model;

    public WrongEvidenceTests()
    {
        _model = _chain.Publish(Alice, SmallNetwork.Container, price: 1000);
        Assert.True(_chain.Run(_chain.Compute(Carol, Register(), Coin * 100)).Success);
        foreach (var evidence in new[] { EvidenceKind.Proved, EvidenceKind.Attested, EvidenceKind.Staked, EvidenceKind.DevelopmentAttested })
            Assert.True(_chain.Run(_chain.Compute(Carol, Ask(evidence))).Success);
        _chain.OpenSession(Carol, _keys);
        _chain.MineBlocks(ComputeParameters.AskDelay);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _chain.Dispose();
    }

    [Fact]
    public void A_proved_job_takes_neither_a_signature_nor_nothing()
    {
        var (job, proof) = Accepted(EvidenceKind.Proved);
        Assert.Equal(Refusal.OfEvidence("evidence-malformed"), MineRefused(job, proof, Signature(job, proof)));
        Assert.Equal(Refusal.OfEvidence("evidence-malformed"), MineRefused(job, proof, []));
        Assert.Equal((JobState.Ended, JobEnd.Settled), Answered(job, proof, proof.Evidence()));
    }

    [Fact]
    public void A_signed_job_takes_neither_a_proof_nor_nothing()
    {
        var (job, proof) = Accepted(EvidenceKind.DevelopmentAttested);
        Assert.Equal(Refusal.OfEvidence("evidence-malformed"), MineRefused(job, proof, proof.Evidence()));
        Assert.Equal(Refusal.OfEvidence("evidence-malformed"), MineRefused(job, proof, []));
        Assert.Equal((JobState.Answered, JobEnd.None), Answered(job, proof, Signature(job, proof)));
    }

    [Fact]
    public void A_job_for_real_hardware_takes_no_signature_of_development_hardware_and_no_proof()
    {
        var (job, proof) = Accepted(EvidenceKind.Attested);
        Assert.Equal(Refusal.OfEvidence("session-kind"), MineRefused(job, proof, Signature(job, proof)));
        Assert.Equal(Refusal.OfEvidence("evidence-malformed"), MineRefused(job, proof, proof.Evidence()));
    }

    [Fact]
    public void A_job_behind_which_stake_stands_alone_takes_no_evidence_at_all()
    {
        var (job, proof) = Accepted(EvidenceKind.Staked);
        Assert.Equal(Refusal.OfEvidence("evidence-unwanted"), MineRefused(job, proof, proof.Evidence()));
        Assert.Equal(Refusal.OfEvidence("evidence-unwanted"), MineRefused(job, proof, Signature(job, proof)));
        Assert.Equal((JobState.Answered, JobEnd.None), Answered(job, proof, []));
    }

    /// <returns>The job, and a proof of its answer that Carol may show.</returns>
    private (ulong Job, ProofCall Proof) Accepted(EvidenceKind evidence)
    {
        var proof = JobEvidence.Prove(_model, _chain.JobCount() + 1, Carol);
        var job = _chain.Lock(Bob, _chain.Request(_model) with { Evidence = evidence, Input = proof.Inputs });
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        return (job, proof);
    }

    private byte[] Signature(ulong job, ProofCall proof) =>
        _keys.Evidence(_chain.Statement(job, SmallNetwork.Container, proof.Inputs, proof.Output()));

    private Refusal MineRefused(ulong job, ProofCall proof, byte[] evidence) =>
        _chain.MineRefusedJob(Carol, Submit(job, proof.Output(), evidence), gas: ProofsFixture.Gas);

    private (JobState State, JobEnd End) Answered(ulong job, ProofCall proof, byte[] evidence)
    {
        Assert.True(_chain.Run(_chain.Sign(Carol, SystemContracts.Jobs, data: Submit(job, proof.Output(), evidence), gas: ProofsFixture.Gas)).Success);
        return (_chain.Job(job).State, _chain.Job(job).End);
    }
}
