using System.Buffers.Binary;
using System.Text;

namespace Aivm.Fuzz.Onnx;

/// <summary>Changes of an ONNX file that keep its outer form: fields doubled, dropped, moved and swapped, numbers at the edges, names that collide, lengths that lie.</summary>
internal static class ProtoMutations
{
    private static readonly float[] Floats =
    [
        0, -0f, 1, -1, 0.5f, 1e-45f, 1e-38f, 1e-30f, 1e-10f, 1e10f, 1e30f, float.MaxValue, float.MinValue, float.NaN, float.PositiveInfinity,
        float.NegativeInfinity, 16777216, 16777218, int.MaxValue, long.MaxValue,
    ];

    private static readonly string[] Texts =
    [
        "", "x", "y", "\u001B[2J", "\u202E", "\u2028", "name\0", "ai.onnx", "ai.onnx.ml", "com.microsoft", "SAME_UPPER", "VALID", "constant", "edge", "reflect",
        "BRANCH_LEQ", "BRANCH_LT", "BRANCH_EQ", "LEAF", "SOFTMAX", "LOGISTIC", "NONE", "PROBIT", "SUM", "AVERAGE", "MIN", "MAX", "L1", "L2", "linear", "nearest",
    ];

    /// <summary>Null where the parent is no message.</summary>
    public static byte[]? TryChange(byte[] parent, byte[] other, Random random)
    {
        if (ProtoTree.TryRead(parent, Message.Model) is not { } file)
            return null;
        for (var changes = 1 + (random.Next(8) >> random.Next(4)); changes > 0; changes--)
            ChangeOnce(file, other, random);
        return ProtoTree.Write(file);
    }

    private static void ChangeOnce(List<ProtoField> file, byte[] other, Random random)
    {
        var (fields, at) = Pick(file, random);
        if (fields.Count == 0)
            return;
        var field = fields[at];
        switch (random.Next(16))
        {
            case 0:
                fields.RemoveAt(at);
                break;
            case 1:
                fields.Insert(random.Next(fields.Count + 1), field);
                break;
            case 2:
                (fields[at], fields[random.Next(fields.Count)]) = (fields[random.Next(fields.Count)], field);
                break;
            case 3:
                Splice(fields, at, other, random);
                break;
            case 4 when random.Next(8) == 0:
                field.Number = random.Next(1, 30);
                break;
            case 4 when random.Next(8) == 0:
                field.Wire = random.Next(8);
                break;
            case 4 when field.Wire == 2 && random.Next(2) == 0:
                field.Lie = random.Next(2) == 0 ? random.Next(-4, 5) : ByteMutations.Edge(random) >> 8;
                break;
            default:
                ChangeValue(file, field, random);
                break;
        }
    }

    /// <summary>Any field at any depth, each as likely as another.</summary>
    private static (List<ProtoField> Fields, int At) Pick(List<ProtoField> file, Random random)
    {
        var places = new List<(List<ProtoField> Fields, int At)>();
        Collect(file, places);
        return places.Count > 0 ? places[random.Next(places.Count)] : (file, 0);
    }

    private static void Collect(List<ProtoField> fields, List<(List<ProtoField> Fields, int At)> places)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            places.Add((fields, i));
            if (fields[i].Fields is { } inner)
                Collect(inner, places);
        }
    }

    /// <summary>A field of the same number from another file, wherever it stands there.</summary>
    private static void Splice(List<ProtoField> fields, int at, byte[] other, Random random)
    {
        if (ProtoTree.TryRead(other, Message.Model) is not { } donor)
            return;
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var (from, place) = Pick(donor, random);
            if (from.Count == 0 || from[place].Number != fields[at].Number)
                continue;
            if (random.Next(2) == 0)
                fields[at] = from[place];
            else
                fields.Insert(at, from[place]);
            return;
        }
    }

    private static void ChangeValue(List<ProtoField> file, ProtoField field, Random random)
    {
        if (field.Fields is not null)
            return;
        switch (field.Wire)
        {
            case 0:
                field.Varint = unchecked((ulong)(random.Next(3) == 0 ? (long)field.Varint + random.Next(-2, 3) : ByteMutations.Edge(random)));
                break;
            case 5:
                field.Bytes = BitConverter.GetBytes(Floats[random.Next(Floats.Length)]);
                break;
            case 1:
                field.Bytes = BitConverter.GetBytes((double)Floats[random.Next(Floats.Length)]);
                break;
            default:
                ChangeBytes(file, field, random);
                break;
        }
    }

    private static void ChangeBytes(List<ProtoField> file, ProtoField field, Random random)
    {
        switch (random.Next(6))
        {
            // A name or an operator of this file: values that collide, cycles, other operators with these operands.
            case 0 or 1 or 2:
                var (fields, at) = Pick(file, random);
                if (fields.Count > 0 && fields[at] is { Wire: 2, Fields: null, Bytes.Length: < 40 } text)
                    field.Bytes = text.Bytes;
                break;
            case 3:
                field.Bytes = Encoding.UTF8.GetBytes(random.Next(2) == 0 ? Texts[random.Next(Texts.Length)] : OnnxSeeds.Operators[random.Next(OnnxSeeds.Operators.Count)]);
                break;
            case 4 when field.Bytes.Length >= 4:
                field.Bytes = (byte[])field.Bytes.Clone();
                BinaryPrimitives.WriteSingleLittleEndian(field.Bytes.AsSpan(random.Next(field.Bytes.Length / 4) * 4), Floats[random.Next(Floats.Length)]);
                break;
            case 5 when random.Next(4) == 0:
                field.Bytes = ByteMutations.Change(field.Bytes, field.Bytes, random);
                break;
            default:
                // A letter more, less or other.
                var place = random.Next(field.Bytes.Length + 1);
                byte[] letter = random.Next(3) == 0 ? [] : [(byte)random.Next('a', 'z' + 1)];
                field.Bytes = [.. field.Bytes.AsSpan(0, place), .. letter, .. field.Bytes.AsSpan(Math.Min(field.Bytes.Length, place + random.Next(2)))];
                break;
        }
    }
}
