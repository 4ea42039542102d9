using Aivm.Inference;

namespace Aivm.Tests.Inference.Reference;

/// <summary>Operators that arrange elements, multiply matrices, or work along rows.</summary>
internal sealed partial class ReferenceInterpreter
{
    /// <summary>Each element of the result by its index: the parts before it along the axis are passed over.</summary>
    private long[] Concat(ConcatNode n, int[] shape) => FromIndices(shape, index =>
    {
        var at = index[n.Axis];
        foreach (var part in n.Parts)
        {
            var partShape = ShapeOf(part);
            if (at < partShape[n.Axis])
                return _values[part][Position(partShape, With(index, n.Axis, at))];
            at -= partShape[n.Axis];
        }
        throw new InvalidOperationException();
    });

    private long[] Gather(GatherNode n, int[] shape)
    {
        var from = ShapeOf(n.Source);
        return FromIndices(shape, index => _values[n.Source][Position(from, With(index, n.Axis, (int)n.Indices[index[n.Axis]]))]);
    }

    private long[] Embedding(EmbeddingNode n)
    {
        var row = n.Table.Count / n.Table.Shape[0];
        return [.. _values[n.Source].SelectMany(number => Enumerable.Range(0, row).Select(i => n.Table[(int)((number * row) + i)]))];
    }

    private long[] MatMul(MatMulNode n, int[] shape)
    {
        var (left, right) = (ShapeOf(n.Left), ShapeOf(n.Right));
        return FromIndices(shape, index =>
        {
            var acc = Int128.Zero;
            for (var k = 0; k < left[^1]; k++)
            {
                var a = With(index, index.Length - 1, k);
                int[] b = n.TransposesRight ? [.. index[..^2], index[^1], k] : [.. index[..^2], k, index[^1]];
                acc += (Int128)_values[n.Left][Position(left, a)] * _values[n.Right][Position(right, b)];
            }
            return Requantised(n.Requantise, 0, acc);
        });
    }

    private static long Compare(Comparison comparison, long left, long right) => comparison switch
    {
        Comparison.Less => left < right ? 1 : 0,
        Comparison.LessOrEqual => left <= right ? 1 : 0,
        Comparison.Equal => left == right ? 1 : 0,
        _ => throw new InvalidOperationException(),
    };

    private long[] Where(WhereNode n) =>
        [.. _values[n.Condition].Select((condition, i) => condition != 0 ? _values[n.Left][i] : _values[n.Right][i])];

    private long[] LayerNorm(LayerNormNode n) => [.. Rows(n.Source).SelectMany(row =>
    {
        var length = row.Length;
        var scaled = row.Select(x => (Int128)x << n.Fraction).ToArray();
        var mean = n.Centred ? Quotient(Sum(scaled), length) : 0;
        var centred = scaled.Select(x => x - mean).ToArray();
        var squares = Sum(centred.Select(d => d * d));
        Assert.True(squares < Int128.One << 62);
        var deviation = SquareRoot(Quotient(squares, length) + n.Epsilon);
        return centred.Select(d => (long)Int128.Clamp(Quotient(d << n.OutputExponent, deviation), -32767, 32767));
    })];

    private long[] Normalise(NormaliseNode n) => [.. Rows(n.Source).SelectMany(row =>
    {
        var norm = n.Norm switch
        {
            Norm.Max => row.Max(),
            Norm.L1 => Sum(row.Select(x => Int128.Abs(x))),
            Norm.L2 => SquareRoot(Sum(row.Select(x => (Int128)x * x))),
            _ => throw new InvalidOperationException(),
        };
        var sign = norm < 0 ? -1 : 1;
        return row.Select(x => norm == 0 ? 0 : (long)Int128.Clamp(Quotient((sign * (Int128)x) << n.OutputExponent, sign * norm), -int.MaxValue, int.MaxValue));
    })];

    private IEnumerable<long[]> Rows(int value) => _values[value].Chunk(LastOf(value));

    private int LastOf(int value) => ShapeOf(value) is { Length: > 0 } shape ? shape[^1] : 1;

    private static Int128 Sum(IEnumerable<Int128> terms) => terms.Aggregate(Int128.Zero, (sum, term) => sum + term);

    /// <summary>floor((a + floor(b / 2)) / b), b positive.</summary>
    private static Int128 Quotient(Int128 a, Int128 b)
    {
        var dividend = a + (b / 2);
        return dividend >= 0 ? dividend / b : -((-dividend + b - 1) / b);
    }

    /// <summary>By halving the interval it lies in.</summary>
    private static Int128 SquareRoot(Int128 x)
    {
        var (low, high) = (Int128.Zero, Int128.One << 62);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = middle * middle <= x ? (middle, high) : (low, middle);
        }
        return low;
    }

    private static long[] FromIndices(int[] shape, Func<int[], long> element)
    {
        var result = new long[shape.Aggregate(1, (a, b) => a * b)];
        for (var i = 0; i < result.Length; i++)
        {
            var (rest, index) = (i, new int[shape.Length]);
            for (var axis = shape.Length - 1; axis >= 0; axis--)
                (index[axis], rest) = (rest % shape[axis], rest / shape[axis]);
            result[i] = element(index);
        }
        return result;
    }

    private static int Position(int[] shape, int[] index) => shape.Zip(index).Aggregate(0, (position, axis) => (position * axis.First) + axis.Second);

    private static int[] With(int[] index, int axis, int value)
    {
        var copy = (int[])index.Clone();
        copy[axis] = value;
        return copy;
    }
}
