using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>Reads the three envelopes. The mirror image of what <see cref="UnsignedTransaction"/> writes.</summary>
internal static class TransactionDecoder
{
    private static readonly UnsignedTransaction Unread = new();

    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out UnsignedTransaction? content,
        out Signature signature,
        [NotNullWhen(false)] out Error? error)
    {
        content = null;
        signature = default;
        if (!TryReadType(encoded.Span, out var type, out error))
            return false;
        var envelope = new RlpReader(type == TransactionType.Legacy ? encoded.Span : encoded.Span[1..]);
        if (!envelope.TryReadList(out var fields) || !envelope.End)
            return Fails(Malformed("it is not one RLP list"), out error);
        if (ReadContent(type, encoded, ref fields, out var read) is { } wrongField)
            return Fails(Malformed($"its {wrongField} cannot be read"), out error);
        error = ReadSignature(type, ref fields, out signature, out var legacyChainId);
        if (error is not null)
            return false;
        if (!fields.End)
            return Fails(Malformed("something follows its signature"), out error);
        content = type == TransactionType.Legacy ? read with { ChainId = legacyChainId } : read;
        return true;
    }

    private static bool TryReadType(ReadOnlySpan<byte> encoded, out TransactionType type, [NotNullWhen(false)] out Error? error)
    {
        type = TransactionType.Legacy;
        error = null;
        if (encoded.IsEmpty)
            return Fails(Malformed("it is empty"), out error);
        var first = encoded[0];
        if (first >= Rlp.EmptyList)
            return true;
        type = (TransactionType)first;
        return type is TransactionType.AccessList or TransactionType.DynamicFee
            || Fails(new Error("transaction-type-unsupported", $"Transactions of type {first} are not supported; 0 (legacy), 1 and 2 are."), out error);
    }

    /// <returns>The name of the field that is wrong, or null.</returns>
    private static string? ReadContent(
        TransactionType type, ReadOnlyMemory<byte> encoded, ref RlpReader fields, out UnsignedTransaction content)
    {
        content = Unread;
        var isTyped = type != TransactionType.Legacy;
        var chainId = 0UL;
        if (isTyped && !fields.TryReadUInt64(out chainId))
            return "chainId";
        if (!fields.TryReadUInt64(out var nonce))
            return "nonce";
        var priorityFee = UInt256.Zero;
        if (type == TransactionType.DynamicFee && !fields.TryReadUInt256(out priorityFee))
            return "maxPriorityFeePerGas";
        if (!fields.TryReadUInt256(out var fee))
            return type == TransactionType.DynamicFee ? "maxFeePerGas" : "gasPrice";
        if (!fields.TryReadUInt64(out var gasLimit))
            return "gas limit";
        if (!fields.TryReadOptionalAddress(out var to))
            return "to";
        if (!fields.TryReadUInt256(out var value))
            return "value";
        if (!fields.TryReadBytes(out var data))
            return "data";
        IReadOnlyList<AccessListEntry> accessList = [];
        if (isTyped && !TryReadAccessList(ref fields, out accessList))
            return "accessList";
        content = new UnsignedTransaction
        {
            Type = type,
            ChainId = isTyped ? chainId : null,
            Nonce = nonce,
            MaxPriorityFeePerGas = type == TransactionType.DynamicFee ? priorityFee : fee,
            MaxFeePerGas = fee,
            GasLimit = gasLimit,
            To = to,
            Value = value,
            Data = encoded.Span.Overlaps(data, out var offset) ? encoded.Slice(offset, data.Length) : default,
            AccessList = accessList,
        };
        return null;
    }

    private static bool TryReadAccessList(ref RlpReader fields, out IReadOnlyList<AccessListEntry> accessList)
    {
        accessList = [];
        if (!fields.TryReadList(out var items))
            return false;
        if (items.End)
            return true;
        var entries = new List<AccessListEntry>();
        while (!items.End)
        {
            if (!items.TryReadList(out var entry)
                || !entry.TryReadAddress(out var address)
                || !entry.TryReadList(out var keys)
                || !entry.End)
                return false;
            // A key takes 33 bytes on the wire: what is allocated is less than what was received.
            var storageKeys = new Hash256[keys.Rest.Length / (1 + Hash256.Size)];
            foreach (ref var key in storageKeys.AsSpan())
            {
                if (!keys.TryReadHash(out key))
                    return false;
            }
            if (!keys.End)
                return false;
            entries.Add(new AccessListEntry(address, storageKeys));
        }
        accessList = entries;
        return true;
    }

    /// <summary>Reads v, r and s; v of a legacy transaction names its chain.</summary>
    private static Error? ReadSignature(TransactionType type, ref RlpReader fields, out Signature signature, out ulong? legacyChainId)
    {
        legacyChainId = null;
        signature = default;
        if (!fields.TryReadUInt256(out var v))
            return Malformed("its v cannot be read");
        if (!fields.TryReadUInt256(out var r))
            return Malformed("its r cannot be read");
        if (!fields.TryReadUInt256(out var s))
            return Malformed("its s cannot be read");
        if (!TryReadV(type, v, out var yParity, out legacyChainId))
            return new Error("signature-invalid", $"A transaction of type {(byte)type} cannot have v = {v}.");
        signature = new Signature(r, s, yParity);
        if (!Secp256k1.IsScalar(r) || !Secp256k1.IsScalar(s))
            return new Error("signature-invalid", "r and s lie between zero and the order of secp256k1.");
        if (!signature.IsLowS)
            return new Error("signature-invalid", "s lies in the upper half of the order of secp256k1 (EIP-2).");
        return null;
    }

    private static bool TryReadV(TransactionType type, UInt256 v, out byte yParity, out ulong? chainId)
    {
        chainId = null;
        yParity = 0;
        if (type == TransactionType.Legacy && v >= UnsignedTransaction.LeastReplayProtectedV)
        {
            var rest = v - UnsignedTransaction.LeastReplayProtectedV;
            yParity = (byte)(ulong)(rest & UInt256.One);
            var wideChainId = rest >> 1;
            if (wideChainId.FitsUInt64)
                chainId = (ulong)wideChainId;
            return wideChainId.FitsUInt64;
        }
        var least = type == TransactionType.Legacy ? UnsignedTransaction.LeastV : UInt256.Zero;
        if (v < least || v > least + UInt256.One)
            return false;
        yParity = (byte)(ulong)(v - least);
        return true;
    }

    private static Error Malformed(string reason) => new("transaction-malformed", $"The transaction is malformed: {reason}.");

    private static bool Fails(Error reason, out Error error)
    {
        error = reason;
        return false;
    }
}
