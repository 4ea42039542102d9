namespace Aivm.Chain;

/// <summary>What a genesis may set: sizes in bytes, gas in gas units (1 gas = 1 ns of a reference core).</summary>
public sealed record ChainLimits
{
    public static ChainLimits Default { get; } = new();

    /// <summary>EIP-7825's cap on one transaction's gas limit, AIVM's value: a transformer's proof takes more than half of it.</summary>
    public ulong TransactionGas { get; init; } = 1UL << 26;

    /// <summary>One encoded transaction.</summary>
    public int TransactionBytes { get; init; } = 1 << 20;

    /// <summary>All encoded transactions of a block together.</summary>
    public int BlockBytes { get; init; } = 8 << 20;

    /// <summary>A model's container.</summary>
    public int ModelBytes { get; init; } = 8 << 20;

    /// <summary>One chunk of an upload.</summary>
    public int ChunkBytes { get; init; } = 256 << 10;

    /// <summary>Blocks after which an unfinished upload may be removed by anyone.</summary>
    public ulong UploadLifetime { get; init; } = 10_000;

    /// <returns>What is wrong with these limits, or null.</returns>
    internal string? Validate()
    {
        if (TransactionGas < IntrinsicGas.Transaction || TransactionGas > 1UL << 40)
            return $"limits.transactionGas is {TransactionGas}";
        if (TransactionBytes is < 1024 or > 16 << 20)
            return $"limits.transactionBytes is {TransactionBytes}";
        if (BlockBytes < TransactionBytes || BlockBytes > 64 << 20)
            return $"limits.blockBytes is {BlockBytes}";
        if (ModelBytes is < 1024 or > 64 << 20)
            return $"limits.modelBytes is {ModelBytes}";
        if (ChunkBytes < 1024 || ChunkBytes > TransactionBytes)
            return $"limits.chunkBytes is {ChunkBytes}";
        return UploadLifetime is < 1 or > 1UL << 32 ? $"limits.uploadLifetime is {UploadLifetime}" : null;
    }
}
