using System.Collections.Immutable;
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

    /// <summary>Thirty-two channels and more, whole and in part, by tiles of positions whole and in part: what random graphs seldom have.</summary>
    [Theory]
    [InlineData(25, 5)]
    [InlineData(32, 6)]
    [InlineData(33, 7)]
    [InlineData(64, 12)]
    [InlineData(72, 61)]
    public void Layers_of_many_channels_mean_the_same_on_every_kernel_set(int channels, int positions)
    {
        var random = new Random(channels);
        foreach (var source in new[] { ElementType.S8, ElementType.S16 })
            foreach (var least in new[] { -127, 0 })
                foreach (var result in new[] { ElementType.S8, ElementType.S16, ElementType.S32 })
                {
                    var dense = LayersOf(source, least, result, channels, positions, random);
                    long[] input = [.. Enumerable.Range(0, positions * 19).Select(_ => (long)random.Next(-130, 131))];
                    Assert.Equal(ReferenceInterpreter.Run(dense, input), Graphs.Run(dense, input));
                }
    }

    /// <summary>A dense layer and a convolution over its channels, which pads.</summary>
    private static Graph LayersOf(ElementType source, int least, ElementType result, int channels, int positions, Random random)
    {
        const int inputs = 19;
        ImmutableArray<byte> shifts = [.. Enumerable.Range(0, channels).Select(_ => (byte)random.Next(3, 8))];
        var bytes = Requantise.To(ElementType.S8, shifts, new Activation.Clamp(least, 127));
        return Graphs.Of(
            [positions, inputs],
            x => QuantiseNode.Scale(x, source, 1, 0),
            x => new RescaleNode { Source = x, Factor = 1, Requantise = Requantise.To(source, [0], new Activation.Clamp(least, 127)) },
            x => new DenseNode { Source = x, Weights = Weights([channels, inputs]), Bias = Biases(), Requantise = bytes },
            x => new TransposeNode { Source = x, Permutation = [1, 0] },
            x => new ReshapeNode { Source = x, Shape = [channels, positions, 1] },
            x => new ConvNode
            {
                Source = x,
                Weights = Weights([channels, channels, 3, 1]),
                Bias = Biases(),
                Window = new() { Kernel = new(3, 1), Padding = new(1, 0, 1, 0) },
                Requantise = result == ElementType.S32 ? Requantise.Raw(shifts) : Requantise.To(result, shifts, new Activation.Clamp(-100, 120)),
            });

        Constant Weights(Shape shape) => Constant.S8(shape, [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (sbyte)random.Next(-127, 128))]);
        Constant Biases() => Constant.S32([channels], [.. Enumerable.Range(0, channels).Select(_ => random.Next(-5000, 5000))]);
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
