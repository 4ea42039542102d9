namespace Aivm.Sdk;

/// <summary>
/// Upper bounds for the gas of the steps of a publication, from the gas table of docs/spec/models-contract.md. A node cannot estimate a
/// step before the one it follows is in a block; these serve to quote the whole and to send chunks without waiting for each.
/// </summary>
internal static class PublishGas
{
    private const ulong Transaction = 21_000;
    private const ulong PerToken = 4;
    private const ulong FloorPerToken = 10;
    private const ulong TokensPerNonZeroByte = 4;

    // Slots read and written, logs and coins, rounded up.
    private const ulong BeginFixed = 100_000;
    private const ulong ChunkFixed = 100_000;
    private const ulong SealFixed = 500_000;

    /// <summary>20 to store, and 9 per word to copy and to hash.</summary>
    private const ulong PerStoredByte = 21;

    /// <summary>3 to assemble and validate, 1 for reading.</summary>
    private const ulong PerSealedByte = 4;
    private const ulong PerSealedChunk = 10_000;

    public static ulong Begin(ReadOnlySpan<byte> calldata) => Total(calldata, BeginFixed);

    public static ulong Chunk(ReadOnlySpan<byte> calldata) => Total(calldata, ChunkFixed + (PerStoredByte * (ulong)calldata.Length));

    public static ulong Seal(ReadOnlySpan<byte> calldata, int containerLength, int chunks) => Total(
        calldata, SealFixed + (PerStoredByte * (ulong)calldata.Length) + (PerSealedByte * (ulong)containerLength) + (PerSealedChunk * (ulong)chunks));

    /// <summary>EIP-2028 and the floor of EIP-7623.</summary>
    private static ulong Total(ReadOnlySpan<byte> calldata, ulong execution)
    {
        var zeros = (ulong)calldata.Count((byte)0);
        var tokens = zeros + (TokensPerNonZeroByte * ((ulong)calldata.Length - zeros));
        return Transaction + Math.Max((PerToken * tokens) + execution, FloorPerToken * tokens);
    }
}
