using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Checks a receipt offline, against the hash of a block that whoever asks trusts.</summary>
public static class ReceiptVerifier
{
    /// <param name="trusted">The hash of the block that the file's header has to be.</param>
    /// <param name="error">
    /// <c>receipt-header</c>: another block's. <c>receipt-proof</c>: the way to the contract's slot is broken. <c>receipt-absent</c>: the chain keeps no such receipt.
    /// <c>receipt-malformed</c>: the receipt itself is not in its canonical encoding, or of another block than it says.
    /// </param>
    public static bool TryVerify(ReceiptFile file, Hash256 trusted, [NotNullWhen(true)] out InferenceReceipt? receipt, [NotNullWhen(false)] out Error? error)
    {
        receipt = null;
        if (!BlockHeader.TryDecode(file.Header, out var header, out error))
            return false;
        if (header.Hash != trusted)
        {
            error = new Error("receipt-header", $"The file's header is that of block {header.Number} with the hash {header.Hash}, not of {trusted}.");
            return false;
        }
        if (!InferenceReceipt.TryDecode(file.Receipt, out var decoded, out error)
            || !TryReadStorageRoot(header.StateRoot, ReceiptHome.Of(decoded), file.AccountProof, out var storageRoot, out error)
            || !TryReadHeight(storageRoot, decoded, file.SlotProof, out var height, out error))
            return false;
        if (height != decoded.Height)
        {
            error = new Error("receipt-malformed", $"The receipt says that it is of block {decoded.Height}; the chain made it in block {height}.");
            return false;
        }
        receipt = decoded;
        return true;
    }

    private static bool TryReadStorageRoot(
        Hash256 stateRoot, ReceiptHome home, IReadOnlyList<byte[]> proof, out Hash256 storageRoot, [NotNullWhen(false)] out Error? error)
    {
        storageRoot = default;
        if (!MerkleProof.TryVerify(stateRoot, Keccak.Hash(home.Contract.Span).Span, proof, out var account, out error))
        {
            error = Broken(error);
            return false;
        }
        if (account is null || !TryReadAccount(account, out storageRoot))
        {
            error = new Error("receipt-absent", $"The block's state has no contract {home.Contract}: it is of another chain.");
            return false;
        }
        return true;
    }

    /// <summary>An account is [nonce, balance, storage root, code hash].</summary>
    private static bool TryReadAccount(byte[] account, out Hash256 storageRoot)
    {
        storageRoot = default;
        var reader = new RlpReader(account);
        return reader.TryReadList(out var fields)
            && fields.TryReadUInt64(out _)
            && fields.TryReadUInt256(out _)
            && fields.TryReadHash(out storageRoot)
            && fields.TryReadHash(out _)
            && fields.End
            && reader.End;
    }

    private static bool TryReadHeight(
        Hash256 storageRoot, InferenceReceipt receipt, IReadOnlyList<byte[]> proof, out ulong height, [NotNullWhen(false)] out Error? error)
    {
        height = 0;
        if (!MerkleProof.TryVerify(storageRoot, Keccak.Hash(ReceiptHome.Of(receipt).SlotOf(receipt.Id).ToHash256().Span).Span, proof, out var value, out error))
        {
            error = Broken(error);
            return false;
        }
        var reader = new RlpReader(value);
        if (value is null || !reader.TryReadUInt64(out height) || !reader.End)
        {
            error = new Error("receipt-absent", $"In the state of the block there is no receipt {receipt.Id}: it was made later, elsewhere, or never, or a challenge revoked it.");
            return false;
        }
        return true;
    }

    private static Error Broken(Error error) => new("receipt-proof", error.Message);
}
