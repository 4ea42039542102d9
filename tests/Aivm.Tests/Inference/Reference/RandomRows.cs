using Aivm.Inference;

namespace Aivm.Tests.Inference.Reference;

/// <summary>Proposals of operators that arrange elements, multiply activations, choose, or work along rows.</summary>
internal sealed partial class RandomGraphs
{
    private GraphNode? NextOfRows(int source, ValueInfo x) => _random.Next(14) switch
    {
        0 => Concat(source, x),
        1 => Gather(source, x),
        2 => new ConstantNode { Value = Entries(Pick(ElementType.S8, ElementType.S16, ElementType.S32, ElementType.S64), x.Shape) },
        3 => Embedding(source, x),
        4 or 5 => MatMul(source, x),
        6 => new MultiplyNode { Left = source, Right = OfShape(x.Shape), Requantise = RequantiseOne() },
        7 => new CompareNode { Left = source, Right = OfShape(x.Shape, x.Type), Comparison = (Comparison)_random.Next(1, 4) },
        8 => Where(source, x),
        9 => new SumNode { Source = source, Multiplier = Coin() ? _random.Next(1, 3000) : 1, Requantise = RequantiseOne() },
        10 => new MaxNode { Source = source },
        11 or 12 => LayerNorm(source, x),
        _ => new NormaliseNode { Source = source, Norm = (Norm)_random.Next(1, 4), OutputExponent = _random.Next(1, 31) },
    };

    private ConcatNode? Concat(int source, ValueInfo x)
    {
        if (x.Shape.Rank == 0)
            return null;
        var axis = _random.Next(x.Shape.Rank);
        var others = Values(other => other.Type == x.Type && other.Shape.Rank == x.Shape.Rank && With(other.Shape, axis, 1) == With(x.Shape, axis, 1));
        return new() { Parts = [source, .. Many(_random.Next(1, 4), () => Pick(others))], Axis = axis };
    }

    /// <summary>Any indices, or a slice.</summary>
    private GatherNode? Gather(int source, ValueInfo x)
    {
        if (x.Shape.Rank == 0)
            return null;
        var axis = _random.Next(x.Shape.Rank);
        var (length, first) = (x.Shape[axis], _random.Next(x.Shape[axis]));
        int[] indices = Coin() ? [.. Enumerable.Range(first, _random.Next(1, length - first + 1))] : Many(_random.Next(1, 12), () => _random.Next(length));
        return new() { Source = source, Axis = axis, Indices = Constant.S32([indices.Length], indices) };
    }

    private EmbeddingNode? Embedding(int source, ValueInfo x)
    {
        if (x.Min < 0 || x.Max > 300)
            return null;
        Shape row = _random.Next(3) switch { 0 => [], 1 => [_random.Next(1, 20)], _ => [2, _random.Next(1, 4)] };
        Shape table = [(int)x.Max + 1 + _random.Next(3), .. row];
        return new() { Source = source, Table = Entries(Pick(ElementType.S8, ElementType.S16, ElementType.S32), table) };
    }

    /// <summary>With a value that fits, in either order.</summary>
    private MatMulNode? MatMul(int source, ValueInfo x)
    {
        if (x.Shape.Rank < 2)
            return null;
        var leading = x.Shape.Dimensions[..^2];
        var inner = x.Shape[^1];
        var transposes = Coin();
        var fitting = Values(other => other.Shape.Rank == x.Shape.Rank && other.Type is (ElementType.S8 or ElementType.S16)
            && other.Shape.Dimensions[..^2].SequenceEqual(leading) && other.Shape[transposes ? ^1 : ^2] == inner);
        return fitting.Length == 0 ? null : new() { Left = source, Right = Pick(fitting), TransposesRight = transposes, Requantise = RequantiseOne() };
    }

    private WhereNode? Where(int source, ValueInfo x)
    {
        var conditions = Values(other => other.Type == ElementType.S8 && other.Shape == x.Shape);
        return conditions.Length == 0 ? null : new() { Condition = Pick(conditions), Left = source, Right = OfShape(x.Shape, x.Type) };
    }

    private LayerNormNode LayerNorm(int source, ValueInfo x) => new()
    {
        Source = source,
        Centred = Coin(),
        Fraction = x.Type == ElementType.S32 ? 0 : _random.Next(0, 10),
        Epsilon = Coin() ? 1 : _random.NextInt64(1, 1L << 20),
        OutputExponent = _random.Next(1, 15),
    };

    /// <summary>Tokens to rows, attention with probabilities whose sums are known, a normalisation: as transformers have it.</summary>
    private void ProposeAttention()
    {
        var tokens = _inputs.Count - 1;
        var (count, width) = (((InputFormat.Index)_inputs[tokens].Format).Count, Pick(4, 8, 12, 17));
        Propose(new EmbeddingNode { Source = tokens, Table = Entries(Coin() ? ElementType.S8 : ElementType.S16, [count, width]) });
        var rows = Last;
        Propose(new LayerNormNode { Source = rows, Centred = true, Fraction = 4, Epsilon = 16, OutputExponent = 6 });
        if (!Propose(new RescaleNode { Source = Last, Factor = 1, Requantise = Requantise.To(ElementType.S8, _random.Next(0, 3)) }))
            return;
        var queries = Last;
        if (!Propose(new MatMulNode { Left = queries, Right = queries, TransposesRight = true, Requantise = Requantise.To(ElementType.S16, _random.Next(0, 4)) })
            || !Propose(new SoftmaxNode { Source = Last, Shift = _random.Next(4, 9), Entries = Exponentials(), OutputExponent = _random.Next(6, 15) }))
            return;
        Propose(new MatMulNode { Left = Last, Right = Coin() ? queries : rows, Requantise = Requantise.To(ElementType.S16, _random.Next(0, 14)) });
    }

    private int Last => _inputs.Count + _nodes.Count - 1;

    private int OfShape(Shape shape, ElementType? type = null) => Pick(Values(x => x.Shape == shape && (type is null || x.Type == type)));

    private int[] Values(Func<ValueInfo, bool> fits) => [.. Enumerable.Range(0, _analysis.Values.Length).Where(value => fits(_analysis.Values[value]))];

    private static Shape With(Shape shape, int axis, int dimension) => new(shape.Dimensions.SetItem(axis, dimension));
}
