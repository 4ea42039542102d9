using Aivm.Fuzz.Onnx;
using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Fuzz.Containers;

/// <summary>Sound containers: the smallest random graphs that use every operator several times, and what small ONNX files compile to.</summary>
internal static class ContainerSeeds
{
    private const int Graphs = 200;
    private const int PerOperator = 4;
    private const int MaxLength = 6000;

    public static IReadOnlyList<byte[]> All { get; } = Create();

    private static List<byte[]> Create()
    {
        var seeds = new List<byte[]>();
        var used = new Dictionary<Operator, int>();
        var graphs = Enumerable.Range(0, Graphs).Select(seed => RandomGraphs.Create(seed).Graph)
            .Select(graph => (Graph: graph, Bytes: Container.Encode(graph))).OrderBy(pair => pair.Bytes.Length);
        foreach (var (graph, bytes) in graphs)
        {
            var operators = graph.Nodes.Select(node => node.Operator).ToHashSet();
            if (operators.All(code => used.GetValueOrDefault(code) >= PerOperator))
                continue;
            foreach (var code in operators)
                used[code] = used.GetValueOrDefault(code) + 1;
            seeds.Add(bytes);
        }
        seeds.AddRange(OnnxSeeds.Compiled().Where(container => container.Length <= MaxLength));
        return seeds;
    }
}
