using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>How the input is committed to.</summary>
public enum CommitmentKind : byte
{
    /// <summary>keccak256(salt ‖ tag ‖ input); 32 zero bytes of salt mean a public input.</summary>
    Keccak = 0,
}

/// <summary>Why the output may be believed.</summary>
public enum EvidenceKind : byte
{
    /// <summary>Every validator ran the model in the block.</summary>
    Executed = 0,
    /// <summary>Every validator verified a zero-knowledge proof of the run.</summary>
    Proved = 1,
    /// <summary>Trusted hardware signed the answer; it may be challenged.</summary>
    Attested = 2,
    /// <summary>Nothing but a provider's stake, and that anybody may challenge it.</summary>
    Staked = 3,
    /// <summary>A development TEE signed the answer, which proves nothing.</summary>
    DevelopmentAttested = 4,
}

/// <summary>The proof of purchase of one inference, the same for every path (docs/spec/models-contract.md, "Receipt").</summary>
/// <param name="Job">The job's number; for <c>Models.infer</c> the number of the inference.</param>
/// <param name="Shares">Who was paid what, in wei.</param>
/// <param name="EvidenceHash">keccak256 of the evidence; zero where there is none.</param>
internal sealed record InferenceReceipt(
    ulong ChainId,
    ulong Height,
    Hash256 Job,
    Address Model,
    Hash256 ModelHash,
    Address Payer,
    Hash256 InputCommitment,
    Hash256 OutputHash,
    IReadOnlyList<(Address Payee, UInt256 Amount)> Shares,
    EvidenceKind Evidence = EvidenceKind.Executed,
    Hash256 EvidenceHash = default)
{
    private const ulong Version = 1;
    private const byte PackedInputTag = 1;
    private const int HeadWords = 15;

    public static Hash256 CommitToPublicInput(NativeCall call, ReadOnlySpan<byte> packedInput) => CommitToInput(call, Hash256.Zero, packedInput);

    /// <param name="salt">Zero for a public input.</param>
    public static Hash256 CommitToInput(NativeCall call, Hash256 salt, ReadOnlySpan<byte> packedInput)
    {
        var committed = new byte[Hash256.Size + 1 + packedInput.Length];
        salt.Span.CopyTo(committed);
        committed[Hash256.Size] = PackedInputTag;
        packedInput.CopyTo(committed.AsSpan(Hash256.Size + 1));
        return call.Keccak(committed);
    }

    public static Hash256 HashOutput(NativeCall call, ReadOnlySpan<long> output)
    {
        var bytes = new byte[sizeof(long) * output.Length];
        for (var i = 0; i < output.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(long) * i), output[i]);
        return call.Keccak(bytes);
    }

    public byte[] Encode()
    {
        var writer = new AbiWriter(HeadWords)
            .WriteUInt(Version)
            .WriteUInt(ChainId)
            .WriteUInt(Height)
            .WriteHash(Job)
            .WriteAddress(Model)
            .WriteHash(ModelHash)
            .WriteAddress(Payer)
            .WriteUInt((ulong)CommitmentKind.Keccak)
            .WriteHash(InputCommitment)
            .WriteHash(OutputHash)
            .WriteUInt((ulong)Evidence)
            .WriteHash(EvidenceHash)
            .BeginArray(0)
            .End()
            .BeginArray(Shares.Count);
        foreach (var (payee, _) in Shares)
            writer.WriteAddress(payee);
        writer.End().BeginArray(Shares.Count);
        foreach (var (_, amount) in Shares)
            writer.WriteUInt(amount);
        return writer.End().ToArray();
    }
}
