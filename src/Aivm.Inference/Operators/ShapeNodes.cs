using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>The same elements in the same order under another shape.</summary>
public sealed class ReshapeNode : GraphNode
{
    public required int Source { get; init; }

    public required Shape Shape { get; init; }

    public override Operator Operator => Operator.Reshape;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];
}

/// <summary>Axis i of the result is axis <c>Permutation[i]</c> of the source, as in ONNX.</summary>
public sealed class TransposeNode : GraphNode
{
    public required int Source { get; init; }

    public required ImmutableArray<int> Permutation { get; init; }

    public override Operator Operator => Operator.Transpose;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [];
}
