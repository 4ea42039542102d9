using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Circuits of small graphs.</summary>
internal static class OperatorCircuits
{
    public static Model Load(Graph graph)
    {
        Assert.True(Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, out var model, out var error), error?.ToString());
        return model;
    }

    public static Circuit Build(Model model, int samples)
    {
        Assert.True(Circuit.TryBuild(model.Graph, model.Analysis, samples, ProofPrivacy.None, out var circuit, out var error), error?.ToString());
        return circuit;
    }

    /// <summary>Runs the model on each sample and fills the circuit with it.</summary>
    /// <param name="inputs">All inputs of a sample, sample after sample.</param>
    public static Witness Fill(Model model, Circuit circuit, long[] inputs)
    {
        Assert.True(circuit.TryCompute(Statement(model, circuit.Samples, inputs), out var numbers, out var error), error?.ToString());
        Assert.True(WitnessFiller.TryCreate(circuit, model.Graph, out var filler, out var refused), refused?.ToString());
        return filler.Fill(inputs, numbers);
    }

    public static ProofStatement Statement(Model model, int samples, long[] inputs)
    {
        var outputs = new long[samples * model.OutputCount];
        for (var i = 0; i < samples; i++)
            Assert.True(model.TryRun(inputs.AsSpan(i * model.InputCount, model.InputCount), outputs.AsSpan(i * model.OutputCount, model.OutputCount), out var error), error?.ToString());
        return new ProofStatement(model.Hash, Hash256.Zero, inputs, outputs);
    }

    /// <summary>The filled circuit of a graph whose inputs are drawn between two ends.</summary>
    public static Witness Fill(Graph graph, int samples, int seed, int low = -40000, int high = 40000)
    {
        var (model, random) = (Load(graph), new Random(seed));
        return Fill(model, Build(model, samples), [.. Enumerable.Range(0, samples * model.InputCount).Select(_ => (long)random.Next(low, high))]);
    }

    /// <summary>Whether a verifier accepts the proof of a run whose witness was changed, and why not.</summary>
    public static bool TryProve(Graph graph, int samples, int seed, Action<Witness> change, out Error error)
    {
        var (model, random) = (Load(graph), new Random(seed));
        var shape = new ProofShape(Build(model, samples), ProofParameters.Toy);
        var statement = Statement(model, samples, [.. Enumerable.Range(0, samples * model.InputCount).Select(_ => (long)random.Next(-300, 300))]);
        Assert.True(ProofProver.TryCreate(shape, graph, null, threads: 1, out var prover, out error), error?.ToString());
        using (prover)
        {
            var witness = prover.Fill(statement);
            change(witness);
            return ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, witness), out error);
        }
    }

    /// <summary>Committed S8 or S16 elements that a seed draws: x -> shifted and clamped.</summary>
    public static GraphNode Committed(int source, ElementType type, int shift = 0)
    {
        var limit = type == ElementType.S8 ? 127 : 32767;
        return new RescaleNode { Source = source, Factor = 1, Requantise = Requantise.To(type, [(byte)shift], new Activation.Clamp(-limit, limit)) };
    }

    public static QuantiseNode Quantise(int source, ElementType type) => QuantiseNode.Scale(source, type, 1, 0);

    public static Graph Of(Shape[] inputs, params GraphNode[] nodes) => new()
    {
        Inputs = [.. inputs.Select((shape, i) => new GraphInput($"x{i}", shape, new InputFormat.Fixed(0)))],
        Nodes = [.. nodes],
        Outputs = [new GraphOutput { Name = "y", Source = inputs.Length + nodes.Length - 1, Kind = OutputKind.Values }],
    };
}
