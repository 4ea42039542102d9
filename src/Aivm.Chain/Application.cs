using System.Diagnostics.CodeAnalysis;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What a node chooses for itself; nothing here changes the outcome of a block.</summary>
public sealed record ApplicationOptions
{
    public PoolLimits Pool { get; init; } = new();

    /// <summary>Memory for prepared models.</summary>
    public long ModelCacheBytes { get; init; } = 128L << 20;

    /// <summary>For tests, whose hardware has roots of its own: a node that trusts others than the vendors forks off.</summary>
    internal TrustRoots EvidenceRoots { get; init; } = TrustRoots.Vendors;
}

/// <summary>
/// The chain behind <see cref="IApplication"/>: genesis, pool, execution, store. One engine drives it; readers, the pool and the simulator
/// may be used from any thread.
/// </summary>
public sealed class Application : IApplication
{
    public const string Name = "aivm";
    public const string Version = "0.1.0";
    public const ulong ProtocolVersion = 1;

    private readonly IKeyValueStore _store;
    private readonly ApplicationOptions _options;
    private readonly StateDatabase _database;
    private readonly ChainStore _chain;
    private readonly ModelCache _models;
    private readonly Lock _consensus = new();
    private volatile Parts? _parts;
    private FinalizedBlock? _finalized;

    /// <summary>What exists once there is a genesis.</summary>
    private sealed record Parts(ChainReader Reader, TransactionPool Pool, Simulator Simulator, ProposalExecutor Proposals);

    private sealed record FinalizedBlock(ProposalKey Key, ExecutedProposal Proposal, WriteBatch Batch, MinedTransaction[] Transactions);

    /// <summary>Opens the chain of a store at its last committed block, or waits for <see cref="InitChain"/>.</summary>
    /// <exception cref="AivmException"><c>store-corrupt</c>.</exception>
    public Application(IKeyValueStore store, ApplicationOptions? options = null)
    {
        _store = store;
        _options = options ?? new ApplicationOptions();
        _database = new StateDatabase(store);
        _chain = new ChainStore(store);
        _models = new ModelCache(_options.ModelCacheBytes, _options.EvidenceRoots);
        if (_chain.HeadHeight is { } height)
            Open(height);
    }

    /// <summary>False until <see cref="InitChain"/>: then there is nothing to read and no pool.</summary>
    public bool IsInitialised => _parts is not null;

    /// <exception cref="InvalidOperationException">There is no genesis yet.</exception>
    public ChainReader Reader => Existing.Reader;

    /// <exception cref="InvalidOperationException">There is no genesis yet.</exception>
    public TransactionPool Pool => Existing.Pool;

    /// <exception cref="InvalidOperationException">There is no genesis yet.</exception>
    public Simulator Simulator => Existing.Simulator;

    private Parts Existing => _parts ?? throw new InvalidOperationException("The chain has no genesis yet: call InitChain.");

    public InfoResponse Info()
    {
        var head = _parts?.Reader.Head;
        return new InfoResponse(Name, Version, ProtocolVersion, head?.Number ?? 0, head?.Hash ?? Hash256.Zero);
    }

    public InitChainResponse InitChain(InitChainRequest request)
    {
        lock (_consensus)
        {
            if (!GenesisFile.TryRead(request.AppState.Span, out var genesis, out var error))
                return new InitChainResponse(Hash256.Zero, error);
            if (CheckGenesis(request, genesis) is { } wrong)
                return new InitChainResponse(Hash256.Zero, wrong);
            if (_parts is { } existing)
                return new InitChainResponse(existing.Reader.Head.Hash);
            var block = GenesisBlock.Build(_database, genesis);
            var batch = block.StateChanges;
            ChainStore.PutGenesis(batch, GenesisFile.Write(genesis));
            ChainStore.PutBlock(batch, block);
            _store.Write(batch);
            Open(0);
            return new InitChainResponse(block.Hash);
        }
    }

    public TransactionResult CheckTx(CheckTxRequest request)
    {
        if (_parts is not { } parts)
            return TransactionResults.Refused(TransactionErrors.NotStarted());
        if (request.Kind == CheckTxKind.Recheck)
        {
            var hash = Keccak.Hash(request.Tx.Span);
            return parts.Pool.Contains(hash) ? TransactionResults.Accepted() : TransactionResults.Refused(TransactionErrors.NotInPool(hash));
        }
        // The pool keeps the bytes for as long as the transaction waits: give it a copy that nobody else changes.
        return parts.Pool.TryAdd(request.Tx.ToArray(), out _, out var error) ? TransactionResults.Accepted() : TransactionResults.Refused(error);
    }

    public PrepareProposalResponse PrepareProposal(PrepareProposalRequest request)
    {
        lock (_consensus)
            return new PrepareProposalResponse(Existing.Proposals.Build(request));
    }

    public ProcessProposalResponse ProcessProposal(ProcessProposalRequest request)
    {
        lock (_consensus)
        {
            var error = Existing.Proposals.Check(new Proposal(request.Height, request.Time, request.ProposerAddress, request.Txs));
            return error is null
                ? new ProcessProposalResponse(ProposalStatus.Accept)
                : new ProcessProposalResponse(ProposalStatus.Reject, error);
        }
    }

    /// <exception cref="InvalidOperationException">The height does not follow the last committed one: the engine is out of step.</exception>
    public FinalizeBlockResponse FinalizeBlock(FinalizeBlockRequest request)
    {
        lock (_consensus)
        {
            var proposal = new Proposal(request.Height, request.Time, request.ProposerAddress, request.Txs);
            var executed = Existing.Proposals.Execute(proposal, out var key);
            if (_finalized is null || !_finalized.Key.Equals(key))
            {
                var batch = executed.Block.StateChanges;
                _finalized = new FinalizedBlock(key, executed, batch, ChainStore.PutBlock(batch, executed.Block));
            }
            return new FinalizeBlockResponse(executed.Results, executed.Block.Hash, []);
        }
    }

    /// <exception cref="AivmException">
    /// The store cannot write (<c>disk-full</c>, <c>data-dir-read-only</c>). The block stays finalized: Commit may be called again, or FinalizeBlock
    /// and Commit.
    /// </exception>
    public CommitResponse Commit()
    {
        lock (_consensus)
        {
            var finalized = _finalized ?? throw new InvalidOperationException("There is no finalized block to commit.");
            _store.Write(finalized.Batch);
            _finalized = null;
            var (reader, pool, _, proposals) = Existing;
            var head = new ChainHeader(finalized.Proposal.Block.Header, finalized.Proposal.Block.Hash);
            _chain.Remember(head, finalized.Transactions);
            proposals.Forget();
            reader.Advance(head);
            pool.Advance(reader.HeadState, reader.NextBaseFee);
            reader.Announce(new CommittedBlock(head, finalized.Transactions));
            return new CommitResponse();
        }
    }

    public QueryResponse Query(QueryRequest request) => ApplicationQueries.Answer(_parts?.Reader, request);

    [MemberNotNull(nameof(_parts))]
    private void Open(ulong height)
    {
        if (_chain.GenesisJson is not { } json || !GenesisFile.TryRead(json, out var genesis, out _) || !_chain.TryGetHeader(height, out var head))
            throw new AivmException(
                Failure.Environment, "store-corrupt", "The store names a head but lacks its block or the genesis. Restore it or start with an empty one.");
        var reader = new ChainReader(_chain, _database, genesis, head);
        var pool = new TransactionPool(genesis, _options.Pool, reader.HeadState, reader.NextBaseFee);
        _parts = new Parts(reader, pool, new Simulator(reader, _models), new ProposalExecutor(_database, _models, reader, pool));
    }

    private Error? CheckGenesis(InitChainRequest request, Genesis genesis)
    {
        if (request.InitialHeight != 1)
            return new Error("genesis-invalid", $"The first height is 1, not {request.InitialHeight}.");
        if (_parts is { } parts && parts.Reader.Head.Number > 0)
            return new Error("chain-exists", $"The store holds a chain of height {parts.Reader.Head.Number} already.");
        if (_parts is not null && !_chain.GenesisJson.AsSpan().SequenceEqual(GenesisFile.Write(genesis)))
            return new Error("genesis-mismatch", "The store was started with another genesis. Use another data directory.");
        return null;
    }
}
