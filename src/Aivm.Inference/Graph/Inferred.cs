using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>What is known of a value before a run: its type, shape and an interval that holds every element.</summary>
/// <param name="MayBeMissing">An input element may be <see cref="ElementTypes.MissingInput"/>.</param>
/// <param name="RowSum">No sum of magnitudes along the last axis is larger: a softmax's probabilities add up to one.</param>
public readonly record struct ValueInfo(
    ElementType Type, Shape Shape, long Min, long Max, bool MayBeMissing = false, long RowSum = ValueInfo.NoRowSum)
{
    /// <summary>Nothing is known of rows as a whole.</summary>
    public const long NoRowSum = long.MaxValue;

    /// <summary>The largest magnitude, saturated at <see cref="long.MaxValue"/>.</summary>
    public long Magnitude => Math.Max(Magnitudes.Of(Min), Magnitudes.Of(Max));

    internal bool IsActivation => Type is ElementType.S8 or ElementType.S16;

    internal bool IsNarrow => Type is ElementType.S8 or ElementType.S16 or ElementType.S32;

    internal bool IsInteger => Type is not ElementType.Rank;
}

internal static class Magnitudes
{
    public static long Of(long value) => value == long.MinValue ? long.MaxValue : Math.Abs(value);
}

/// <summary>What a node says of its result: a value, or the rule that the node breaks.</summary>
internal readonly struct Inferred
{
    private Inferred(ValueInfo value, Error? fault) => (Value, Fault) = (value, fault);

    public ValueInfo Value { get; }

    public Error? Fault { get; }

    public static implicit operator Inferred(ValueInfo value) => new(value, null);

    public static implicit operator Inferred(Error fault) => new(default, fault);

    public static Error Type(string message) => new("graph-type", message);

    public static Error Shape(string message) => new("graph-shape", message);

    public static Error Field(string message) => new("graph-field", message);

    public static Error Bound(string message) => new("graph-bound", message);
}
