namespace Aivm.Compiler.Inputs;

/// <summary>Samples read from a file, one a row. The values stay as the file wrote them, so that fixed-point integers are exact.</summary>
public sealed class SampleSet
{
    private readonly SampleValues _values;

    internal SampleSet(SampleValues values, int count, int[] shape)
    {
        _values = values;
        Count = count;
        Shape = shape;
        Width = Shapes.Count(shape);
    }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>Values in a sample.</summary>
    public int Width { get; }

    /// <summary>The shape of a sample: of one axis, unless an array file says more.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>A sample as real numbers; NaN where a value is missing.</summary>
    public double[] Reals(int row)
    {
        var reals = new double[Width];
        for (var column = 0; column < Width; column++)
        {
            if (!_values.TryReal(row * Width + column, out reals[column]))
                throw Bad(row, column, "is not a number");
        }
        return reals;
    }

    /// <summary>A sample as fixed-point integers, value x 10^decimals, rounded half to even.</summary>
    /// <param name="missing">Stands for a missing value; without it a missing value is an error.</param>
    public long[] Fixed(int row, int decimals, long? missing = null)
    {
        var integers = new long[Width];
        for (var column = 0; column < Width; column++)
        {
            var index = row * Width + column;
            if (_values.IsMissing(index))
                integers[column] = missing ?? throw Bad(row, column, "is missing, and this model takes no missing values");
            else if (!_values.TryFixed(index, decimals, out integers[column]))
                throw Bad(row, column, $"is not a number that fits 64 bits with {decimals} decimals");
        }
        return integers;
    }

    /// <summary>A sample as bytes, for models with u8 input: integers from 0 to 255.</summary>
    public long[] Bytes(int row)
    {
        var integers = Fixed(row, 0);
        for (var column = 0; column < Width; column++)
        {
            if (integers[column] is < 0 or > 255 || Reals(row, column) != integers[column])
                throw Bad(row, column, "is not an integer from 0 to 255, which this model's u8 input wants");
        }
        return integers;
    }

    private double Reals(int row, int column) => _values.TryReal(row * Width + column, out var real) ? real : double.NaN;

    private static Exception Bad(int row, int column, string what) =>
        Refusal.Input("input-value", $"Row {row + 1}, column {column + 1} of the input {what}.");
}

/// <summary>The values of a file in row order.</summary>
internal abstract class SampleValues
{
    public abstract bool IsMissing(int index);

    /// <summary>NaN where the value is missing.</summary>
    public abstract bool TryReal(int index, out double real);

    public abstract bool TryFixed(int index, int decimals, out long value);
}
