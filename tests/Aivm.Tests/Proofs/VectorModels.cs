using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

/// <summary>All models of the vectors' folder, each run as the folder's README has it, on inputs that lie beside it.</summary>
internal static class VectorModels
{
    /// <summary>Whatever ONNX files there are; none where the vectors are absent.</summary>
    public static TheoryData<string> Names => [.. SharedVectors.NamesOf("models", ".onnx")];

    public static Model ModelOf(string name) => KindOf(name) switch
    {
        "ad01" => VectorCircuits.ModelOf(name, takesBytes: false),
        "hmda" or "credit" => VectorCircuits.ModelOf(name, new InputFormat.Fixed(9)),
        "resnet8" => VectorCircuits.ModelOf(name, takesBytes: true, byteScale: 1),
        "fashion" or "mobilenetv1" => VectorCircuits.ModelOf(name, takesBytes: true),
        _ => throw new NotSupportedException($"{name} is new: say how it is run, and on which inputs."),
    };

    /// <summary>The first samples of the vectors' own.</summary>
    public static long[] InputsOf(string name, int samples) => KindOf(name) switch
    {
        "ad01" => [.. Features("normal_id_01_00000000_hist_librosa.bin").Take(samples * ModelOf(name).InputCount)],
        "fashion" => Rows("fashion_test500.npz", samples, (images, row) => images.Bytes(row)),
        "mobilenetv1" => [.. Image("person.bmp"), .. samples > 1 ? Image("no_person.bmp") : []],
        // No picture of CIFAR-10 lies among the vectors.
        "resnet8" => VectorCircuits.RandomInputs(ModelOf(name), samples, seed: 1),
        var table => Rows($"{table}_x300.csv", samples, (rows, row) => rows.Integers(row, ModelOf(name).Graph.Inputs[0].Format)),
    };

    private static string KindOf(string name) => name.Split('_')[0];

    private static long[] Rows(string file, int samples, Func<SampleSet, int, long[]> read)
    {
        var rows = InputFiles.Read(SharedVectors.Require($"models/{file}"));
        return [.. Enumerable.Range(0, samples).SelectMany(row => read(rows, row))];
    }

    /// <summary>Singles, to six digits.</summary>
    private static long[] Features(string file) =>
        [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedVectors.Require($"models/{file}"))).ToArray().Select(feature => (long)Math.Round(feature * 1e6))];

    /// <summary>A grey bitmap, its lowest row first in the file: row by row, each pixel in three channels.</summary>
    private static IEnumerable<long> Image(string file)
    {
        var bytes = File.ReadAllBytes(SharedVectors.Require($"models/{file}"));
        var (first, width, height) = (Word(10), Word(18), Word(22));
        return from row in Enumerable.Range(0, height)
               from column in Enumerable.Range(0, width)
               from channel in Enumerable.Range(0, 3)
               select (long)bytes[first + ((height - 1 - row) * width) + column];

        int Word(int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
    }
}
