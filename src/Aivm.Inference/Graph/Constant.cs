using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Aivm.Inference;

/// <summary>
/// Integers that a graph carries: weights, biases, tables, thresholds. Nodes hold constants by reference; one that several
/// nodes share is stored once. Immutable: the arrays handed in must not change afterwards.
/// </summary>
public sealed class Constant
{
    private readonly byte[] _data;

    private Constant(ElementType type, Shape shape, byte[] littleEndian)
    {
        if (shape.Elements * ElementTypes.SizeOf(type) != littleEndian.Length)
            throw new ArgumentException($"Shape {shape} does not hold {littleEndian.Length} bytes of {type}.", nameof(shape));
        Type = type;
        Shape = shape;
        _data = littleEndian;
    }

    public ElementType Type { get; }

    public Shape Shape { get; }

    public int Count => _data.Length / ElementTypes.SizeOf(Type);

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

    /// <summary>The lowest and highest element; (0, 0) when there is none.</summary>
    internal (long Min, long Max) Range()
    {
        if (Count == 0)
            return (0, 0);
        var (min, max) = (this[0], this[0]);
        for (var i = 1; i < Count; i++)
            (min, max) = (Math.Min(min, this[i]), Math.Max(max, this[i]));
        return (min, max);
    }

    public long[] ToArray()
    {
        var values = new long[Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = this[i];
        return values;
    }
}
