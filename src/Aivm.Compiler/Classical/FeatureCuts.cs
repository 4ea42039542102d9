using Aivm.Compiler.Network;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;

namespace Aivm.Compiler.Classical;

/// <summary>Conditions on features as comparisons of the caller's integers, whatever arithmetic lies between the two.</summary>
internal sealed class FeatureCuts
{
    /// <summary>No integer lies below it.</summary>
    public const long Lowest = long.MinValue + 1;

    private readonly FloatNode _reader;
    private readonly CutOff _cutOff;

    public FeatureCuts(FloatNode reader, IEnumerable<FeaturePath> paths, InputPort port)
    {
        _reader = reader;
        _cutOff = new CutOff(port.Divisor, port.Scale);
        if (port.Scale <= 0)
            throw Refusal.Operator(reader, "its inputs are scaled by a number that is not positive");
        if (ElementTypes.MaxOf(ElementType.S64) / port.Divisor * port.Scale > float.MaxValue / 2)
            throw Refusal.Operator(reader, $"its inputs, scaled by {port.Scale}, overflow float32");
        if (paths.Any(path => path.Overflows))
            throw Refusal.Operator(reader, "its inputs overflow on the way to it");
    }

    /// <summary>Where a condition flips that changes at most once as the feature grows: it is <c>Below</c> for all integers below the cut, and not for all others.</summary>
    public (long Cut, bool Below) Find(FeaturePath path, Func<double, bool> condition)
    {
        var atLowest = path.HoldsAtLowest(condition);
        if (path.FindChange(condition) is not { } first)
            return (Lowest, !atLowest);
        var cut = _cutOff.Find(first, path.Input.IsDouble)
            ?? throw Refusal.Operator(_reader, $"its threshold, {first} of the input, is beyond 64-bit inputs with so many decimals: compile with fewer");
        return (cut, atLowest);
    }
}
