using Aivm.Compiler.Network;

namespace Aivm.Compiler.Quantisation;

/// <summary>How much arithmetic a node takes: multiply-accumulates of a layer, elements touched by anything else.</summary>
internal static class Work
{
    /// <summary>Most multiply-accumulates of a model that is compiled.</summary>
    public const long MaxPerRun = 1L << 33;

    /// <summary>
    /// Most elements that one run holds at once, two and a half values of the largest size: a compilation keeps each in real arithmetic
    /// and in integers, 640 MiB in all, and takes about half as much in passing.
    /// </summary>
    public const long MaxHeld = 5L << 23;

    /// <summary>In the time of multiply-accumulates: an element that is looked at, and a function by its series; the error function's has up to a hundred terms.</summary>
    private const int Element = 8;
    private const int Series = 64;
    private const int LongSeries = 256;

    /// <summary>In a run of the integer model, where a curve is a table.</summary>
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

    /// <summary>To compute one sample in real arithmetic: curves are evaluated, and a number that is left of a row takes the whole row.</summary>
    public static long OfSample(FloatNode node)
    {
        // A choice alone leaves its source as it is.
        var read = node is FloatGather ? 0 : node.Inputs.Select(input => (long)input.Count).DefaultIfEmpty(0).Max();
        var curve = node switch
        {
            FloatUnary unary => Of(unary.Function),
            FloatActivated { Activation: { } activation } => Of(activation),
            FloatSoftmax => Series,
            _ => 0,
        };
        return Of(node) + Element * Math.Max(node.Count, read) + curve * node.Count;
    }

    private static long Of(UnaryFunction function) => function switch
    {
        UnaryFunction.Clamp or UnaryFunction.LeakyRelu or UnaryFunction.HardSigmoid or UnaryFunction.HardSwish or UnaryFunction.Abs => Element,
        UnaryFunction.Softsign or UnaryFunction.Power or UnaryFunction.Reciprocal or UnaryFunction.Line => Element,
        UnaryFunction.Chain(var outer, var inner) => Of(outer) + Of(inner),
        UnaryFunction.Join(var left, var right, _) => Of(left) + Of(right),
        UnaryFunction.Erf or UnaryFunction.Gelu => LongSeries,
        _ => Series,
    };

    /// <summary>Elements held at once, at their most: inputs throughout, any other value until its last reader is done.</summary>
    public static long Held(FloatGraph graph)
    {
        var open = graph.Uses();
        var held = graph.Inputs.Sum(input => (long)input.Count);
        var most = held;
        foreach (var node in graph.Order().Where(node => node is not FloatInput))
        {
            held += node.Count;
            // Another shape is of the same numbers.
            if (node is not FloatReshape)
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
