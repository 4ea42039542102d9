using Aivm.Inference;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

/// <summary>One meaning on every kernel set, and it is the specification's.</summary>
public sealed class KernelAgreementTests
{
    /// <summary><c>$AIVM_GRAPHS</c> asks for a longer campaign: how many graphs, and after a colon the first seed.</summary>
    private static (int Count, int First) Campaign =>
        Environment.GetEnvironmentVariable("AIVM_GRAPHS")?.Split(':') is { } parts
            ? (int.Parse(parts[0]), parts.Length > 1 ? int.Parse(parts[1]) : 0)
            : (150, 0);

    [Fact]
    public void Every_kernel_set_agrees_with_the_reference_on_random_graphs()
    {
        var (count, first) = Campaign;
        for (var seed = first; seed < first + count; seed++)
        {
            var (graph, input) = RandomGraphs.Create(seed);
            var expected = ReferenceInterpreter.Run(graph, input);
            foreach (var level in Graphs.Levels)
            {
                var model = Graphs.Load(graph, level);
                var output = new long[model.OutputCount];
                Assert.True(model.TryRun(input, output, out var error), error?.ToString());
                Assert.True(expected.AsSpan().SequenceEqual(output), $"graph {seed} on {level}");
            }
        }
    }

    [Fact]
    public void Random_graphs_use_every_operator_and_every_kind_of_convolution()
    {
        var nodes = Enumerable.Range(0, 150).SelectMany(seed => RandomGraphs.Create(seed).Graph.Nodes).ToArray();
        Assert.Equal(Enum.GetValues<Operator>().Order(), nodes.Select(node => node.Operator).Distinct().Order());
        var convolutions = nodes.OfType<ConvNode>().ToArray();
        Assert.Contains(convolutions, conv => conv.Groups >= 16 && conv.Weights.Shape[1] == 1 && conv.Groups == conv.Bias.Count);
        Assert.Contains(convolutions, conv => conv.Groups > 1 && conv.Weights.Shape[1] >= 4 && conv.Bias.Count / conv.Groups >= 8);
        Assert.Contains(convolutions, conv => conv.Groups == 1 && conv.Bias.Count >= 24 && conv.Window.Strides.Width == 2);
        Assert.Contains(convolutions, conv => conv.Groups == 1 && conv.Window.Dilations.Width == 2 && conv.Window.Kernel.Width > 1);
    }
}
