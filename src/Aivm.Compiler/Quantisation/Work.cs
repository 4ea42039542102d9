using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>How much arithmetic a node takes: multiply-accumulates of a layer, elements touched by anything else.</summary>
internal static class Work
{
    /// <summary>Most multiply-accumulates of a model that is compiled.</summary>
    public const long MaxPerRun = 1L << 33;

    /// <summary>Most elements that one run holds at once: a compilation keeps each in real arithmetic and in integers, a gigabyte in all.</summary>
    public const long MaxHeld = 1L << 26;

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

    /// <summary>Elements held at once, at their most: inputs throughout, any other value until its last reader is done.</summary>
    public static long Held(FloatGraph graph)
    {
        var open = graph.Uses();
        var held = graph.Inputs.Sum(input => (long)input.Count);
        var most = held;
        foreach (var node in graph.Order().Where(node => node is not FloatInput))
        {
            held += node.Count;
            most = Math.Max(most, held);
            foreach (var source in node.Inputs)
            {
                if (--open[source] == 0 && source is not FloatInput)
                    held -= source.Count;
            }
        }
        return most;
    }
}
