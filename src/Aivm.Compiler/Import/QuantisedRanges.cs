using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>What range a value cannot leave, as far as the operators in front of it tell.</summary>
internal static class QuantisedRanges
{
    public static (double Low, double High)? Of(FloatNode node)
    {
        while (node is FloatReshape or FloatTranspose or FloatGather or FloatMaxPool or FloatMarked or FloatAveragePool { ExcludesPadding: true })
            node = node.Source;
        return node switch
        {
            FloatSoftmax => (0, 1),
            FloatUnary unary => Of(unary.Function),
            _ => null,
        };
    }

    private static (double Low, double High)? Of(UnaryFunction function) => function switch
    {
        UnaryFunction.Clamp(var low, var high) => (low, high),
        UnaryFunction.Chain { Outer: UnaryFunction.Clamp(var low, var high) } => (low, high),
        UnaryFunction.Sigmoid or UnaryFunction.HardSigmoid => (0, 1),
        UnaryFunction.Tanh or UnaryFunction.Erf => (-1, 1),
        _ => null,
    };
}
