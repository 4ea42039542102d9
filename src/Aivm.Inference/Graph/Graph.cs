using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// An AIVM-Q model: inputs, then nodes in order of execution, then outputs. Values are numbered: the inputs first, then one
/// value per node (node i yields value <c>Inputs.Length + i</c>); a node reads lower numbers only. Nothing here is checked:
/// <see cref="GraphAnalysis"/> says whether a graph is a model.
/// </summary>
public sealed class Graph
{
    public required ImmutableArray<GraphInput> Inputs { get; init; }

    public required ImmutableArray<GraphNode> Nodes { get; init; }

    public required ImmutableArray<GraphOutput> Outputs { get; init; }

    public int ValueCount => Inputs.Length + Nodes.Length;
}

/// <summary>What a caller passes: <see cref="ElementType.S64"/> values of a shape, row-major.</summary>
/// <param name="Name">1 to 128 bytes of UTF-8 without control characters.</param>
public sealed record GraphInput(string Name, Shape Shape, InputFormat Format);

/// <summary>How a caller's number becomes an int64, and how <c>inferPacked</c> packs it.</summary>
public abstract record InputFormat
{
    private InputFormat()
    {
    }

    /// <summary>The int64 n means n / 10^Decimals (0 to 18); packed as 8 bytes little-endian.</summary>
    /// <param name="AllowsMissing">Whether <see cref="ElementTypes.MissingInput"/> means "missing" (only <see cref="RankNode"/> may read it); it is refused otherwise.</param>
    public sealed record Fixed(int Decimals, bool AllowsMissing = false) : InputFormat;

    /// <summary>0 to 255; packed as one byte.</summary>
    public sealed record U8 : InputFormat;

    /// <summary>0 to Count - 1, Count at least 1: a token's number, a category; packed as 8 bytes little-endian.</summary>
    public sealed record Index(int Count) : InputFormat;
}

public enum OutputKind : byte
{
    /// <summary>Indices of classes; the names, when there are any, are <see cref="GraphOutput.ClassNames"/>.</summary>
    Label = 1,
    /// <summary>Integers n that mean n / 2^<see cref="GraphOutput.Exponent"/>.</summary>
    Values = 2,
}

/// <summary>A value that a run returns, as int64.</summary>
public sealed record GraphOutput
{
    /// <summary>1 to 128 bytes of UTF-8 without control characters, unique among the outputs.</summary>
    public required string Name { get; init; }

    /// <summary>The number of the value.</summary>
    public required int Source { get; init; }

    public required OutputKind Kind { get; init; }

    /// <summary>The integer n means n / 2^Exponent; -64 to 64, and 0 for labels.</summary>
    public int Exponent { get; init; }

    /// <summary>Names of the classes, in order of index; empty when unknown.</summary>
    public ImmutableArray<string> ClassNames { get; init; } = [];
}
