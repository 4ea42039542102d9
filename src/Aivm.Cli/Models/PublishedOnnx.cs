using System.Buffers.Binary;
using Aivm.Compiler.Inputs;
using Aivm.Compiler.Onnx;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>
/// An ONNX file that providers run in floats, known here by its inputs and outputs alone: how they are packed is said in docs/spec/models-contract.md, "What a
/// provider runs".
/// </summary>
internal sealed class PublishedOnnx : IPublishedModel
{
    /// <summary>The most that the file format holds.</summary>
    public const long MaxFileBytes = int.MaxValue;

    /// <summary>What a job carries.</summary>
    private const int MaxInputBytes = 256 << 10;

    private static readonly OnnxType[] InputTypes = [OnnxType.Float, OnnxType.Int64, OnnxType.UInt8];
    private static readonly OnnxType[] OutputTypes = [OnnxType.Float, OnnxType.Int64];

    private readonly Port[] _inputs;
    private readonly Port[] _outputs;

    private PublishedOnnx(Hash256 hash, Port[] inputs, Port[] outputs) => (Hash, _inputs, _outputs) = (hash, inputs, outputs);

    /// <param name="Shape">Null where the file does not say it.</param>
    private sealed record Port(string Name, OnnxType Type, IReadOnlyList<long>? Shape)
    {
        private int ElementBytes => Type switch
        {
            OnnxType.Int64 => sizeof(long),
            OnnxType.Float => sizeof(float),
            _ => sizeof(byte),
        };

        /// <summary>No more than <see cref="MaxInputBytes"/> and one, however many there are: nothing that long is packed or answered.</summary>
        public int Elements { get; } = (Shape ?? []).Aggregate(1, (product, extent) => (int)Math.Min(MaxInputBytes + 1, product * Math.Min(extent, MaxInputBytes + 1)));

        public long Bytes => (long)Elements * ElementBytes;

        public string TypeName => Type == OnnxType.Float ? "float32" : Type.ToString().ToLowerInvariant();

        public override string ToString() => $"'{Name}' {TypeName}[{string.Join('x', Shape ?? [])}]";
    }

    public Hash256 Hash { get; }

    public string Assurance => "The model runs in floats: nobody can check its answers by running it again.";

    private string Inputs => string.Join(", ", (IEnumerable<Port>)_inputs);

    /// <param name="file">Of that hash.</param>
    /// <exception cref="AivmException"><c>onnx-unsupported</c>, <c>input-too-large</c>, or what the file cannot be read for.</exception>
    public static PublishedOnnx Read(Stream file, Hash256 hash)
    {
        var signature = OnnxSignature.Read(file);
        var model = new PublishedOnnx(hash, [.. signature.Inputs.Select(InputOf)], [.. signature.Outputs.Select(OutputOf)]);
        if (model._outputs.Count(output => output.Shape is null) > 1)
            throw Unsupported("the file leaves the shapes of its outputs open, so that an answer cannot be taken apart: export it with them, or ask the Jobs contract for it");
        return model._inputs.Sum(input => input.Bytes) <= MaxInputBytes
            ? model
            : throw new AivmException(
                Failure.Input, "input-too-large", $"The model takes {model.Inputs}, and a job carries at most {MaxInputBytes} bytes: ask the Jobs contract with an input by digest.");
    }

    public byte[] Pack(SampleSet samples, int row)
    {
        if (!samples.TrySplit([.. _inputs.Select(input => (input.Name, input.Elements))], out var parts, out var fault) || !HaveShapes(parts, out fault))
            throw new AivmException(Failure.Input, "input-shape", $"The input does not fit the model: {fault}. A row holds {Inputs}.");
        var packed = new byte[_inputs.Sum(input => input.Bytes)];
        var rest = packed.AsSpan();
        foreach (var (input, part) in _inputs.Zip(parts))
        {
            Write(input.Type, part, row, rest);
            rest = rest[(int)input.Bytes..];
        }
        return packed;
    }

    public bool Contradicts(byte[] input, long[] outputs) => false;

    public ModelAnswer Read(long[] outputs)
    {
        var declared = _outputs.Where(output => output.Shape is not null).Sum(output => (long)output.Elements);
        var open = outputs.Length - declared;
        if (open < 0 || (open > 0) != _outputs.Any(output => output.Shape is null))
            throw Malformed($"it has {outputs.Length} numbers, and the model gives {string.Join(", ", (IEnumerable<Port>)_outputs)}");
        var rest = outputs.AsSpan();
        List<NamedTensor> tensors = [];
        foreach (var output in _outputs)
        {
            var values = rest[..(output.Shape is null ? (int)open : output.Elements)];
            tensors.Add(new NamedTensor(output.Name, output.TypeName, output.Shape ?? [values.Length], ValuesOf(output, values)));
            rest = rest[values.Length..];
        }
        return new ModelAnswer(outputs, null, null) { Tensors = tensors };
    }

    private static Port InputOf(OnnxValue value) => value.Kind is { } type && InputTypes.Contains(type) && value.Extents is { } shape && shape.All(extent => extent > 0)
        ? new Port(value.Name, type, shape)
        : throw Unsupported($"its input '{value.Name}' is not float32, int64 or uint8, or its shape is not fixed");

    private static Port OutputOf(OnnxValue value) => value.Kind is { } type && OutputTypes.Contains(type)
        ? new Port(value.Name, type, value.Extents?.All(extent => extent > 0) == true ? value.Extents : null)
        : throw Unsupported($"its output '{value.Name}' is not float32 or int64");

    /// <summary>Axes of 1 apart. A row without axes (of text, or an array that was flattened) is in the order that the model wants.</summary>
    private bool HaveShapes(IReadOnlyList<SampleSet> parts, out string fault)
    {
        foreach (var (input, part) in _inputs.Zip(parts))
        {
            if (part.Shape.Count > 1 && !part.Shape.Where(extent => extent > 1).Select(extent => (long)extent).SequenceEqual(input.Shape!.Where(extent => extent > 1)))
            {
                fault = $"a sample for '{input.Name}' has the shape {string.Join('x', part.Shape)}";
                return false;
            }
        }
        fault = "";
        return true;
    }

    private static void Write(OnnxType type, SampleSet part, int row, Span<byte> packed)
    {
        switch (type)
        {
            case OnnxType.Float:
                foreach (var value in part.Singles(row))
                {
                    BinaryPrimitives.WriteSingleLittleEndian(packed, value);
                    packed = packed[sizeof(float)..];
                }
                break;
            case OnnxType.Int64:
                foreach (var value in part.Integers(row))
                {
                    BinaryPrimitives.WriteInt64LittleEndian(packed, value);
                    packed = packed[sizeof(long)..];
                }
                break;
            default:
                foreach (var value in part.Bytes(row))
                {
                    packed[0] = (byte)value;
                    packed = packed[1..];
                }
                break;
        }
    }

    private static object[] ValuesOf(Port output, ReadOnlySpan<long> numbers)
    {
        var values = new object[numbers.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (output.Type == OnnxType.Int64)
                values[i] = numbers[i];
            else if (numbers[i] is >= 0 and <= uint.MaxValue)
                values[i] = BitConverter.UInt32BitsToSingle((uint)numbers[i]);
            else
                throw Malformed($"{numbers[i]} is not the bits of a float32, which '{output.Name}' is of");
        }
        return values;
    }

    private static AivmException Unsupported(string what) => new(Failure.Input, "onnx-unsupported", $"This command does not call the model: {what}.");

    private static AivmException Malformed(string what) =>
        new(Failure.Check, "output-malformed", $"The answer is not this model's: {what}. Ask another provider, with --provider.");
}
