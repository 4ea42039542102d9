using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// Keeps commitments to private weights good for another proof: one that is spent is renewed, and the fresh one registered, where the provider's account owns
/// the model; no other may register.
/// </summary>
internal sealed class WeightCommitments(Wallet wallet, ProviderOptions options, Action<ProviderEvent> report)
{
    private readonly SemaphoreSlim _renewing = new(1, 1);
    private readonly ModelsClient _models = new(wallet.Rpc);
    private readonly ProofsClient _proofs = new(wallet);

    /// <summary>The commitment in use has proofs left, and the chain knows it.</summary>
    /// <param name="least">Proofs that have to be left where nobody here can renew.</param>
    /// <exception cref="JobRefusal"><c>weights-renewal</c>, <c>weights-root</c>: what the owner has to do.</exception>
    public async Task RequireAsync(ulong job, Address account, OwnedModel model, int least, CancellationToken cancellation)
    {
        await _renewing.WaitAsync(cancellation);
        try
        {
            var isOwner = (await _models.GetInfoAsync(account, cancellation)).Owner == wallet.Address;
            if (model.ProofsLeft < (isOwner ? 1 : least))
                await RenewAsync(job, model, isOwner, cancellation);
            if (await _proofs.GetRootHeightAsync(account, model.Root, cancellation) == 0)
                await RegisterAsync(job, account, model, isOwner, cancellation);
        }
        finally
        {
            _renewing.Release();
        }
    }

    private async Task RenewAsync(ulong job, OwnedModel model, bool isOwner, CancellationToken cancellation)
    {
        if (!isOwner)
            throw new JobRefusal("weights-renewal", "the commitment to its weights has too few proofs left, and the model's owner alone registers another");
        await Task.Run(() => model.Renew(options.ProofThreads), cancellation);
        report(new ProviderEvent(ProviderEventKind.WeightsRenewed, job, $"{model.Root}"));
    }

    private async Task RegisterAsync(ulong job, Address account, OwnedModel model, bool isOwner, CancellationToken cancellation)
    {
        if (!isOwner || model.LastRenewal is not { } last || await _proofs.GetRootHeightAsync(account, last.Old, cancellation) == 0)
            throw new JobRefusal("weights-root", "the commitment to its weights is not registered");
        try
        {
            var (root, proof) = (last.Fresh.Root, last.Fresh.Proof);
            var quote = await _proofs.QuoteRootAsync(account, root, proof, cancellation);
            await _proofs.RegisterRootAsync(account, root, proof, quote, cancellation);
            report(new ProviderEvent(ProviderEventKind.WeightsRegistered, job, $"{root}, {quote.Gas} gas"));
        }
        catch (RpcException exception) when (exception.IsRevert)
        {
            throw new JobRefusal("weights-root", $"the commitment to its weights cannot be registered: {exception.Message}");
        }
    }
}
