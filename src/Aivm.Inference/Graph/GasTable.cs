namespace Aivm.Inference;

/// <summary>
/// Prices in thousandths of a gas; 1 gas = 1 ns of a reference core. Every number of the gas schedule stands here and in docs/spec/aivm-q.md.
/// They follow from the benchmark <c>gas</c> (docs/benchmarks/gas.md): no operator takes more than three times its price at any shape.
/// </summary>
internal static class GasTable
{
    /// <summary>A run: reading the input, taking a workspace, writing the output.</summary>
    public const long Run = 1_000_000;

    /// <summary>Any node.</summary>
    public const long Node = 150_000;

    /// <summary>An element of an input or an output.</summary>
    public const long Port = 2_000;

    /// <summary>An element of three dimensions brought into another layout.</summary>
    public const long Layout = 500;

    /// <summary>And each of its bytes.</summary>
    public const long LayoutByte = 300;

    /// <summary>A multiply-accumulate of a convolution, a dense layer or a product of matrices: 25 a gas.</summary>
    public const long Mac = 40;

    /// <summary>A weight of a convolution or dense layer, brought in once a run.</summary>
    public const long Weight = 80;

    /// <summary>A position of a convolution or pool, a row of a product: for each sixteen channels or columns of the result.</summary>
    public const long Position = 20_000;

    /// <summary>A multiply-accumulate of a depthwise convolution.</summary>
    public const long DepthwiseMac = 60;

    /// <summary>A multiply-accumulate where groups are too small for vectors.</summary>
    public const long NarrowMac = 1_000;

    /// <summary>A weight of such a group, and an output channel.</summary>
    public const long NarrowTap = 15_000;

    /// <summary>A weight of such a group at a row of the result.</summary>
    public const long NarrowLine = 8_000;

    /// <summary>An element of a linear layer's source, brought into the kernel's form with its padding.</summary>
    public const long Gather = 500;

    /// <summary>An element requantised with a clamp, or as little work.</summary>
    public const long Clamp = 500;

    /// <summary>An element looked up in a table.</summary>
    public const long Lookup = 2_000;

    /// <summary>An element moved by itself to another place.</summary>
    public const long Move = 2_000;

    /// <summary>A run of neighbours copied at once.</summary>
    public const long Copy = 4_000;

    /// <summary>A byte read or written in order.</summary>
    public const long Byte = 150;

    /// <summary>A position of a pool's window at one place of the result, over all channels.</summary>
    public const long PoolTap = 30_000;

    /// <summary>An element of a pool's window, or of a row that is reduced.</summary>
    public const long Pool = 300;

    /// <summary>An element scaled in 64 bits.</summary>
    public const long Scale = 5_000;

    /// <summary>An element scaled in 128 bits.</summary>
    public const long Wide = 27_000;

    /// <summary>A multiply-accumulate in 64 bits.</summary>
    public const long WideMac = 1_000;

    /// <summary>An interpolation.</summary>
    public const long Interpolation = 7_000;

    /// <summary>A quotient of a row that has one divisor.</summary>
    public const long Division = 2_000;

    /// <summary>A row that is reduced or normalised.</summary>
    public const long Row = 10_000;

    /// <summary>A row whose root is taken.</summary>
    public const long Root = 40_000;

    /// <summary>A comparison that nothing predicts: a step of a binary search or of a tree's path.</summary>
    public const long Branch = 5_000;

    /// <summary>A step of a path where the trees are too large for the nearer caches.</summary>
    public const long FarBranch = 30_000;

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
