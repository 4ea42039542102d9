using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>How much arithmetic a node takes: multiply-accumulates of a layer, elements touched by anything else.</summary>
internal static class Work
{
    /// <summary>Most multiply-accumulates of a model that is compiled.</summary>
    public const long MaxPerRun = 1L << 33;

    public static long Of(FloatNode node) => node switch
    {
        FloatLinear linear => Macs(linear),
        FloatMatMul product => (long)product.Count * product.Depth,
        FloatMaxPool pool => (long)pool.Count * pool.Window.Kernel.Height * pool.Window.Kernel.Width,
        FloatAveragePool pool => (long)pool.Count * pool.Window.Kernel.Height * pool.Window.Kernel.Width,
        _ => node.Count,
    };

    /// <summary>Every output element of a layer takes as many multiplications as its channel has weights.</summary>
    public static long Macs(FloatLinear linear) => (long)linear.Count * linear.FanIn;
}
