using System.Buffers.Binary;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>From a row of an input file to the integers that a model takes.</summary>
internal static class ModelInput
{
    /// <exception cref="AivmException"><c>input-shape</c>, or what the row's values are refused for.</exception>
    public static long[] Read(Model model, SampleSet samples, int row)
    {
        if (samples.Width != model.InputCount)
            throw new AivmException(Failure.Input, "input-shape", $"A row has {samples.Width} values; the model takes {model.InputCount}.");
        var values = new long[model.InputCount];
        var start = 0;
        foreach (var input in model.Graph.Inputs)
        {
            var count = (int)input.Shape.Elements;
            var encoded = input.Format switch
            {
                InputFormat.Fixed(var decimals, var missing) => samples.Fixed(row, decimals, missing ? ElementTypes.MissingInput : null),
                _ => samples.Bytes(row),
            };
            encoded.AsSpan(start, count).CopyTo(values.AsSpan(start));
            start += count;
        }
        return values;
    }

    /// <summary>As <c>Models.infer</c> and <c>inferPacked</c> take it: 8 bytes little-endian per fixed-point number, one per u8.</summary>
    public static byte[] Pack(Model model, ReadOnlySpan<long> values)
    {
        var packed = new byte[model.PackedInputLength];
        var position = 0;
        foreach (var input in model.Graph.Inputs)
        {
            for (var i = 0; i < input.Shape.Elements; i++, values = values[1..])
            {
                if (input.Format is InputFormat.U8)
                {
                    packed[position++] = (byte)values[0];
                    continue;
                }
                BinaryPrimitives.WriteInt64LittleEndian(packed.AsSpan(position), values[0]);
                position += sizeof(long);
            }
        }
        return packed;
    }
}
