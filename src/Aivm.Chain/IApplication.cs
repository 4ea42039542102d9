namespace Aivm.Chain;

/// <summary>
/// The replicated application as ABCI 2.0 drives it. The development engine and CometBFT call the same methods in the same order:
/// <c>Info → [InitChain] → (PrepareProposal → ProcessProposal → FinalizeBlock → Commit)*</c>, with <c>CheckTx</c> and <c>Query</c> at any time
/// and from any thread.
/// </summary>
/// <remarks>
/// PrepareProposal and ProcessProposal have no side effects; ProcessProposal and FinalizeBlock are functions of the committed state and
/// their request alone. FinalizeBlock persists nothing: a crash before <see cref="Commit"/> returns is repaired by calling FinalizeBlock and
/// Commit again, a crash after it needs nothing.
/// </remarks>
public interface IApplication
{
    /// <summary>Height and app hash of the last committed block: where the engine has to resume.</summary>
    InfoResponse Info();

    /// <summary>Writes the genesis block. Called while the application is at height 0, possibly more than once.</summary>
    InitChainResponse InitChain(InitChainRequest request);

    /// <summary>Admits a transaction to the pool, or says why not.</summary>
    TransactionResult CheckTx(CheckTxRequest request);

    /// <summary>Builds the next block from the pool.</summary>
    PrepareProposalResponse PrepareProposal(PrepareProposalRequest request);

    /// <summary>Votes on a proposed block. Accepts every block that an honest proposer built on the same state.</summary>
    ProcessProposalResponse ProcessProposal(ProcessProposalRequest request);

    /// <summary>Executes the decided block. Its effects become visible and durable in <see cref="Commit"/>.</summary>
    FinalizeBlockResponse FinalizeBlock(FinalizeBlockRequest request);

    /// <summary>Makes the finalized block durable in one atomic write, then shows it to readers and to the pool.</summary>
    CommitResponse Commit();

    /// <summary>Reads committed state, with a proof where asked.</summary>
    QueryResponse Query(QueryRequest request);
}
