using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Proving;

/// <summary>Commitments to weights that the chain does not know yet.</summary>
internal static class RootRegistration
{
    /// <summary>Registers those to private weights, in the order in which each follows from the one before, and says what each costs before it pays.</summary>
    /// <returns>The transactions.</returns>
    /// <exception cref="AivmException"><c>weights-context</c>, and those of <see cref="Consent"/>.</exception>
    public static async Task<List<(Hash256 Root, TransactionReceipt Transaction)>> RegisterAsync(
        Wallet wallet, Address model, PrivateWeights weights, bool yes, Terminal terminal, CancellationToken cancellation)
    {
        var proofs = new ProofsClient(wallet);
        var done = new List<(Hash256, TransactionReceipt)>();
        var ranges = await terminal.Step("Proving", _ => Task.Run(() => weights.FirstWeightRanges(RunProver.Threads)));
        foreach (var (root, context, proof) in (IEnumerable<(Hash256, Hash256, ReadOnlyMemory<byte>)>)
            [(weights.FirstRoot, Hash256.Zero, ranges), .. weights.Renewals.Select(renewal => (renewal.Root, renewal.Context, renewal.Proof))])
        {
            if (await proofs.GetRootHeightAsync(model, root, cancellation) != 0)
                continue;
            if (!context.IsZero)
                throw new AivmException(Failure.Check, "weights-context", $"The commitment {root} was renewed for the context {context}; the chain takes a renewal without one.");
            done.Add((root, await RegisterAsync(proofs, wallet, model, root, proof, yes, terminal, cancellation)));
        }
        return done;
    }

    /// <summary>Registers one to public weights, unless somebody has; says what it costs before it pays.</summary>
    /// <returns>The transaction; null where somebody else's came first.</returns>
    /// <exception cref="AivmException"><c>root-refused</c>, and those of <see cref="Consent"/>.</exception>
    public static async Task<TransactionReceipt?> RegisterAsync(
        Wallet wallet, Address model, PublicRoot weights, bool yes, Terminal terminal, CancellationToken cancellation)
    {
        var proofs = new ProofsClient(wallet);
        if (await IsRegisteredAsync())
            return null;
        try
        {
            return await RegisterAsync(proofs, wallet, model, weights.Root, weights.Proof, yes, terminal, cancellation);
        }
        catch (RpcException exception) when (exception.IsRevert)
        {
            return await IsRegisteredAsync()
                ? null
                : throw new AivmException(Failure.Check, "root-refused", $"The chain would refuse the root of the weights, and nothing was sent: {exception.Message}");
        }
        catch (AivmException exception) when (exception.Error.Code == "transaction-reverted")
        {
            if (!await IsRegisteredAsync())
                throw;
            terminal.Remark($"Somebody else registered it first, and the gas is gone: {exception.Message}");
            return null;
        }

        async Task<bool> IsRegisteredAsync() => await proofs.GetRootHeightAsync(model, weights.Root, cancellation) != 0;
    }

    private static async Task<TransactionReceipt> RegisterAsync(
        ProofsClient proofs, Wallet wallet, Address model, Hash256 root, ReadOnlyMemory<byte> proof, bool yes, Terminal terminal, CancellationToken cancellation)
    {
        var quote = await proofs.QuoteRootAsync(model, root, proof, cancellation);
        terminal.Remark($"Registering the commitment {root}: up to {Coins.Gas(quote.Gas)} gas, {Coins.Format(quote.Fee)} coins.");
        await Consent.RequireAsync(wallet, quote.Fee, yes, terminal, cancellation);
        return await terminal.Step("Registering", _ => proofs.RegisterRootAsync(model, root, proof, quote, cancellation));
    }
}
