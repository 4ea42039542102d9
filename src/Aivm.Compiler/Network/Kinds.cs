namespace Aivm.Compiler.Network;

/// <summary>What a value's elements stand for, as far as it is known: integers that were cast to real numbers still count as integers.</summary>
internal static class Kinds
{
    /// <summary>Steps that are followed back; beyond them a value counts as real.</summary>
    private const int MaxSteps = 64;

    public static ElementKind Of(FloatNode node)
    {
        for (var steps = 0; steps < MaxSteps; steps++)
        {
            switch (node)
            {
                case FloatInput input:
                    return input.Kind;
                case FloatConstant constant:
                    return constant.Value.Type;
                case FloatArgMax:
                    return ElementKind.Integer;
                case FloatCompare or FloatThreshold:
                    return ElementKind.Boolean;
                case FloatReshape or FloatTranspose or FloatGather or FloatConcat or FloatPad or FloatReduce or FloatSum or FloatProduct or FloatMaxPool:
                    node = node.Source;
                    break;
                case FloatWhere:
                    node = node.Inputs[1];
                    break;
                default:
                    return ElementKind.Real;
            }
        }
        return ElementKind.Real;
    }
}
