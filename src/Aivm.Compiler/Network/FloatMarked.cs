namespace Aivm.Compiler.Network;

/// <summary>
/// Where a file goes over to quantised integers, or back to real numbers. The real numbers pass unchanged: scales of the compiled
/// model are its own. The import uses marks to see what integers mean, and the normaliser takes them out.
/// </summary>
/// <param name="scheme">What the file's integers mean; null where numbers are real again.</param>
internal sealed class FloatMarked(string name, string operation, FloatNode source, FileQuantisation? scheme)
    : FloatNode(name, operation, source.Shape, source)
{
    public FileQuantisation? Scheme { get; } = scheme;

    /// <summary>What the integers of a node's result mean, through what only moves elements about; null where it is of real numbers.</summary>
    public static FileQuantisation? SchemeOf(FloatNode node)
    {
        while (node is FloatReshape or FloatTranspose or FloatGather or FloatConcat or FloatMaxPool)
            node = node.Source;
        return (node as FloatMarked)?.Scheme;
    }
}

/// <summary>A file's integer q stands for (q - ZeroPoint) * Scale; q runs from Least to Greatest.</summary>
internal sealed record FileQuantisation(double Scale, double ZeroPoint, double Least, double Greatest)
{
    public double Low => (Least - ZeroPoint) * Scale;

    public double High => (Greatest - ZeroPoint) * Scale;
}
