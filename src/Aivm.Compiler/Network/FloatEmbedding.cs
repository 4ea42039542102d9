namespace Aivm.Compiler.Network;

/// <summary>Rows of a constant table [n, ...] by number: the shape of the numbers, then that of a row.</summary>
internal sealed class FloatEmbedding(string name, string operation, int[] shape, FloatNode numbers, Tensor table)
    : FloatNode(name, operation, shape, numbers)
{
    public Tensor Table { get; } = table;

    public int Rows => Table.Shape[0];

    /// <summary>The rows, one after another. The numbers lie within 0 and <see cref="Rows"/> - 1.</summary>
    public double[] Look(double[] numbers)
    {
        var width = Table.Count / Rows;
        var result = new double[numbers.Length * width];
        for (var i = 0; i < numbers.Length; i++)
            Table.Values.AsSpan((int)numbers[i] * width, width).CopyTo(result.AsSpan(i * width));
        return result;
    }
}
