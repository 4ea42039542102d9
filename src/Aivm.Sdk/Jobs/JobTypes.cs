using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What a caller may ask as evidence; the numbers are those of receipts.</summary>
public enum JobEvidence : byte
{
    /// <summary>A zero-knowledge proof, verified by every validator: final at once.</summary>
    Proved = 1,
    /// <summary>The signature of attested hardware; may be challenged for a while.</summary>
    Attested = 2,
    /// <summary>The provider's stake alone; may be challenged for a while.</summary>
    Staked = 3,
    /// <summary>The signature of a development TEE, on a development chain. Proves nothing.</summary>
    DevelopmentAttested = 4,
}

public enum JobState : byte
{
    None = 0,
    Offered = 1,
    Accepted = 2,
    Answered = 3,
    Ended = 4,
}

public enum JobEnd : byte
{
    None = 0,
    Settled = 1,
    Cancelled = 2,
    NoProvider = 3,
    Late = 4,
    Wrong = 5,
}

public enum JobInputKind : byte
{
    Public = 0,
    Sealed = 1,
    Content = 2,
}

/// <summary>A job as its caller asks for it. What is left out: anybody may take it, and nobody is called back.</summary>
/// <param name="Deadline">Unix seconds.</param>
/// <param name="Input">Packed for a public input; sealed, or a digest's 32 bytes, with their kinds.</param>
public sealed record JobRequest(Address Model, JobEvidence Evidence, ulong Deadline, ReadOnlyMemory<byte> Input)
{
    public ushort MinReputation { get; init; }

    /// <summary>Null: whoever asks the least.</summary>
    public Address? Provider { get; init; }

    public JobInputKind InputKind { get; init; }

    /// <summary>The chain makes that of a public input itself.</summary>
    public Hash256 Commitment { get; init; }

    public Address? Callback { get; init; }

    public ulong CallbackGas { get; init; }
}

/// <summary>What a job would cost now, in wei, gas apart.</summary>
/// <param name="Provider">Who would have it.</param>
/// <param name="Price">For the provider.</param>
/// <param name="ModelPrice">For the model's owner and the network.</param>
/// <param name="Stipend">For the gas of the callback.</param>
public sealed record JobQuote(Address Provider, UInt256 Price, UInt256 ModelPrice, UInt256 Stipend, UInt256 Total);

/// <summary>A job as the chain has it now.</summary>
/// <param name="Provider">Who has it; zero where nobody has.</param>
/// <param name="DueTime">When the present state ends: this time (Unix seconds) and this block have to pass.</param>
public sealed record JobStatus(
    ulong Job,
    Address Caller,
    JobState State,
    JobEvidence Evidence,
    JobInputKind InputKind,
    JobEnd End,
    Address Model,
    Address Provider,
    UInt256 Price,
    UInt256 Locked,
    ulong Deadline,
    ulong DueTime,
    ulong DueHeight,
    Hash256 InputCommitment,
    Hash256 OutputHash,
    Hash256 ReceiptId);

/// <summary>What a caller put into a request.</summary>
public sealed record RequestedJob(ulong Job, Address Caller, Address Model, JobEvidence Evidence, ulong Deadline, JobInputKind InputKind, Hash256 InputCommitment, byte[] Input);

/// <summary>What a provider answered.</summary>
/// <param name="Output">int64 little-endian; sealed for a sealed input.</param>
/// <param name="Encoded">The receipt's bytes.</param>
public sealed record AnsweredJob(ulong Job, Address Provider, byte[] Output, InferenceReceipt Receipt, byte[] Encoded, Hash256 Transaction, ulong BlockNumber);
