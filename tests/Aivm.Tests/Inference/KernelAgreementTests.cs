using Aivm.Inference;
using Aivm.Tests.Inference.Reference;
using CsCheck;

namespace Aivm.Tests.Inference;

/// <summary>One meaning on every kernel set, and it is the specification's.</summary>
public sealed class KernelAgreementTests
{
    [Fact]
    public void Every_kernel_set_agrees_with_the_reference_on_random_graphs() =>
        Gen.Int.Sample(
            seed =>
            {
                var (graph, input) = RandomGraphs.Create(seed);
                var expected = ReferenceInterpreter.Run(graph, input);
                foreach (var level in Graphs.Levels)
                {
                    var model = Graphs.Load(graph, level);
                    var output = new long[model.OutputCount];
                    Assert.True(model.TryRun(input, output, out var error), error?.ToString());
                    Assert.Equal(expected, output);
                }
            },
            seed: "0000KernelAgree",
            iter: 150,
            threads: 1);

    [Fact]
    public void Random_graphs_use_every_operator()
    {
        var operators = Enumerable.Range(0, 60).SelectMany(seed => RandomGraphs.Create(seed).Graph.Nodes).Select(node => node.Operator).ToHashSet();
        Assert.Equal(Enum.GetValues<Operator>().Order(), operators.Order());
    }
}
