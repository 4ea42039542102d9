using System.Buffers.Binary;

namespace Aivm.Compiler.Onnx;

/// <summary>Decodes <c>TensorProto</c> in each of its encodings: raw little-endian bytes, or the typed list that the element type prescribes.</summary>
internal static class TensorReader
{
    public static (string Name, Tensor Tensor) Read(ProtoReader reader)
    {
        var name = "";
        var type = OnnxType.Undefined;
        var extents = new List<long>();
        ReadOnlyMemory<byte>? raw = null;
        var floats = new List<float>();
        var doubles = new List<double>();
        var integers = new List<long>();
        var integerField = 0;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    reader.Int64s(extents, Shapes.MaxRank);
                    break;
                case 2:
                    type = ElementType(reader.Int64());
                    break;
                case 3:
                    throw Refusal.Input("unsupported-tensor", $"The tensor '{name}' is split into segments, which is not supported.");
                case 4:
                    reader.Floats(floats, Shapes.MaxElements);
                    break;
                case 5 or 7 or 11:
                    if (integerField != 0 && integerField != reader.Field)
                        throw Refusal.Corrupt($"the tensor '{name}' has its values twice");
                    integerField = reader.Field;
                    reader.Int64s(integers, Shapes.MaxElements);
                    break;
                case 8:
                    name = reader.String();
                    break;
                case 9:
                    raw = reader.Bytes();
                    break;
                case 10:
                    reader.Doubles(doubles, Shapes.MaxElements);
                    break;
                case 13:
                    throw External(name);
                case 14:
                    if (reader.Int64() != 0)
                        throw External(name);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        var shape = Shapes.Checked(extents, $"the tensor '{name}'");
        var count = Shapes.Count(shape);
        var sources = (raw is { Length: > 0 } ? 1 : 0) + (floats.Count > 0 ? 1 : 0) + (doubles.Count > 0 ? 1 : 0) + (integers.Count > 0 ? 1 : 0);
        if (sources > 1)
            throw Refusal.Corrupt($"the tensor '{name}' has its values twice");

        double[] values;
        if (floats.Count > 0 && type == OnnxType.Float)
            values = [.. floats.Select(value => (double)value)];
        else if (doubles.Count > 0 && type == OnnxType.Double)
            values = [.. doubles];
        else if (integers.Count > 0 && integerField == IntegerField(type))
            values = [.. integers.Select(value => FromInteger(type, value, name))];
        else if (floats.Count + doubles.Count + integers.Count > 0)
            throw Refusal.Corrupt($"the tensor '{name}' stores {type} values in the wrong field");
        else
            values = FromRaw(type, (raw ?? default).Span, count, name);

        if (values.Length != count)
            throw Refusal.Corrupt($"the tensor '{name}' has {values.Length} values, its shape {Shapes.Text(shape)} wants {count}");
        return (name, new Tensor(Meaning(type), shape, values) { Stored = type });
    }

    public static OnnxType ElementType(long number) =>
        number is >= 0 and <= int.MaxValue && Enum.IsDefined((OnnxType)(int)number)
            ? (OnnxType)(int)number
            : throw Refusal.Input("unsupported-tensor", $"The element type {number} is not supported.");

    public static ElementKind Meaning(OnnxType type) => type switch
    {
        OnnxType.Float or OnnxType.Double or OnnxType.Float16 or OnnxType.BFloat16 => ElementKind.Real,
        OnnxType.Bool => ElementKind.Boolean,
        _ => ElementKind.Integer,
    };

    /// <summary>The field of the typed list that holds a type's elements.</summary>
    private static int IntegerField(OnnxType type) => type switch
    {
        OnnxType.Int64 => 7,
        OnnxType.UInt32 or OnnxType.UInt64 => 11,
        _ => 5,
    };

    private static double FromInteger(OnnxType type, long value, string name)
    {
        switch (type)
        {
            case OnnxType.Int64:
                return value;
            case OnnxType.UInt64:
                return unchecked((ulong)value);
            case OnnxType.Float16 when value is >= 0 and <= ushort.MaxValue:
                return (double)BitConverter.UInt16BitsToHalf((ushort)value);
            case OnnxType.BFloat16 when value is >= 0 and <= ushort.MaxValue:
                return BitConverter.UInt32BitsToSingle((uint)value << 16);
        }
        var (low, high) = type switch
        {
            OnnxType.UInt8 => (byte.MinValue, byte.MaxValue),
            OnnxType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            OnnxType.UInt16 => (ushort.MinValue, ushort.MaxValue),
            OnnxType.Int16 => (short.MinValue, short.MaxValue),
            OnnxType.Int32 => (int.MinValue, int.MaxValue),
            OnnxType.UInt32 => (uint.MinValue, uint.MaxValue),
            OnnxType.Bool => (0L, 1L),
            _ => (0L, -1L),
        };
        return value >= low && value <= high
            ? value
            : throw Refusal.Corrupt($"the tensor '{name}' holds {value}, which is no {type}");
    }

    private static double[] FromRaw(OnnxType type, ReadOnlySpan<byte> raw, int count, string name)
    {
        var size = type switch
        {
            OnnxType.UInt8 or OnnxType.Int8 or OnnxType.Bool => 1,
            OnnxType.UInt16 or OnnxType.Int16 or OnnxType.Float16 or OnnxType.BFloat16 => 2,
            OnnxType.Float or OnnxType.Int32 or OnnxType.UInt32 => 4,
            OnnxType.Double or OnnxType.Int64 or OnnxType.UInt64 => 8,
            _ => throw Refusal.Input("unsupported-tensor", $"The tensor '{name}' holds {type} elements, which are not supported."),
        };
        if (raw.Length != (long)count * size)
            throw Refusal.Corrupt($"the tensor '{name}' has {raw.Length} bytes, its shape wants {(long)count * size}");
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            var element = raw.Slice(i * size, size);
            values[i] = type switch
            {
                OnnxType.Float => BinaryPrimitives.ReadSingleLittleEndian(element),
                OnnxType.Double => BinaryPrimitives.ReadDoubleLittleEndian(element),
                OnnxType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
                OnnxType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                OnnxType.UInt8 => element[0],
                OnnxType.Int8 => unchecked((sbyte)element[0]),
                OnnxType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(element),
                OnnxType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
                OnnxType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(element),
                OnnxType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element),
                OnnxType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(element),
                OnnxType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
                OnnxType.Bool when element[0] <= 1 => element[0],
                _ => throw Refusal.Corrupt($"the tensor '{name}' holds a byte that is no boolean"),
            };
        }
        return values;
    }

    private static Exception External(string name) =>
        Refusal.Input("onnx-external-data", $"The tensor '{name}' lies in another file: save the model with its weights inside.");
}
