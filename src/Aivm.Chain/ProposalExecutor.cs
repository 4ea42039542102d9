using System.Buffers.Binary;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>A block as an engine proposes it.</summary>
/// <param name="Time">Unix seconds.</param>
internal sealed record Proposal(ulong Height, ulong Time, Address Proposer, IReadOnlyList<ReadOnlyMemory<byte>> Txs);

/// <summary>Names a proposal by everything that its execution depends on, whatever hash an engine gives it.</summary>
internal readonly record struct ProposalKey(Hash256 Digest)
{
    public static ProposalKey Of(Proposal proposal, Hash256 parent)
    {
        const int HeadLength = Hash256.Size + (2 * sizeof(ulong)) + Address.Size;
        var length = HeadLength;
        foreach (var tx in proposal.Txs)
            length += sizeof(int) + tx.Length;
        var bytes = new byte[length];
        parent.Span.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(Hash256.Size), proposal.Height);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(Hash256.Size + sizeof(ulong)), proposal.Time);
        proposal.Proposer.Span.CopyTo(bytes.AsSpan(Hash256.Size + (2 * sizeof(ulong))));
        var end = HeadLength;
        foreach (var tx in proposal.Txs)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(end), tx.Length);
            tx.Span.CopyTo(bytes.AsSpan(end + sizeof(int)));
            end += sizeof(int) + tx.Length;
        }
        return new ProposalKey(Keccak.Hash(bytes));
    }
}

/// <param name="Results">One per transaction of the proposal.</param>
/// <param name="FirstInvalid">Why the proposal deserves no vote; null when every transaction is valid.</param>
internal sealed record ExecutedProposal(ExecutedBlock Block, IReadOnlyList<TransactionResult> Results, Error? FirstInvalid);

/// <summary>
/// Builds, checks and executes proposals on top of the head. What was executed once for a proposal is kept until the next commit, so that a
/// block is executed once and not at each step; at most <see cref="Capacity"/> are kept.
/// </summary>
internal sealed class ProposalExecutor(StateDatabase database, ModelCache models, ChainReader reader, TransactionPool pool)
{
    public const int Capacity = 4;

    // CometBFT counts a tag and a length with each transaction: 5 bytes at most below 256 MiB.
    private const int Framing = 5;

    // After so many transactions in a row that do not fit, the block counts as full.
    private const int MaxMisfits = 256;

    private readonly List<(ProposalKey Key, ExecutedProposal Executed)> _executed = [];

    /// <summary>Fills a block from the pool, within its gas and the smaller of both byte limits.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Build(PrepareProposalRequest request)
    {
        RequireNextHeight(request.Height);
        var executor = NewExecutor(request.Time, request.ProposerAddress);
        var bytesLeft = Math.Min(request.MaxTxBytes, reader.Genesis.Limits.BlockBytes);
        var selection = pool.Select(executor.BaseFeePerGas);
        List<ReadOnlyMemory<byte>> txs = [];
        List<TransactionResult> results = [];
        var misfits = 0;
        while (misfits < MaxMisfits && executor.GasLeft >= IntrinsicGas.Transaction && selection.TryNext(out var transaction))
        {
            var bytes = transaction.Encoded.Length + Framing;
            if (bytes > bytesLeft || !executor.TryExecute(transaction, out var executed, out _))
            {
                selection.SkipSender();
                misfits++;
                continue;
            }
            misfits = 0;
            bytesLeft -= bytes;
            txs.Add(transaction.Encoded);
            results.Add(TransactionResults.Executed(executed));
        }
        var proposal = new Proposal(request.Height, request.Time, request.ProposerAddress, txs);
        Keep(ProposalKey.Of(proposal, reader.Head.Hash), new ExecutedProposal(executor.Finish(), results, FirstInvalid: null));
        return txs;
    }

    /// <returns>Why no validator should vote for it: <c>block-too-large</c>, <c>time-goes-back</c>, or the first invalid transaction.</returns>
    public Error? Check(Proposal proposal)
    {
        RequireNextHeight(proposal.Height);
        if (proposal.Time < reader.Head.Header.Time)
            return new Error("time-goes-back", $"The block's time {proposal.Time} is before its parent's {reader.Head.Header.Time}.");
        var bytes = proposal.Txs.Sum(tx => (long)tx.Length);
        var limit = reader.Genesis.Limits.BlockBytes;
        if (bytes > limit)
            return new Error("block-too-large", $"The block's transactions have {bytes} bytes; the limit is {limit}.");
        return Execute(proposal, out _).FirstInvalid;
    }

    /// <summary>
    /// Executes a proposal. A transaction that is not valid is left out with its reason as result: no honest validator votes for one, but what was
    /// decided has to end in the same state everywhere.
    /// </summary>
    public ExecutedProposal Execute(Proposal proposal, out ProposalKey key)
    {
        RequireNextHeight(proposal.Height);
        key = ProposalKey.Of(proposal, reader.Head.Hash);
        foreach (var (known, result) in _executed)
        {
            if (known.Equals(key))
                return result;
        }
        var transactions = Decode(proposal.Txs, out var errors);
        var executor = NewExecutor(proposal.Time, proposal.Proposer);
        var results = new TransactionResult[transactions.Length];
        Error? firstInvalid = null;
        for (var i = 0; i < transactions.Length; i++)
        {
            var error = errors[i];
            if (transactions[i] is { } transaction && executor.TryExecute(transaction, out var executed, out error))
            {
                results[i] = TransactionResults.Executed(executed);
                continue;
            }
            results[i] = TransactionResults.Refused(error!);
            firstInvalid ??= error! with { Message = $"Transaction {i}: {error.Message}" };
        }
        var outcome = new ExecutedProposal(executor.Finish(), results, firstInvalid);
        Keep(key, outcome);
        return outcome;
    }

    /// <summary>Forgets all proposals: the head has moved.</summary>
    public void Forget() => _executed.Clear();

    /// <summary>Decodes and recovers senders on all cores; what the pool knows is ready already.</summary>
    private Transaction?[] Decode(IReadOnlyList<ReadOnlyMemory<byte>> txs, out Error?[] errors)
    {
        var transactions = new Transaction?[txs.Count];
        var failures = new Error?[txs.Count];
        var maxLength = reader.Genesis.Limits.TransactionBytes;
        Parallel.For(0, txs.Count, i =>
        {
            if (txs[i].Length > maxLength)
                failures[i] = TransactionErrors.TooLarge(txs[i].Length, maxLength);
            else if (pool.TryGet(Keccak.Hash(txs[i].Span), out var pooled))
                transactions[i] = pooled;
            else if (Transaction.TryDecode(txs[i].ToArray(), out transactions[i], out failures[i], maxLength))
                transactions[i]!.TryRecoverSender(out _);
        });
        errors = failures;
        return transactions;
    }

    private void Keep(ProposalKey key, ExecutedProposal executed)
    {
        if (_executed.Count == Capacity)
            _executed.RemoveAt(0);
        _executed.Add((key, executed));
    }

    private BlockExecutor NewExecutor(ulong time, Address proposer) =>
        new(database, reader.Genesis, models, reader.Head.Header, reader.Head.Hash, time, proposer);

    private void RequireNextHeight(ulong height)
    {
        if (height != reader.Head.Number + 1)
            throw new InvalidOperationException($"The engine is at height {height}, the application at {reader.Head.Number}.");
    }
}
