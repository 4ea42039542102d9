using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// Keeps commitments to private weights good for another proof: one that is nearly spent is renewed, and the fresh one registered. Only for models that the
/// provider's account owns: nobody else may register, and a copy that somebody else published would wear out the commitment for nothing.
/// </summary>
internal sealed class WeightCommitments(Wallet wallet, ProviderOptions options, Action<ProviderEvent> report)
{
    private readonly Dictionary<Hash256, SemaphoreSlim> _renewing =
        options.Private.Select(weights => weights.Model.Hash).Distinct().ToDictionary(hash => hash, _ => new SemaphoreSlim(1, 1));

    private readonly ModelsClient _models = new(wallet.Rpc);
    private readonly ProofsClient _proofs = new(wallet);

    /// <summary>Before a job is accepted: jobs that are with us already may need proofs too.</summary>
    /// <exception cref="JobRefusal">No proof can be made that the chain would take, and why.</exception>
    public async Task RequireAsync(ulong job, Address account, OwnedModel model, CancellationToken cancellation)
    {
        if ((await _models.GetInfoAsync(account, cancellation)).Owner != wallet.Address)
            throw new JobRefusal("model-private", "it answers for private models of its own account alone");
        try
        {
            await ReadyAsync(job, account, model, Math.Clamp(options.Concurrency, 1, PrivateWeights.FreshProofs / 2), cancellation);
        }
        catch (AivmException exception) when (exception is not JobRefusal and not RpcException)
        {
            throw new JobRefusal(exception.Error.Code, "the commitment to its weights is good for no proof now");
        }
    }

    /// <summary>Waits for nobody where the commitment in use is good.</summary>
    /// <param name="least">Proofs that it has left, or it is renewed.</param>
    /// <returns>Its root, which the chain knows.</returns>
    public async Task<Hash256> ReadyAsync(ulong job, Address account, OwnedModel model, int least, CancellationToken cancellation)
    {
        if (model.Root is var root && model.ProofsLeft >= least && await IsKnownAsync(account, root, cancellation))
            return root;
        await _renewing[model.Hash].WaitAsync(cancellation);
        try
        {
            // Those that were renewed elsewhere, or before a crash: the chain takes each after the one before.
            await RegisterAsync(job, account, model, cancellation);
            if (model.ProofsLeft < least)
            {
                await Task.Run(() => model.Renew(options.ProofThreads), cancellation);
                report(new ProviderEvent(ProviderEventKind.WeightsRenewed, job, $"{model.Root}"));
                await RegisterAsync(job, account, model, cancellation);
            }
            return model.Root;
        }
        finally
        {
            _renewing[model.Hash].Release();
        }
    }

    private async Task<bool> IsKnownAsync(Address account, Hash256 root, CancellationToken cancellation) =>
        await _proofs.GetRootHeightAsync(account, root, cancellation) != 0;

    /// <summary>All renewals behind the last root that the chain knows.</summary>
    private async Task RegisterAsync(ulong job, Address account, OwnedModel model, CancellationToken cancellation)
    {
        var renewals = model.Renewals;
        var first = renewals.Length;
        while (first > 0 && !await IsKnownAsync(account, renewals[first - 1].Root, cancellation))
            first--;
        if (first == 0 && !await IsKnownAsync(account, model.FirstRoot, cancellation))
            throw new JobRefusal("weights-root", "the first commitment to its weights is not registered");
        foreach (var (root, context, proof) in renewals[first..])
        {
            if (!context.IsZero)
                throw new JobRefusal("weights-context", "the commitment to its weights was renewed for something else than this chain");
            try
            {
                await wallet.SendAndWaitAsync(ProofsClient.RegisterRoot(account, root, proof), cancellation);
            }
            catch (RpcException exception) when (exception.IsRevert)
            {
                throw new JobRefusal("weights-root", $"the commitment to its weights cannot be registered: {exception.Message}");
            }
            report(new ProviderEvent(ProviderEventKind.WeightsRegistered, job, $"{root}"));
        }
    }
}
