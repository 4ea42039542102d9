using System.Buffers.Binary;

namespace Aivm.Compiler.Inputs;

/// <summary>Numbers of a NumPy array, little-endian.</summary>
/// <param name="type">NumPy's name of the element type, e.g. <c>&lt;f4</c>.</param>
internal sealed class ArrayValues(ReadOnlyMemory<byte> data, string type, int size) : SampleValues
{
    /// <summary>Bytes of an element, or null for a type that is not read.</summary>
    public static int? Size(string type) => type switch
    {
        "|u1" or "|i1" or "|b1" => 1,
        "<u2" or "<i2" => 2,
        "<u4" or "<i4" or "<f4" => 4,
        "<u8" or "<i8" or "<f8" => 8,
        _ => null,
    };

    public override bool IsMissing(int index) => IsReal && double.IsNaN(Real(index));

    public override bool TryReal(int index, out double real)
    {
        real = IsReal ? Real(index) : (double)Integer(index);
        return !double.IsInfinity(real);
    }

    public override bool TryFixed(int index, int decimals, out long value)
    {
        if (IsReal)
            return DecimalNumber.TryToFixed(Real(index), decimals, out value);
        var scaled = Integer(index);
        for (var i = 0; i < decimals && scaled >= long.MinValue && scaled <= long.MaxValue; i++)
            scaled *= 10;
        var fits = scaled >= long.MinValue && scaled <= long.MaxValue;
        value = fits ? (long)scaled : 0;
        return fits;
    }

    private bool IsReal => type[1] == 'f';

    private ReadOnlySpan<byte> Element(int index) => data.Span.Slice(index * size, size);

    private double Real(int index) => size == 4
        ? BinaryPrimitives.ReadSingleLittleEndian(Element(index))
        : BinaryPrimitives.ReadDoubleLittleEndian(Element(index));

    private Int128 Integer(int index)
    {
        var element = Element(index);
        return type switch
        {
            "|i1" => unchecked((sbyte)element[0]),
            "<u2" => BinaryPrimitives.ReadUInt16LittleEndian(element),
            "<i2" => BinaryPrimitives.ReadInt16LittleEndian(element),
            "<u4" => BinaryPrimitives.ReadUInt32LittleEndian(element),
            "<i4" => BinaryPrimitives.ReadInt32LittleEndian(element),
            "<u8" => BinaryPrimitives.ReadUInt64LittleEndian(element),
            "<i8" => BinaryPrimitives.ReadInt64LittleEndian(element),
            _ => element[0],
        };
    }
}
