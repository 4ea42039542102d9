namespace Aivm.Inference;

/// <summary>A part of a run's workspace. Blocks whose lives do not meet share their place.</summary>
internal sealed class Block(long bytes)
{
    public long Bytes { get; } = bytes;

    public long Offset { get; set; }

    /// <summary>The first and the last step that touch it.</summary>
    public int First { get; set; } = -1;

    public int Last { get; set; }
}

/// <summary>One kernel call, with everything that does not depend on the input decided.</summary>
internal abstract unsafe class Step
{
    /// <param name="memory">The workspace.</param>
    public abstract void Run(byte* memory);
}

/// <summary>How a tensor of rank 3 lies in memory: [C, H, W] row-major, or with the channels innermost.</summary>
internal enum Layout
{
    Planar,
    ChannelsLast,
}

/// <summary>A value's place in the workspace.</summary>
internal sealed record Tensor(Block Block, ValueInfo Info, Layout Layout)
{
    public ElementType Type => Info.Type;

    public long Elements { get; } = Info.Shape.Elements;

    public bool IsNonNegative => Info.Min >= 0;
}

/// <summary>The steps of a run and the workspace they need.</summary>
/// <param name="NodeStarts">By node: its first step; and at the end the first step that belongs to the outputs.</param>
internal sealed record Plan(Step[] Steps, int[] NodeStarts, Tensor[] Inputs, Tensor[] Outputs, long WorkspaceBytes);
