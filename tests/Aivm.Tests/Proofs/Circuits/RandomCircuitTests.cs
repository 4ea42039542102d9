using System.Globalization;
using Aivm.Inference;
using Aivm.Proofs;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class RandomCircuitTests
{
    /// <summary>Graphs of all operators, each up to the first node that is refused: what is accepted must hold.</summary>
    [Theory]
    [InlineData(ProofPrivacy.None)]
    [InlineData(ProofPrivacy.Inputs)]
    public void The_circuit_of_a_graph_holds_its_run_as_far_as_its_operators_are_covered(ProofPrivacy privacy)
    {
        var held = new Dictionary<Operator, int>();
        for (var seed = 0; seed < 300; seed++)
        {
            var (graph, input) = RandomGraphs.Create(seed);
            if (Covered(graph, privacy) is not { } covered || !covered.Model.TryRun(input, new long[covered.Model.OutputCount], out _))
                continue;
            var witness = VectorCircuits.Fill(covered.Model, covered.Circuit, input);
            WitnessCheck.Satisfies(witness);
            if (seed % 16 == 0)
                ReductionCheck.Holds(witness, seed);
            foreach (var node in covered.Model.Graph.Nodes)
                held[node.Operator] = held.GetValueOrDefault(node.Operator) + 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", held.Select(pair => $"{pair.Value} {pair.Key}")));
        Operator[] along = [Operator.MatMul, Operator.Multiply, Operator.Softmax, Operator.LayerNorm, Operator.Max, Operator.Compare, Operator.Where, Operator.Normalise, Operator.TreeEnsemble, Operator.Quantise];
        Assert.All(along, kind => Assert.True(held.GetValueOrDefault(kind) > 3, $"{kind}"));
    }

    /// <summary>A graph up to the first node that is refused, and its circuit; null where nothing can stand alone.</summary>
    internal static (Model Model, Circuit Circuit)? Covered(Graph graph, ProofPrivacy privacy)
    {
        while (!graph.Nodes.IsEmpty)
        {
            var (model, hidesWeights) = (OperatorCircuits.Load(graph), privacy.HasFlag(ProofPrivacy.Weights));
            var stated = hidesWeights ? PrivateModel.Skeleton(graph) : graph;
            // Weights as large as declared may be too large for the engine.
            if (GraphAnalysis.TryAnalyse(stated, out var analysis, out var error))
            {
                if (hidesWeights && !Circuit.TryBuildWeightRanges(stated, analysis, out _, out _))
                    return null;
                if (Circuit.TryBuild(stated, analysis, samples: 1, privacy, out var circuit, out error))
                    return (model, circuit);
                Assert.Equal("proof-unsupported", error.Code);
            }
            if (!error.Message.StartsWith("node ", StringComparison.Ordinal) || !TryCut(graph, int.Parse(error.Message.Split(' ')[1], CultureInfo.InvariantCulture), out graph))
                return null;
        }
        return null;
    }

    /// <summary>The nodes before one, as far as they can stand alone.</summary>
    private static bool TryCut(Graph graph, int node, out Graph cut)
    {
        var nodes = graph.Nodes[..node];
        var read = nodes.SelectMany(each => each.Sources).ToHashSet();
        int[] unread = [.. Enumerable.Range(graph.Inputs.Length, nodes.Length).Where(value => !read.Contains(value))];
        cut = new Graph
        {
            Inputs = graph.Inputs,
            Nodes = nodes,
            Outputs = [.. unread.Select(value => new GraphOutput { Name = $"y{value}", Source = value, Kind = OutputKind.Values })],
        };
        return GraphAnalysis.TryAnalyse(cut, out _, out _);
    }
}
