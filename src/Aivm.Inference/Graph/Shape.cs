using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>A tensor's dimensions, outermost first, elements in row-major order. There is no batch dimension. Rank 0 is a scalar.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    private readonly ImmutableArray<int> _dimensions;

    public Shape(ImmutableArray<int> dimensions) => _dimensions = dimensions;

    public static Shape Create(ReadOnlySpan<int> dimensions) => new([.. dimensions]);

    public ImmutableArray<int> Dimensions => _dimensions.IsDefault ? [] : _dimensions;

    public int Rank => Dimensions.Length;

    public int this[Index axis] => Dimensions[axis];

    /// <summary>The innermost dimension; 1 for a scalar.</summary>
    public int Last => Rank == 0 ? 1 : Dimensions[^1];

    /// <summary>The same shape with another innermost dimension.</summary>
    internal Shape WithLast(int dimension) => With(Rank - 1, dimension);

    internal Shape With(int axis, int dimension) => new(Dimensions.SetItem(axis, dimension));

    internal Shape WithoutLast() => new(Dimensions.RemoveAt(Rank - 1));

    /// <summary>The number of elements, saturated at <see cref="long.MaxValue"/>.</summary>
    public long Elements
    {
        get
        {
            var product = (Int128)1;
            foreach (var dimension in Dimensions)
                product = Int128.Min(product * dimension, long.MaxValue);
            return (long)product;
        }
    }

    /// <summary>[C, H, W] whose elements lie in another order with the channels innermost.</summary>
    internal bool HasLayouts => Rank == 3 && this[0] > 1 && (this[1] > 1 || this[2] > 1);

    public ImmutableArray<int>.Enumerator GetEnumerator() => Dimensions.GetEnumerator();

    public bool Equals(Shape other) => Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Shape other && Equals(other);

    /// <summary>For dictionaries within one process only.</summary>
    public override int GetHashCode()
    {
        var mixed = 17;
        foreach (var dimension in Dimensions)
            mixed = unchecked((mixed * 31) + dimension);
        return mixed;
    }

    public override string ToString() => $"[{string.Join(", ", Dimensions)}]";

    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
