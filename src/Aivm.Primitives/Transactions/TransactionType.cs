namespace Aivm.Primitives;

/// <summary>The envelopes of EIP-2718 that the chain takes; a typed envelope begins with this byte.</summary>
public enum TransactionType : byte
{
    /// <summary>No envelope, with the chain id in v (EIP-155) or, before that, nowhere.</summary>
    Legacy = 0,
    /// <summary>EIP-2930.</summary>
    AccessList = 1,
    /// <summary>EIP-1559.</summary>
    DynamicFee = 2,
}

/// <summary>An account and those of its slots that a transaction announces (EIP-2930).</summary>
public sealed record AccessListEntry(Address Address, IReadOnlyList<Hash256> StorageKeys);
