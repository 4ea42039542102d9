using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a transaction costs before anything runs (EIP-2028, EIP-2930), and the least that its calldata costs in the end (EIP-7623).</summary>
/// <param name="Base">Charged before execution.</param>
/// <param name="Floor">The gas used is never below it, and neither may the gas limit be.</param>
public readonly record struct IntrinsicGas(ulong Base, ulong Floor)
{
    public const ulong Transaction = 21_000;

    private const ulong PerToken = 4;
    private const ulong FloorPerToken = 10;
    private const ulong TokensPerNonZeroByte = 4;
    private const ulong PerListedAddress = 2_400;
    private const ulong PerListedKey = 1_900;

    /// <summary>The least gas limit with which the transaction is valid.</summary>
    public ulong Required => Math.Max(Base, Floor);

    public static IntrinsicGas Of(Transaction transaction) => Of(transaction.Data.Span, transaction.AccessList);

    public static IntrinsicGas Of(ReadOnlySpan<byte> data, IReadOnlyList<AccessListEntry> accessList)
    {
        var zeros = (ulong)data.Count((byte)0);
        var tokens = zeros + (TokensPerNonZeroByte * ((ulong)data.Length - zeros));
        var listed = 0UL;
        foreach (var entry in accessList)
            listed += PerListedAddress + (PerListedKey * (ulong)entry.StorageKeys.Count);
        return new IntrinsicGas(Transaction + (PerToken * tokens) + listed, Transaction + (FloorPerToken * tokens));
    }
}
