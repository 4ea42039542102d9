namespace Aivm.Inference;

/// <summary>
/// Prices in thousandths of a gas; 1 gas = 1 ns of a reference core. Every number of the gas schedule stands here and in docs/spec/aivm-q.md.
/// </summary>
internal static class GasTable
{
    /// <summary>A run: reading the input, taking a workspace, writing the output.</summary>
    public const long Run = 1_000_000;

    /// <summary>Any node.</summary>
    public const long Node = 150_000;

    /// <summary>An element of an input or an output.</summary>
    public const long Port = 2_000;

    /// <summary>A multiply-accumulate of a convolution or a dense layer: 25 a gas.</summary>
    public const long Mac = 40;

    /// <summary>A weight of a convolution or dense layer, brought in once a run.</summary>
    public const long Weight = 80;

    /// <summary>A multiply-accumulate of a depthwise convolution.</summary>
    public const long DepthwiseMac = 60;

    /// <summary>A multiply-accumulate where groups are too small for vectors.</summary>
    public const long NarrowMac = 1_000;

    /// <summary>An element of a linear layer's or pool's source, brought to the kernel's layout with its padding.</summary>
    public const long Gather = 1_000;

    /// <summary>An element requantised with a clamp.</summary>
    public const long Clamp = 1_000;

    /// <summary>An element looked up in a table.</summary>
    public const long Lookup = 2_000;

    /// <summary>An element moved to another place.</summary>
    public const long Move = 2_000;

    /// <summary>A position of a pool's window at one place of the result, over all channels.</summary>
    public const long PoolTap = 15_000;

    /// <summary>An element of a pool's window.</summary>
    public const long Pool = 300;

    /// <summary>An element scaled in 128 bits.</summary>
    public const long Wide = 15_000;

    /// <summary>A multiply-accumulate in 64 bits.</summary>
    public const long WideMac = 2_000;

    /// <summary>An interpolation.</summary>
    public const long Interpolation = 10_000;

    /// <summary>A division of 64 bits.</summary>
    public const long Division = 15_000;

    /// <summary>A comparison that nothing predicts: a step of a binary search or of a tree's path.</summary>
    public const long Branch = 5_000;

    /// <summary>A byte of container decoded and validated when a model is loaded; its hash is known.</summary>
    public const long LoadByte = 1_000;

    /// <summary>A byte of prepared weights.</summary>
    public const long PrepareByte = 500;

    /// <summary>A node decoded, analysed and planned.</summary>
    public const long LoadNode = 4_000_000;

    /// <summary>A constant decoded.</summary>
    public const long LoadConstant = 150_000;

    /// <summary>A channel, row or tree that is bounded and prepared by itself.</summary>
    public const long LoadChannel = 60_000;

    /// <summary>The name of a class.</summary>
    public const long LoadName = 80_000;

    /// <summary>Loading, besides all that is counted.</summary>
    public const long Load = 20_000_000;

    /// <summary>Thousandths to gas, rounded up.</summary>
    public static Int128 ToGas(Int128 thousandths) => (thousandths + 999) / 1000;
}
