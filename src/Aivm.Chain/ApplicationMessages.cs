using Aivm.Primitives;

namespace Aivm.Chain;

// The records of ABCI 2.0 in our own types: Unix seconds for time, an Ethereum address for the proposer, Hash256 for hashes.

/// <param name="LastBlockHeight">0 when the application waits for InitChain.</param>
/// <param name="LastBlockAppHash">The hash of that block's Ethereum header; zero before InitChain.</param>
public sealed record InfoResponse(string Data, string Version, ulong AppVersion, ulong LastBlockHeight, Hash256 LastBlockAppHash);

/// <param name="Time">Unix seconds.</param>
/// <param name="AppState">The genesis as <c>GenesisFile</c> writes it.</param>
public sealed record InitChainRequest(ulong Time, string ChainId, ReadOnlyMemory<byte> AppState, ulong InitialHeight = 1);

/// <param name="Error">Why the genesis is refused; null on success.</param>
public sealed record InitChainResponse(Hash256 AppHash, Error? Error = null);

public enum CheckTxKind
{
    New = 0,
    Recheck = 1,
}

public sealed record CheckTxRequest(ReadOnlyMemory<byte> Tx, CheckTxKind Kind = CheckTxKind.New);

/// <summary>The outcome of one transaction (ABCI's ExecTxResult, which answers CheckTx as well).</summary>
/// <param name="Code">A <see cref="TransactionCode"/>; 0 means success.</param>
/// <param name="Data">What the call returned, or its revert data.</param>
/// <param name="Log">For people: empty on success.</param>
public sealed record TransactionResult(
    uint Code,
    ReadOnlyMemory<byte> Data,
    string Log,
    ulong GasWanted,
    ulong GasUsed,
    IReadOnlyList<ApplicationEvent> Events,
    string Info = "",
    string Codespace = "")
{
    public bool IsSuccess => Code == 0;
}

public sealed record ApplicationEvent(string Type, IReadOnlyList<EventAttribute> Attributes);

public readonly record struct EventAttribute(string Key, string Value, bool Index = true);

/// <param name="MaxTxBytes">The proposal's transactions together may not be longer.</param>
/// <param name="Txs">CometBFT's own pool: ignored, blocks are built from the application's pool.</param>
/// <param name="Time">Unix seconds.</param>
public sealed record PrepareProposalRequest(
    ulong Height,
    ulong Time,
    Address ProposerAddress,
    long MaxTxBytes,
    IReadOnlyList<ReadOnlyMemory<byte>> Txs);

public sealed record PrepareProposalResponse(IReadOnlyList<ReadOnlyMemory<byte>> Txs);

/// <param name="Hash">The engine's block hash, not the Ethereum header's.</param>
/// <param name="Time">Unix seconds.</param>
public sealed record ProcessProposalRequest(
    ulong Height,
    ulong Time,
    Address ProposerAddress,
    Hash256 Hash,
    IReadOnlyList<ReadOnlyMemory<byte>> Txs);

public enum ProposalStatus
{
    Accept = 1,
    Reject = 2,
}

/// <param name="Reason">Why the proposal is rejected; null when it is accepted.</param>
public sealed record ProcessProposalResponse(ProposalStatus Status, Error? Reason = null);

/// <param name="Hash">The engine's block hash, not the Ethereum header's.</param>
/// <param name="Time">Unix seconds.</param>
public sealed record FinalizeBlockRequest(
    ulong Height,
    ulong Time,
    Address ProposerAddress,
    Hash256 Hash,
    IReadOnlyList<ReadOnlyMemory<byte>> Txs);

/// <param name="AppHash">The hash of the block's Ethereum header.</param>
/// <param name="TxResults">One per transaction of the request, in its order.</param>
public sealed record FinalizeBlockResponse(
    IReadOnlyList<TransactionResult> TxResults,
    Hash256 AppHash,
    IReadOnlyList<ApplicationEvent> Events);

/// <param name="RetainHeight">Blocks below it may be pruned by the engine; 0 keeps all.</param>
public sealed record CommitResponse(ulong RetainHeight = 0);

/// <param name="Path"><c>/header</c>, or <c>/account</c> with an address in <paramref name="Data"/>.</param>
/// <param name="Height">0 means the latest.</param>
public sealed record QueryRequest(string Path, ReadOnlyMemory<byte> Data, ulong Height = 0, bool Prove = false);

/// <param name="Proof">Trie nodes from the root on, when asked for.</param>
public sealed record QueryResponse(uint Code, ReadOnlyMemory<byte> Value, ulong Height, IReadOnlyList<byte[]> Proof, string Log = "");
