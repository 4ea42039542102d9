using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The proof of purchase of an inference (docs/spec/models-contract.md, "Receipt").</summary>
/// <param name="Id">keccak256 of the encoding: what the Models contract stores.</param>
/// <param name="Version">Of the encoding.</param>
/// <param name="CommitmentKind">How the input is committed to: 0, as <see cref="CommitToInput"/> does.</param>
/// <param name="Licences">That the inference was made under; none so far.</param>
/// <param name="Shares">Who was paid what, in wei, the owner first.</param>
public sealed record InferenceReceipt(
    Hash256 Id,
    int Version,
    ulong ChainId,
    ulong Height,
    Hash256 Job,
    Address Model,
    Hash256 ModelHash,
    Address Payer,
    byte CommitmentKind,
    Hash256 InputCommitment,
    Hash256 OutputHash,
    byte EvidenceKind,
    Hash256 EvidenceHash,
    IReadOnlyList<Hash256> Licences,
    IReadOnlyList<(Address Payee, UInt256 Amount)> Shares)
{
    private const ulong SupportedVersion = 1;
    private const ulong KeccakCommitment = 0;
    private const byte PackedInputTag = 1;

    /// <param name="error"><c>receipt-malformed</c>, also for a version this client does not know.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out InferenceReceipt? receipt, [NotNullWhen(false)] out Error? error)
    {
        receipt = null;
        error = null;
        var reader = new AbiReader(encoded);
        if (reader.TryReadUInt64(out var version)
            && version == SupportedVersion
            && reader.TryReadUInt64(out var chainId)
            && reader.TryReadUInt64(out var height)
            && reader.TryReadHash(out var job)
            && reader.TryReadAddress(out var model)
            && reader.TryReadHash(out var modelHash)
            && reader.TryReadAddress(out var payer)
            && reader.TryReadUInt64(out var commitmentKind)
            && commitmentKind == KeccakCommitment
            && reader.TryReadHash(out var inputCommitment)
            && reader.TryReadHash(out var outputHash)
            && reader.TryReadUInt64(out var evidenceKind)
            && evidenceKind <= byte.MaxValue
            && reader.TryReadHash(out var evidenceHash)
            && TryReadLicences(ref reader, out var licences)
            && TryReadShares(ref reader, out var shares)
            && reader.TryEnd())
        {
            receipt = new InferenceReceipt(
                Keccak.Hash(encoded), (int)version, chainId, height, job, model, modelHash, payer, (byte)commitmentKind, inputCommitment, outputHash, (byte)evidenceKind,
                evidenceHash, licences, shares);
            return true;
        }
        error = new Error("receipt-malformed", "The inference receipt is not in the canonical encoding of version 1.");
        return false;
    }

    /// <summary>Whether the receipt is for this public input, packed.</summary>
    public bool IsFor(ReadOnlySpan<byte> packedInput) => CommitToPublicInput(packedInput) == InputCommitment;

    /// <summary>Whether the receipt vouches for this output.</summary>
    public bool VouchesFor(ReadOnlySpan<long> output) => OutputNumbers.HashOf(output) == OutputHash;

    /// <summary>How the chain commits to an input that everybody may see.</summary>
    public static Hash256 CommitToPublicInput(ReadOnlySpan<byte> packedInput) => CommitToInput(Hash256.Zero, packedInput);

    /// <summary>keccak256(salt ‖ 0x01 ‖ packed input).</summary>
    /// <param name="salt">Zero for an input that everybody may see.</param>
    public static Hash256 CommitToInput(Hash256 salt, ReadOnlySpan<byte> packedInput)
    {
        var committed = new byte[Hash256.Size + 1 + packedInput.Length];
        salt.Span.CopyTo(committed);
        committed[Hash256.Size] = PackedInputTag;
        packedInput.CopyTo(committed.AsSpan(Hash256.Size + 1));
        return Keccak.Hash(committed);
    }

    private static bool TryReadLicences(ref AbiReader reader, out Hash256[] licences)
    {
        licences = [];
        if (!reader.TryEnterArray(out var count))
            return false;
        licences = new Hash256[count];
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadHash(out licences[i]))
                return false;
        }
        return reader.TryLeave();
    }

    private static bool TryReadShares(ref AbiReader reader, out (Address Payee, UInt256 Amount)[] shares)
    {
        shares = [];
        if (!reader.TryEnterArray(out var count))
            return false;
        var read = new (Address Payee, UInt256 Amount)[count];
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadAddress(out read[i].Payee))
                return false;
        }
        if (!reader.TryLeave() || !reader.TryEnterArray(out var amounts) || amounts != count)
            return false;
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadUInt256(out read[i].Amount))
                return false;
        }
        shares = read;
        return reader.TryLeave();
    }
}
