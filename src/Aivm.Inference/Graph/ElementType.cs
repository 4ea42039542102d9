namespace Aivm.Inference;

/// <summary>What a tensor's elements are. The values are the container's codes.</summary>
public enum ElementType : byte
{
    /// <summary>Symmetric 8-bit: [-127, 127].</summary>
    S8 = 1,
    /// <summary>Symmetric 16-bit: [-32767, 32767].</summary>
    S16 = 2,
    /// <summary>Accumulators and what is read from them; ranges are proved by <see cref="GraphAnalysis"/>.</summary>
    S32 = 3,
    /// <summary>Raw inputs, scores of linear models and trees.</summary>
    S64 = 4,
    /// <summary>A feature's rank among a tree ensemble's thresholds: 16 bits unsigned, 65535 = missing.</summary>
    Rank = 5,
}

/// <summary>Sizes and limits of element types.</summary>
public static class ElementTypes
{
    /// <summary>The rank of a missing feature.</summary>
    public const ushort MissingRank = ushort.MaxValue;

    /// <summary>The int64 input value that means "missing", where an input allows it.</summary>
    public const long MissingInput = long.MinValue;

    public static bool IsDefined(ElementType type) => type is >= ElementType.S8 and <= ElementType.Rank;

    /// <summary>Bytes of one element, in memory and in the container.</summary>
    public static int SizeOf(ElementType type) => type switch
    {
        ElementType.S8 => 1,
        ElementType.S16 or ElementType.Rank => 2,
        ElementType.S32 => 4,
        _ => 8,
    };

    /// <summary>The lowest legal element; of S64 it leaves out the number that means "missing".</summary>
    public static long MinOf(ElementType type) => type switch
    {
        ElementType.S8 => -127,
        ElementType.S16 => -32767,
        ElementType.S32 => int.MinValue,
        ElementType.S64 => -long.MaxValue,
        _ => 0,
    };

    /// <summary>The highest legal element.</summary>
    public static long MaxOf(ElementType type) => type switch
    {
        ElementType.S8 => 127,
        ElementType.S16 => 32767,
        ElementType.S32 => int.MaxValue,
        ElementType.S64 => long.MaxValue,
        _ => ushort.MaxValue,
    };
}
