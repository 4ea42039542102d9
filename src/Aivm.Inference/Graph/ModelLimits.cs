namespace Aivm.Inference;

/// <summary>What a container may ask for. Everything is checked before memory is taken.</summary>
public sealed record ModelLimits
{
    /// <summary>The limits of a model whose container lies on the chain.</summary>
    public static ModelLimits OnChain { get; } = new();

    /// <summary>For models run off the chain, by their users or providers.</summary>
    public static ModelLimits OffChain { get; } = new()
    {
        ContainerBytes = 256 << 20,
        MemoryBytes = 1L << 30,
        Macs = 1L << 40,
    };

    public int ContainerBytes { get; init; } = 8 << 20;

    /// <summary>Of one run's workspace, and apart from it of the prepared weights.</summary>
    public long MemoryBytes { get; init; } = 128 << 20;

    /// <summary>Gas of loading: a container that asks for more is refused before more work is done for it.</summary>
    public ulong LoadGas { get; init; } = ulong.MaxValue;

    /// <summary>Whether nodes may yield values that nothing reads, as a trace's do.</summary>
    internal bool AllowsUnused { get; init; }

    /// <summary>Multiply-accumulates of one run.</summary>
    public long Macs { get; init; } = 1L << 33;
}
