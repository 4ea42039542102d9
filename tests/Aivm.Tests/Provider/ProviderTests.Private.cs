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
        await ServeAsync(JobEvidence.Proved, weights: weights);
        await RequireDeclinedAsync(model, JobEvidence.Proved, "weights-root");
        await RegisterAsync(model, weights);
        SpendAllBut(1, weights);
        // Two jobs may be with us at once: each may need a proof, and another account owns the model.
        await RequireDeclinedAsync(model, JobEvidence.Proved, "weights-renewal");
        Assert.Equal(1, weights.Left);
    }

    [Fact]
    public async Task A_commitment_that_is_spent_is_renewed_and_registered_by_the_model_s_owner()
    {
        using var weights = OwnWeights();
        var first = weights.Root;
        var model = await PublishPrivateAsync(weights, owner: new Wallet(_rpc, DevChain.Accounts[1].Key.Span));
        SpendAllBut(1, weights);
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
            weights.Spend(shape).Dispose();
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
        var model = (await new ModelPublisher(owner ?? _caller).PublishAsync(new ModelRelease(weights.Container, "private"))).Model;
        if (registers)
            await RegisterAsync(model, weights, owner);
        return model;
    }

    private async Task RegisterAsync(Address model, PrivateWeights weights, Wallet? owner = null)
    {
        var (proofs, ranges) = (new ProofsClient(owner ?? _caller), weights.FirstWeightRanges(threads: 2));
        await proofs.RegisterRootAsync(model, weights.Root, ranges, await proofs.QuoteRootAsync(model, weights.Root, ranges, Cancellation), Cancellation);
    }

    private async Task RequireDeclinedAsync(Address model, JobEvidence evidence, string reason)
    {
        var job = await RequestAsync(new JobRequest(model, evidence, await DeadlineAsync(), Packed(SmallNetwork.Input(1))));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith(reason, StringComparison.Ordinal));
    }
}
