using System.Collections.Concurrent;
using Aivm.Compiler;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Circuits of the shared vectors' models, on random inputs.</summary>
internal static class VectorCircuits
{
    private static readonly ConcurrentDictionary<(string, InputFormat, double), Model> Models = [];

    /// <param name="byteScale">What bytes are multiplied by.</param>
    public static Model ModelOf(string file, bool takesBytes, double byteScale = 1.0 / 255) =>
        ModelOf(file, takesBytes ? new InputFormat.U8() : new InputFormat.Fixed(6), byteScale);

    public static Model ModelOf(string file, InputFormat input, double byteScale = 1.0 / 255) =>
        Models.GetOrAdd((file, input, byteScale), _ => Compile(file, input, byteScale));

    private static Model Compile(string file, InputFormat input, double byteScale)
    {
        var onnx = File.ReadAllBytes(SharedVectors.Require($"models/{file}.onnx"));
        var result = OnnxCompiler.Compile(onnx, input is InputFormat.U8 ? new CompileOptions { Input = input, Scale = byteScale } : new CompileOptions { Input = input });
        Assert.True(Model.TryLoad(result.Container, out var model, out var error), error?.ToString());
        return model;
    }

    public static Circuit Build(Model model, int samples, ProofPrivacy privacy = ProofPrivacy.None)
    {
        Assert.True(Circuit.TryBuild(model.Graph, model.Analysis, samples, privacy, out var circuit, out var error), error?.ToString());
        return circuit;
    }

    public static long[] RandomInputs(Model model, int samples, int seed)
    {
        var random = new Random(seed);
        var bytes = model.Graph.Inputs[0].Format is InputFormat.U8;
        return [.. Enumerable.Range(0, samples * model.InputCount).Select(_ => bytes ? random.Next(256) : random.NextInt64(-30_000_000, 30_000_000))];
    }

    public static long[] Run(Model model, int samples, long[] inputs)
    {
        var outputs = new long[samples * model.OutputCount];
        for (var i = 0; i < samples; i++)
            Assert.True(model.TryRun(inputs.AsSpan(i * model.InputCount, model.InputCount), outputs.AsSpan(i * model.OutputCount), out var error), error?.ToString());
        return outputs;
    }

    /// <summary>In memory that was used before and holds nothing but nonsense: whoever fills it writes all that counts.</summary>
    public static Witness Fill(Model model, Circuit circuit, long[] inputs)
    {
        var statement = new ProofStatement(model.Hash, Hash256.Zero, circuit.Inputs.IsEmpty ? default(ReadOnlyMemory<long>) : inputs, Run(model, circuit.Samples, inputs));
        Assert.True(circuit.TryCompute(statement, out var numbers, out var error), error?.ToString());
        circuit.Weights?.Reveal(model.Graph);
        Assert.True(WitnessFiller.TryCreate(circuit, model.Graph, out var filler, out var refused, threads: 2), refused?.ToString());
        var used = filler.Fill(inputs, numbers);
        foreach (var memory in Enumerable.Range(0, circuit.Lookups.Length).SelectMany(used.EntriesOf).Select(entry => entry.Numbers).Append(used.Cells).Append(used.InputCells))
            Array.Fill(memory, int.MinValue);
        filler.Keep(used);
        return filler.Fill(inputs, numbers);
    }
}
