using System.Buffers.Binary;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>From a row of an input file to the integers that a model takes.</summary>
internal static class ModelInput
{
    /// <exception cref="AivmException"><c>input-shape</c>, or what the row's values are refused for.</exception>
    public static long[] Read(Model model, SampleSet samples, int row) => Read(model.Graph, samples, row);

    /// <summary>The same for a model that is known by its graph alone.</summary>
    public static long[] Read(Graph graph, SampleSet samples, int row)
    {
        if (!samples.TrySplit([.. graph.Inputs.Select(input => (input.Name, (int)input.Shape.Elements))], out var parts, out var fault))
            throw new AivmException(Failure.Input, "input-shape", $"The input does not fit the model: {fault}.");
        return [.. graph.Inputs.Zip(parts).SelectMany(pair => pair.Second.Integers(row, pair.First.Format))];
    }

    /// <summary>As <c>Models.infer</c> and <c>inferPacked</c> take it: 8 bytes little-endian per fixed-point number, one per u8.</summary>
    public static byte[] Pack(Model model, ReadOnlySpan<long> values) => Pack(model.Graph, values);

    /// <summary>The same for a model that is known by its graph alone.</summary>
    public static byte[] Pack(Graph graph, ReadOnlySpan<long> values)
    {
        var packed = new byte[graph.Inputs.Sum(input => (int)input.Shape.Elements * (input.Format is InputFormat.U8 ? 1 : sizeof(long)))];
        var position = 0;
        foreach (var input in graph.Inputs)
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
