using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Provider;

/// <summary>Models whose weights their owner alone has, who sells what they give.</summary>
public sealed partial class ProviderTests
{
    [Fact]
    public async Task A_private_model_is_answered_by_its_owner_with_a_proof()
    {
        using var weights = OwnWeights();
        var model = await PublishPrivateAsync(weights);
        await ServeAsync(JobEvidence.Proved, weights: weights);
        var left = weights.Left;
        // As many as may be with us at once.
        ulong[] jobs = [await RequestProofAsync(model, 0), await RequestProofAsync(model, 1)];
        for (var seed = 0; seed < jobs.Length; seed++)
        {
            var answer = await AnswerAsync(jobs[seed]);
            Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(seed)), OutputNumbers.Unpack(answer.Output));
            Assert.Equal((byte)JobEvidence.Proved, answer.Receipt.EvidenceKind);
            Assert.Equal(Keccak.Hash(weights.Container), answer.Receipt.ModelHash);
        }
        Assert.Equal(left - jobs.Length, weights.Left);
    }

    /// <param name="evidence">Nobody can run the model again: a stake alone vouches for nothing.</param>
    [Theory]
    [InlineData(JobEvidence.Proved, false)]
    [InlineData(JobEvidence.Staked, true)]
    public async Task A_private_model_is_declined_by_who_has_no_key_and_without_a_proof(JobEvidence evidence, bool hasKey)
    {
        using var weights = OwnWeights();
        var model = await PublishPrivateAsync(weights);
        await ServeAsync(evidence, weights: hasKey ? weights : null);
        await RequireDeclinedAsync(model, evidence, "model-private");
    }

    [Fact]
    public async Task Proofs_that_the_chain_would_refuse_are_not_begun()
    {
        using var weights = OwnWeights();
        var model = await PublishPrivateAsync(weights, registers: false);
        var left = weights.Left;
        await ServeAsync(JobEvidence.Proved, weights: weights);
        await RequireDeclinedAsync(model, JobEvidence.Proved, "weights-root");
        Assert.Equal(left, weights.Left);
    }

    /// <summary>The proofs of a commitment are public: anybody can register it for a copy of the container.</summary>
    [Fact]
    public async Task A_copy_that_somebody_else_published_wears_out_no_commitment()
    {
        using var weights = OwnWeights();
        var copy = await PublishPrivateAsync(weights, owner: _caller);
        await ServeAsync(JobEvidence.Proved, weights: weights);
        await RequireDeclinedAsync(copy, JobEvidence.Proved, "model-private");
        Assert.Equal(PrivateWeights.FreshProofs, weights.Left);
    }

    [Fact]
    public async Task What_was_renewed_elsewhere_is_registered_one_after_the_other()
    {
        using var weights = OwnWeights();
        var model = await PublishPrivateAsync(weights);
        weights.Renew(Hash256.Zero, threads: 2);
        weights.Renew(Hash256.Zero, threads: 2);
        await ServeAsync(JobEvidence.Proved, weights: weights);
        var answer = await AnswerAsync(await RequestProofAsync(model, 5));
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(5)), OutputNumbers.Unpack(answer.Output));
        Assert.Equal(2, _events.Count(item => item.Kind == ProviderEventKind.WeightsRegistered));
    }

    [Fact]
    public void A_proof_that_is_meant_for_a_commitment_before_spends_nothing()
    {
        using var weights = OwnWeights();
        weights.FirstWeightRanges(threads: 2);
        var old = weights.Root;
        weights.Renew(Hash256.Zero, threads: 2);
        Assert.True(weights.Model.TryShape(1, hidesInputs: false, out var shape, out var error), error?.ToString());
        Assert.Equal("weights-renewed", Assert.Throws<AivmException>(() => weights.Spend(shape, threads: 1, old)).Error.Code);
        Assert.Equal(PrivateWeights.FreshProofs, weights.Left);
        weights.Check();
    }

    [Fact]
    public async Task A_commitment_that_is_spent_is_renewed_and_registered_by_the_model_s_owner()
    {
        using var weights = OwnWeights();
        var first = weights.Root;
        var model = await PublishPrivateAsync(weights);
        SpendAllBut(2, weights);
        await ServeAsync(JobEvidence.Proved, weights: weights);
        for (var seed = 0; seed < 3; seed++)
        {
            var answer = await AnswerAsync(await RequestProofAsync(model, seed));
            Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(seed)), OutputNumbers.Unpack(answer.Output));
        }
        Assert.NotEqual(first, weights.Root);
        Assert.NotEqual(0UL, await new ProofsClient(_caller).GetRootHeightAsync(model, weights.Root, Cancellation));
        Assert.Single(_events, item => item.Kind == ProviderEventKind.WeightsRenewed);
        Assert.Single(_events, item => item.Kind == ProviderEventKind.WeightsRegistered);
    }

    private static void SpendAllBut(int left, PrivateWeights weights)
    {
        Assert.True(weights.Model.TryShape(1, hidesInputs: false, out var shape, out var error), error?.ToString());
        while (weights.Left > left)
            weights.Spend(shape, threads: 1).Dispose();
    }

    private async Task<ulong> RequestProofAsync(Address model, int seed) =>
        await RequestAsync(new JobRequest(model, JobEvidence.Proved, await DeadlineAsync(), Packed(SmallNetwork.Input(seed))));

    private PrivateWeights OwnWeights()
    {
        var path = Path.Combine(_home.FullName, "weights.key");
        PrivateWeights.Create(SmallNetwork.Model, path, "password", _ => { });
        return PrivateWeights.Open(SmallNetwork.Model, path, "password", _ => { });
    }

    private async Task<Address> PublishPrivateAsync(PrivateWeights weights, bool registers = true, Wallet? owner = null)
    {
        owner ??= new Wallet(_rpc, DevChain.Accounts[1].Key.Span);
        var model = (await new ModelPublisher(owner).PublishAsync(new ModelRelease(weights.Container, "private"))).Model;
        if (registers)
            await RegisterAsync(model, weights, owner);
        return model;
    }

    private static async Task RegisterAsync(Address model, PrivateWeights weights, Wallet owner)
    {
        var (proofs, ranges) = (new ProofsClient(owner), weights.FirstWeightRanges(threads: 2));
        await proofs.RegisterRootAsync(model, weights.FirstRoot, ranges, await proofs.QuoteRootAsync(model, weights.FirstRoot, ranges, Cancellation), Cancellation);
    }

    private async Task RequireDeclinedAsync(Address model, JobEvidence evidence, string reason)
    {
        var job = await RequestAsync(new JobRequest(model, evidence, await DeadlineAsync(), Packed(SmallNetwork.Input(1))));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith(reason, StringComparison.Ordinal));
    }
}
