using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What an enclave says of one inference: on this chain, for this job, this model made this output of this input.</summary>
/// <param name="Height">The block that the enclave was given as the latest when it answered.</param>
public sealed record AnswerStatement(
    ulong ChainId, ulong Job, Hash256 ModelHash, Hash256 InputCommitment, Hash256 OutputHash, ulong Height)
{
    private const string Domain = "aivm tee answer v1";
    private const int Words = 7;

    /// <summary>keccak256 of the ABI encoding, which a contract can make too: what the session's key signs.</summary>
    public Hash256 Digest() => Keccak.Hash(
        new AbiWriter(Words)
            .WriteString(Domain)
            .WriteUInt(ChainId)
            .WriteUInt(Job)
            .WriteHash(ModelHash)
            .WriteHash(InputCommitment)
            .WriteHash(OutputHash)
            .WriteUInt(Height)
            .ToArray());
}
