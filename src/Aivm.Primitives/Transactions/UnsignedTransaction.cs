namespace Aivm.Primitives;

/// <summary>What a sender signs. Immutable; two of them are compared by <see cref="SigningHash"/>, not by equality of the record.</summary>
public sealed record UnsignedTransaction
{
    /// <summary>v of a legacy transaction before EIP-155, with even y.</summary>
    internal static readonly UInt256 LeastV = 27;

    /// <summary>v of a legacy transaction by EIP-155, for chain 0 and even y.</summary>
    internal static readonly UInt256 LeastReplayProtectedV = 35;

    public TransactionType Type { get; init; } = TransactionType.DynamicFee;

    /// <summary>Null in a legacy transaction from before EIP-155 only: it holds on every chain.</summary>
    public ulong? ChainId { get; init; }

    public ulong Nonce { get; init; }

    /// <summary>In wei. Equal to <see cref="MaxFeePerGas"/> in types that have one gas price.</summary>
    public UInt256 MaxPriorityFeePerGas { get; init; }

    /// <summary>In wei. The gas price in types that have one.</summary>
    public UInt256 MaxFeePerGas { get; init; }

    /// <summary>Both fees at once, for legacy and access-list transactions.</summary>
    public UInt256 GasPrice
    {
        get => MaxFeePerGas;
        init => (MaxPriorityFeePerGas, MaxFeePerGas) = (value, value);
    }

    public ulong GasLimit { get; init; }

    /// <summary>Null creates a contract.</summary>
    public Address? To { get; init; }

    public UInt256 Value { get; init; }

    public ReadOnlyMemory<byte> Data { get; init; }

    public IReadOnlyList<AccessListEntry> AccessList { get; init; } = [];

    public Hash256 SigningHash => Keccak.Hash(Write(signature: null).Written);

    /// <param name="key">A secret key, 32 bytes.</param>
    /// <exception cref="ArgumentException">The key is no secret key, or the type cannot say what this transaction says.</exception>
    public Transaction Sign(ReadOnlySpan<byte> key)
    {
        if (Type != TransactionType.Legacy && ChainId is null)
            throw new ArgumentException("A typed transaction names its chain.");
        if (Type == TransactionType.Legacy && AccessList.Count > 0)
            throw new ArgumentException("A legacy transaction has no access list.");
        if (Type != TransactionType.DynamicFee && MaxPriorityFeePerGas != MaxFeePerGas)
            throw new ArgumentException("This type of transaction has one gas price: set GasPrice.");
        var signature = Secp256k1.Sign(SigningHash, key);
        return new Transaction(this, signature, Encode(signature));
    }

    /// <summary>The envelope with a signature, whoever made it.</summary>
    public byte[] Encode(Signature signature) => Write(signature).ToArray();

    /// <summary>The envelope with its signature, or what the signature covers.</summary>
    private RlpWriter Write(Signature? signature)
    {
        var isTyped = Type != TransactionType.Legacy;
        var writer = new RlpWriter(256 + Data.Length);
        if (isTyped)
            writer.WriteRaw([(byte)Type]);
        var fields = writer.BeginList();
        if (isTyped)
            writer.Write(ChainId.GetValueOrDefault());
        writer.Write(Nonce);
        if (Type == TransactionType.DynamicFee)
            writer.Write(MaxPriorityFeePerGas);
        writer.Write(MaxFeePerGas);
        writer.Write(GasLimit);
        writer.Write(To);
        writer.Write(Value);
        writer.Write(Data.Span);
        if (isTyped)
            WriteAccessList(writer);
        if (signature is { } present)
        {
            writer.Write(VOf(present));
            writer.Write(present.R);
            writer.Write(present.S);
        }
        else if (!isTyped && ChainId is { } chainId)
        {
            writer.Write(chainId);
            writer.Write(UInt256.Zero);
            writer.Write(UInt256.Zero);
        }
        writer.EndList(fields);
        return writer;
    }

    private void WriteAccessList(RlpWriter writer)
    {
        var entries = writer.BeginList();
        foreach (var entry in AccessList)
        {
            var parts = writer.BeginList();
            writer.Write(entry.Address);
            var keys = writer.BeginList();
            foreach (var key in entry.StorageKeys)
                writer.Write(key);
            writer.EndList(keys);
            writer.EndList(parts);
        }
        writer.EndList(entries);
    }

    /// <summary>The parity in a typed transaction; 2·chain id + 35 + parity by EIP-155; before it 27 + parity.</summary>
    internal UInt256 VOf(in Signature signature)
    {
        UInt256 yParity = signature.YParity;
        if (Type != TransactionType.Legacy)
            return yParity;
        return ChainId is { } chainId ? new UInt256(chainId) + chainId + LeastReplayProtectedV + yParity : LeastV + yParity;
    }
}
