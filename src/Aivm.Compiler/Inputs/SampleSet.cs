using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Compiler.Inputs;

/// <summary>Samples read from a file, one a row. The values stay as the file wrote them, so that fixed-point integers are exact.</summary>
public sealed class SampleSet
{
    private readonly SampleValues _values;
    private readonly IReadOnlyDictionary<string, Lazy<SampleSet>> _arrays;
    private readonly int _stride;
    private readonly int _start;

    internal SampleSet(SampleValues values, int count, int[] shape)
        : this(values, count, shape, Shapes.Count(shape), 0, ImmutableDictionary<string, Lazy<SampleSet>>.Empty)
    {
    }

    private SampleSet(SampleValues values, int count, int[] shape, int stride, int start, IReadOnlyDictionary<string, Lazy<SampleSet>> arrays)
    {
        (_values, _arrays, _stride, _start) = (values, arrays, stride, start);
        Count = count;
        Shape = shape;
        Width = Shapes.Count(shape);
    }

    /// <param name="whole">The array that holds the values of all inputs; null where each array is an input.</param>
    internal static SampleSet OfArchive(SampleSet? whole, IReadOnlyDictionary<string, Lazy<SampleSet>> arrays)
    {
        if (whole is not null)
            return new SampleSet(whole._values, whole.Count, [.. whole.Shape], whole._stride, 0, arrays);
        var first = arrays.Values.First().Value;
        return new SampleSet(first._values, first.Count, [0], 0, 0, arrays);
    }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>Values in a sample; 0 for an archive with an array for each input.</summary>
    public int Width { get; }

    /// <summary>The shape of a sample: of one axis, unless an array file says more.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>
    /// The values of each of a model's inputs: the arrays of their names where the file has them all, else one input's values after
    /// the other's along each row.
    /// </summary>
    /// <param name="inputs">Names, and how many values a sample has for each.</param>
    /// <param name="fault">What does not fit.</param>
    public bool TrySplit(IReadOnlyList<(string Name, int Width)> inputs, out IReadOnlyList<SampleSet> parts, out string fault)
    {
        parts = [];
        if (inputs.All(input => _arrays.ContainsKey(input.Name)))
        {
            parts = [.. inputs.Select(input => _arrays[input.Name].Value)];
            fault = Misfit(inputs, parts);
            return fault.Length == 0;
        }
        fault = Width == 0
            ? $"the arrays are called {Quoted(_arrays.Keys)}, the model's inputs {Quoted(inputs.Select(input => input.Name))}"
            : $"a sample has {Width} values, the model's inputs want {string.Join(" + ", inputs.Select(input => $"{input.Width} ('{input.Name}')"))}";
        if (Width == 0 || Width != inputs.Sum(input => (long)input.Width))
            return false;
        var columns = new List<SampleSet>();
        foreach (var (_, width) in inputs)
            columns.Add(Columns(columns.Sum(part => part.Width), width));
        parts = columns;
        return true;
    }

    /// <summary>A sample as the integers of an input of that format.</summary>
    public long[] Integers(int row, InputFormat format) => format switch
    {
        InputFormat.Fixed(var decimals, var allowsMissing) => Fixed(row, decimals, allowsMissing ? ElementTypes.MissingInput : null),
        InputFormat.Index(var count) => Whole(row, 0, count - 1, $"is not an integer from 0 to {count - 1}, which this model's input wants"),
        _ => Bytes(row),
    };

    /// <summary>A sample as real numbers; NaN where a value is missing.</summary>
    public double[] Reals(int row)
    {
        var reals = new double[Width];
        for (var column = 0; column < Width; column++)
        {
            if (!_values.TryReal(Index(row, column), out reals[column]))
                throw Bad(row, column, "is not a number");
        }
        return reals;
    }

    /// <summary>A sample as numbers of single precision; NaN where a value is missing.</summary>
    public float[] Singles(int row)
    {
        var singles = new float[Width];
        for (var column = 0; column < Width; column++)
        {
            var isNumber = _values.TryReal(Index(row, column), out var real);
            singles[column] = (float)real;
            if (!isNumber || float.IsInfinity(singles[column]))
                throw Bad(row, column, "is not a number that float32 holds");
        }
        return singles;
    }

    /// <summary>A sample as fixed-point integers, value x 10^decimals, rounded half to even.</summary>
    /// <param name="missing">Stands for a missing value; without it a missing value is an error.</param>
    public long[] Fixed(int row, int decimals, long? missing = null)
    {
        var integers = new long[Width];
        for (var column = 0; column < Width; column++)
        {
            var index = Index(row, column);
            if (_values.IsMissing(index))
                integers[column] = missing ?? throw Bad(row, column, "is missing, and this model takes no missing values");
            else if (!_values.TryFixed(index, decimals, out integers[column]))
                throw Bad(row, column, $"is not a number that fits 64 bits with {decimals} decimals");
        }
        return integers;
    }

    /// <summary>A sample as bytes, for models with u8 input: integers from 0 to 255.</summary>
    public long[] Bytes(int row) => Whole(row, 0, 255, "is not an integer from 0 to 255, which this model's u8 input wants");

    /// <summary>A sample as integers of 64 bits.</summary>
    public long[] Integers(int row) => Whole(row, long.MinValue, long.MaxValue, "is not an integer of 64 bits, which this model's input wants");

    private long[] Whole(int row, long lowest, long highest, string otherwise)
    {
        var integers = Fixed(row, 0);
        for (var column = 0; column < Width; column++)
        {
            if (integers[column] < lowest || integers[column] > highest || !_values.TryReal(Index(row, column), out var real) || real != integers[column])
                throw Bad(row, column, otherwise);
        }
        return integers;
    }

    private SampleSet Columns(int start, int width) => new(_values, Count, width == Width ? [.. Shape] : [width], _stride, _start + start, _arrays);

    private string Misfit(IReadOnlyList<(string Name, int Width)> inputs, IReadOnlyList<SampleSet> arrays)
    {
        for (var i = 0; i < arrays.Count; i++)
        {
            if (arrays[i].Count != Count)
                return $"the array '{inputs[i].Name}' has {arrays[i].Count} samples, another one {Count}";
            if (arrays[i].Width != inputs[i].Width)
                return $"a sample of the array '{inputs[i].Name}' has {arrays[i].Width} values, the model's input wants {inputs[i].Width}";
        }
        return "";
    }

    private int Index(int row, int column) => row * _stride + _start + column;

    private Exception Bad(int row, int column, string what) =>
        Refusal.Input("input-value", $"Row {row + 1}, column {_start + column + 1} of the input {what}.");

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}

/// <summary>The values of a file in row order.</summary>
internal abstract class SampleValues
{
    public abstract bool IsMissing(int index);

    /// <summary>NaN where the value is missing.</summary>
    public abstract bool TryReal(int index, out double real);

    public abstract bool TryFixed(int index, int decimals, out long value);
}
