using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Tests.Consensus;

/// <summary>An application that writes down what the engine asks, and fails where a test says so.</summary>
internal sealed class RecordingApplication : IApplication
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly Queue<byte[]> _pool = new();
    private readonly SemaphoreSlim _commits = new(0);
    private FinalizeBlockRequest? _finalized;

    public ulong Height { get; set; }

    public List<FinalizeBlockRequest> Committed { get; } = [];

    public Error? CommitFailure { get; set; }

    /// <summary>Thrown after the block was stored.</summary>
    public Exception? ObserverFailure { get; set; }

    public bool RejectsProposals { get; set; }

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    public void Add(params byte[][] transactions)
    {
        lock (_lock)
        {
            foreach (var transaction in transactions)
                _pool.Enqueue(transaction);
        }
    }

    /// <summary>Waits until so many more commits were tried, successful or not.</summary>
    public async Task CommitsAsync(int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(await _commits.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), "no commit within ten seconds");
    }

    public InfoResponse Info()
    {
        Record("Info");
        return new InfoResponse("test", "1", 1, Height, Hash256.Zero);
    }

    public InitChainResponse InitChain(InitChainRequest request)
    {
        Record("InitChain");
        return new InitChainResponse(Keccak.Hash(request.AppState.Span));
    }

    public TransactionResult CheckTx(CheckTxRequest request) => throw new NotSupportedException();

    public PrepareProposalResponse PrepareProposal(PrepareProposalRequest request)
    {
        lock (_lock)
        {
            _calls.Add($"PrepareProposal {request.Height}");
            return new PrepareProposalResponse([.. _pool.Select(transaction => (ReadOnlyMemory<byte>)transaction)]);
        }
    }

    public ProcessProposalResponse ProcessProposal(ProcessProposalRequest request)
    {
        Record($"ProcessProposal {request.Height}");
        return RejectsProposals
            ? new ProcessProposalResponse(ProposalStatus.Reject, new Error("no", "No."))
            : new ProcessProposalResponse(ProposalStatus.Accept);
    }

    public FinalizeBlockResponse FinalizeBlock(FinalizeBlockRequest request)
    {
        Record($"FinalizeBlock {request.Height}");
        _finalized = request;
        return new FinalizeBlockResponse([], request.Hash, []);
    }

    public CommitResponse Commit()
    {
        lock (_lock)
        {
            _calls.Add("Commit");
            _commits.Release();
            if (CommitFailure is { } failure)
                throw new AivmException(Failure.Environment, failure.Code, failure.Message);
            Committed.Add(_finalized!);
            foreach (var _ in _finalized!.Txs)
                _pool.Dequeue();
            Height = _finalized.Height;
            if (ObserverFailure is { } observerFailure)
                throw observerFailure;
            return new CommitResponse();
        }
    }

    public QueryResponse Query(QueryRequest request)
    {
        var header = new BlockHeader { Number = Height, Time = Committed.Count > 0 ? Committed[^1].Time : 0 };
        return new QueryResponse(0, header.Encode(), Height, []);
    }

    private void Record(string call)
    {
        lock (_lock)
            _calls.Add(call);
    }
}
