namespace Aivm.Chain;

/// <summary>Constants of the Models contract; what a genesis may change is in <see cref="ChainLimits"/>.</summary>
public static class ModelsParameters
{
    /// <summary>Wei per byte of an upload, returned when it is sealed or reclaimed: 1 gwei.</summary>
    public const ulong DepositPerByte = 1_000_000_000;

    public const int MaxChunks = 256;

    public const int MaxNameLength = 64;

    public const int MaxMetadataBytes = 16 << 10;

    /// <summary>
    /// Gas per byte of the container for assembling and hashing it, charged before any of that; validating and preparing it costs the model's
    /// gas of loading besides. It is less than the work takes, because an upload of <see cref="ChainLimits.ModelBytes"/> must be sealed in one
    /// transaction; the 20 gas per byte that its chunks paid carry the rest.
    /// </summary>
    public const ulong SealGasPerByte = 1;
}
