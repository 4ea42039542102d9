using Aivm.Compiler.Onnx;

namespace Aivm.Compiler;

/// <summary>What the elements of a tensor stand for; it decides how division rounds and what a cast does.</summary>
internal enum ElementKind
{
    Real,
    Integer,
    Boolean,
}

/// <summary>
/// A dense tensor, row-major. Integers are kept as doubles too, so that one set of operators folds every constant:
/// they are exact up to 2^53, and beyond that occur only as marks such as "slice to the end".
/// </summary>
internal sealed class Tensor
{
    public Tensor(ElementKind type, int[] shape, double[] values)
    {
        if (values.Length != Shapes.Count(shape))
            throw new ArgumentException($"{values.Length} values do not fill {Shapes.Text(shape)}.", nameof(values));
        Type = type;
        Shape = shape;
        Values = values;
    }

    public ElementKind Type { get; }

    /// <summary>The type that the file stores the elements in, where it does.</summary>
    public OnnxType? Stored { get; init; }

    public int[] Shape { get; }

    public double[] Values { get; }

    /// <summary>Whether the file stores the elements as float16.</summary>
    public bool IsHalf => Stored == OnnxType.Float16;

    public int Rank => Shape.Length;

    public int Count => Values.Length;

    public static Tensor Real(int[] shape, double[] values) => new(ElementKind.Real, shape, values);

    public static Tensor Integers(params IEnumerable<int> values)
    {
        var elements = values.Select(value => (double)value).ToArray();
        return new Tensor(ElementKind.Integer, [elements.Length], elements);
    }

    public Tensor Reshaped(int[] shape) => new(Type, shape, Values) { Stored = Stored };
}
