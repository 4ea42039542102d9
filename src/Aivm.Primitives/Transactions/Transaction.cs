using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>A signed transaction: its content, its signature, and the very bytes they came in. Immutable and safe to share between threads.</summary>
public sealed class Transaction
{
    /// <summary>The chain's default limit for one encoded transaction, in bytes.</summary>
    public const int DefaultMaxLength = 1 << 20;

    private readonly UnsignedTransaction _content;

    // Written by whoever recovers first; a second thread writes the same answer.
    private Address _sender;
    private volatile Recovery _recovery;

    private enum Recovery
    {
        Pending,
        Recovered,
        Impossible,
    }

    internal Transaction(UnsignedTransaction content, Signature signature, ReadOnlyMemory<byte> encoded)
    {
        _content = content;
        Signature = signature;
        Encoded = encoded;
        Hash = Keccak.Hash(encoded.Span);
    }

    public TransactionType Type => _content.Type;

    /// <summary>Null in a legacy transaction from before EIP-155.</summary>
    public ulong? ChainId => _content.ChainId;

    public ulong Nonce => _content.Nonce;

    /// <summary>In wei. The gas price in legacy and access-list transactions.</summary>
    public UInt256 MaxPriorityFeePerGas => _content.MaxPriorityFeePerGas;

    /// <summary>In wei. The gas price in legacy and access-list transactions.</summary>
    public UInt256 MaxFeePerGas => _content.MaxFeePerGas;

    public ulong GasLimit => _content.GasLimit;

    /// <summary>Null creates a contract.</summary>
    public Address? To => _content.To;

    public UInt256 Value => _content.Value;

    public ReadOnlyMemory<byte> Data => _content.Data;

    public IReadOnlyList<AccessListEntry> AccessList => _content.AccessList;

    public Signature Signature { get; }

    /// <summary>The envelope of EIP-2718: what is hashed, gossiped and stored.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    public Hash256 Hash { get; }

    public Hash256 SigningHash => _content.SigningHash;

    /// <summary>v as JSON-RPC and a legacy envelope write it: the parity itself in a typed transaction.</summary>
    public UInt256 V => _content.VOf(Signature);

    /// <summary>
    /// Decodes one envelope: canonical RLP, every byte, r and s in the group, s in the lower half (EIP-2). Whether the
    /// transaction is valid on a chain (chain id, nonce, fees, gas, balance) is the chain's to say.
    /// </summary>
    /// <param name="encoded">Kept, not copied: it must not change afterwards.</param>
    /// <param name="error"><c>transaction-too-large</c>, <c>transaction-type-unsupported</c>, <c>transaction-malformed</c> or <c>signature-invalid</c>.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out Transaction? transaction,
        [NotNullWhen(false)] out Error? error,
        int maxLength = DefaultMaxLength)
    {
        transaction = null;
        if (encoded.Length > maxLength)
        {
            error = new Error("transaction-too-large", $"The transaction has {encoded.Length} bytes; the limit is {maxLength}.");
            return false;
        }
        if (!TransactionDecoder.TryDecode(encoded, out var content, out var signature, out error))
            return false;
        transaction = new Transaction(content, signature, encoded);
        return true;
    }

    /// <summary>The account that signed. Recovered once, then remembered: admission and execution share the work.</summary>
    /// <returns>False when no account can have made this signature.</returns>
    public bool TryRecoverSender(out Address sender)
    {
        if (_recovery == Recovery.Pending)
        {
            var recovered = Secp256k1.TryRecover(SigningHash, Signature, out var signer);
            _sender = signer;
            _recovery = recovered ? Recovery.Recovered : Recovery.Impossible;
        }
        sender = _sender;
        return _recovery == Recovery.Recovered;
    }
}
