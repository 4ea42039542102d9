using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Inference;

/// <summary>
/// Integers that a graph carries: weights, biases, tables, thresholds. Nodes hold constants by reference; one that several
/// nodes share is stored once. Immutable: the arrays handed in must not change afterwards.
/// </summary>
public sealed class Constant
{
    private readonly byte[] _data;
    private StrongBox<(long Min, long Max)>? _range;

    private Constant(ElementType type, Shape shape, byte[] littleEndian)
    {
        if (shape.Elements * ElementTypes.SizeOf(type) != littleEndian.Length)
            throw new ArgumentException($"Shape {shape} does not hold {littleEndian.Length} bytes of {type}.", nameof(shape));
        Type = type;
        Shape = shape;
        _data = littleEndian;
        Count = littleEndian.Length / ElementTypes.SizeOf(type);
    }

    public ElementType Type { get; }

    public Shape Shape { get; }

    public int Count { get; }

    /// <summary>The elements, little-endian, as the container stores them.</summary>
    public ReadOnlySpan<byte> Bytes => _data;

    public static Constant FromBytes(ElementType type, Shape shape, ReadOnlySpan<byte> littleEndian) =>
        new(type, shape, littleEndian.ToArray());

    public static Constant S8(Shape shape, ReadOnlySpan<sbyte> values) => new(ElementType.S8, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static Constant S16(Shape shape, ReadOnlySpan<short> values)
    {
        var bytes = new byte[checked(values.Length * 2)];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), values[i]);
        return new(ElementType.S16, shape, bytes);
    }

    public static Constant S32(Shape shape, ReadOnlySpan<int> values)
    {
        var bytes = new byte[checked(values.Length * 4)];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), values[i]);
        return new(ElementType.S32, shape, bytes);
    }

    public static Constant S64(Shape shape, ReadOnlySpan<long> values)
    {
        var bytes = new byte[checked(values.Length * 8)];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), values[i]);
        return new(ElementType.S64, shape, bytes);
    }

    /// <summary>The element at a row-major position.</summary>
    public long this[int index] => Type switch
    {
        ElementType.S8 => unchecked((sbyte)_data[index]),
        ElementType.S16 => BinaryPrimitives.ReadInt16LittleEndian(_data.AsSpan(2 * index, 2)),
        ElementType.Rank => BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(2 * index, 2)),
        ElementType.S32 => BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(4 * index, 4)),
        _ => BinaryPrimitives.ReadInt64LittleEndian(_data.AsSpan(8 * index, 8)),
    };

    /// <summary>Whether an element is the lowest of its two's complement, which S8 and S16 leave out.</summary>
    internal bool IsAsymmetric => Type switch
    {
        ElementType.S8 => Bytes.Contains((byte)0x80),
        ElementType.S16 => Range().Min < ElementTypes.MinOf(Type),
        _ => false,
    };

    /// <summary>The lowest and highest element; (0, 0) when there is none. Looked for once: many nodes may share a constant.</summary>
    internal (long Min, long Max) Range() => (_range ??= new StrongBox<(long, long)>(FindRange())).Value;

    /// <summary>Elements of a known type, where this machine stores integers as containers do.</summary>
    internal bool TryView<T>(out ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var fits = BitConverter.IsLittleEndian && Unsafe.SizeOf<T>() == ElementTypes.SizeOf(Type);
        elements = fits ? MemoryMarshal.Cast<byte, T>(_data) : default;
        return fits;
    }

    private (long Min, long Max) FindRange()
    {
        if (Type == ElementType.S8 && TryView<sbyte>(out var bytes))
            return FindRange(bytes);
        if (Type == ElementType.S16 && TryView<short>(out var shorts))
            return FindRange(shorts);
        if (Type == ElementType.S32 && TryView<int>(out var integers))
            return FindRange(integers);
        return FindRange<long>(ToArray());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Min, long Max) FindRange<T>(ReadOnlySpan<T> elements)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (elements.IsEmpty)
            return (0, 0);
        var (min, max) = (elements[0], elements[0]);
        foreach (var element in elements)
        {
            if (element < min)
                min = element;
            else if (element > max)
                max = element;
        }
        return (long.CreateTruncating(min), long.CreateTruncating(max));
    }

    public long[] ToArray()
    {
        var values = new long[Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = this[i];
        return values;
    }
}
