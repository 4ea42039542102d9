using System.Text;

namespace Aivm.Compiler.Onnx;

/// <summary>What an ONNX file says that it takes and gives. Its weights are stepped over: a file of any size costs a little memory.</summary>
/// <param name="Inputs">In the file's order, without those that the file itself gives a value.</param>
public sealed record OnnxSignature(IReadOnlyList<OnnxValue> Inputs, IReadOnlyList<OnnxValue> Outputs)
{
    private const int MaxValueBytes = 64 << 10;
    private const int MaxNameBytes = 1 << 10;

    /// <summary>Most bytes of all names and declarations together.</summary>
    private const int MaxBytes = 32 << 20;

    /// <param name="file">Can be sought in; read from where it stands.</param>
    /// <exception cref="Primitives.AivmException"><c>onnx-corrupt</c>, <c>onnx-too-large</c>, <c>unsupported-tensor</c>.</exception>
    public static OnnxSignature Read(Stream file)
    {
        OnnxSignature? signature = null;
        var reader = new ProtoFileReader(file, file.Length);
        while (reader.Next())
        {
            if (reader.Field != 7)
                reader.Skip();
            else if (signature is null)
                signature = ReadGraph(reader.Message());
            else
                throw Refusal.Corrupt("it holds two graphs");
        }
        return signature ?? throw Refusal.Corrupt("it holds no graph");
    }

    private static OnnxSignature ReadGraph(ProtoFileReader reader)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        var inputs = new List<OnnxValue>();
        var outputs = new List<OnnxValue>();
        var room = MaxBytes;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 5:
                    OnnxReader.RequireRoom(given.Count, OnnxReader.MaxInitialisers, "initialisers");
                    given.Add(ReadTensorName(reader.Message(), ref room));
                    break;
                case 11:
                    OnnxReader.RequireRoom(inputs.Count, OnnxReader.MaxInitialisers + OnnxReader.MaxValues, "inputs");
                    inputs.Add(ReadValue(reader, ref room));
                    break;
                case 12:
                    OnnxReader.RequireRoom(outputs.Count, OnnxReader.MaxValues, "outputs");
                    outputs.Add(ReadValue(reader, ref room));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        inputs.RemoveAll(input => given.Contains(input.Name));
        return new OnnxSignature(inputs, outputs);
    }

    private static OnnxValue ReadValue(ProtoFileReader reader, ref int room) => OnnxReader.ReadValue(new ProtoReader(Take(reader, MaxValueBytes, ref room)));

    private static string ReadTensorName(ProtoFileReader reader, ref int room)
    {
        var name = "";
        while (reader.Next())
        {
            if (reader.Field == 8)
                name = Encoding.UTF8.GetString(Take(reader, MaxNameBytes, ref room));
            else
                reader.Skip();
        }
        return name;
    }

    private static byte[] Take(ProtoFileReader reader, int limit, ref int room)
    {
        var bytes = reader.Bytes(Math.Min(limit, room));
        room -= bytes.Length;
        return bytes;
    }
}
