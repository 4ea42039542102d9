using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A transaction on its way into a block, with what was sent for its nonce before it was raised: any one of them may be mined, and one alone.</summary>
internal sealed class WaitingTransaction(RpcClient rpc, Transaction sent)
{
    private readonly List<Transaction> _versions = [sent];

    public Transaction Latest => _versions[^1];

    /// <exception cref="AivmException"><c>receipt-timeout</c>.</exception>
    public async Task<TransactionReceipt> ReceiptAsync(TimeSpan patience, CancellationToken cancellation)
    {
        if (_versions.Count == 1)
            return await rpc.WaitForReceiptAsync(Latest.Hash, patience, cancellation);
        var known = await rpc.GetReceiptsAsync([.. _versions.Select(version => version.Hash)], cancellation);
        return known.FirstOrDefault(receipt => receipt is not null) ?? await rpc.WaitForReceiptAsync(Latest.Hash, patience, cancellation);
    }

    /// <summary>Offers another for the same nonce.</summary>
    /// <returns>False where the node refuses it: the latest is what it was.</returns>
    /// <exception cref="AivmException">Whether the node took it is not known.</exception>
    public async Task<bool> TryReplaceAsync(Transaction raised, CancellationToken cancellation)
    {
        _versions.Add(raised);
        try
        {
            await rpc.SendAsync(raised, cancellation);
            return true;
        }
        catch (RpcException exception) when (exception.Failure == Failure.Input)
        {
            _versions.Remove(raised);
            return false;
        }
    }
}
