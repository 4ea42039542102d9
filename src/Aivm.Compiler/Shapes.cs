using Aivm.Inference;

namespace Aivm.Compiler;

/// <summary>Arithmetic of tensor shapes. A shape is a list of extents, outermost first; a scalar's is empty.</summary>
internal static class Shapes
{
    /// <summary>Most axes of a tensor.</summary>
    public const int MaxRank = 8;

    /// <summary>Most elements of one tensor, as in AIVM-Q: an eighth of a gigabyte as doubles.</summary>
    public const int MaxElements = GraphAnalysis.MaxElements;

    public static int Count(ReadOnlySpan<int> shape)
    {
        var count = 1;
        foreach (var extent in shape)
            count *= extent;
        return count;
    }

    /// <summary>Checks extents from a file before anything is allocated for them. An empty tensor is allowed.</summary>
    public static int[] Checked(IReadOnlyList<long> extents, string what)
    {
        if (extents.Count > MaxRank)
            throw Refusal.TooLarge($"{what} has {extents.Count} axes, at most {MaxRank} are supported");
        var count = 1L;
        foreach (var extent in extents)
        {
            if (extent < 0)
                throw Refusal.Invalid($"{what} has the extent {extent}");
            if (extent > MaxElements)
                throw Refusal.TooLarge($"{what} has the extent {extent}");
            count *= Math.Max(extent, 1);
            if (count > MaxElements)
                throw Refusal.TooLarge($"{what} has more than {MaxElements} elements");
        }
        return [.. extents.Select(extent => (int)extent)];
    }

    /// <summary>Steps between neighbours along each axis of a row-major tensor.</summary>
    public static int[] Strides(ReadOnlySpan<int> shape)
    {
        var strides = new int[shape.Length];
        var step = 1;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step *= shape[axis];
        }
        return strides;
    }

    /// <summary>The common shape of two tensors under NumPy's broadcasting, or null where they do not fit.</summary>
    public static int[]? Broadcast(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        var shape = new int[Math.Max(left.Length, right.Length)];
        for (var i = 1; i <= shape.Length; i++)
        {
            var a = i <= left.Length ? left[^i] : 1;
            var b = i <= right.Length ? right[^i] : 1;
            if (a != b && a != 1 && b != 1)
                return null;
            shape[^i] = a == 1 ? b : a;
        }
        return shape;
    }

    /// <summary>By element of a broadcast result: where it comes from in a source that broadcasts to it.</summary>
    public static int[] Places(ReadOnlySpan<int> shape, ReadOnlySpan<int> source)
    {
        var places = new int[Count(shape)];
        for (var at = 0; at < places.Length; at++)
            places[at] = Place(at, shape, source);
        return places;
    }

    /// <summary>Where an element of a broadcast result comes from.</summary>
    public static int Place(int at, ReadOnlySpan<int> shape, ReadOnlySpan<int> source)
    {
        var place = 0;
        var step = 1;
        for (var i = 1; i <= source.Length; i++)
        {
            var index = at % shape[^i];
            at /= shape[^i];
            place += source[^i] == 1 ? 0 : index * step;
            step *= source[^i];
        }
        return place;
    }

    /// <summary>An axis as ONNX writes it, negative from the end, as an index; null when out of range.</summary>
    public static int? Axis(long axis, int rank)
    {
        var index = axis < 0 ? axis + rank : axis;
        return index >= 0 && index < rank ? (int)index : null;
    }

    public static string Text(ReadOnlySpan<int> shape) => $"[{string.Join('x', shape.ToArray())}]";
}
