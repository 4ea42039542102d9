using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>Graphs at the edges of what the analysis allows: refused by name, or of one meaning on every kernel set.</summary>
public sealed class HostileGraphTests
{
    private static readonly Activation NotNegative = new Activation.Clamp(0, 127);

    [Fact]
    public void A_kernel_of_one_row_and_two_columns_over_two_channels_keeps_its_weights_apart()
    {
        // Channels innermost, the weights of a position are 0, 2, 1, 3: they end three apart, but do not rise by one.
        var graph = Graphs.OfS8([2, 1, 2],
            source => new RescaleNode { Source = source, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], NotNegative) },
            source => new ConvNode
            {
                Source = source,
                Weights = Constant.S8([1, 2, 1, 2], [1, 10, 50, 100]),
                Bias = Constant.S32([1], [0]),
                Window = new() { Kernel = new(1, 2) },
                Requantise = Requantise.Raw([0]),
            });
        Assert.Equal([1 + 20 + 150 + 400], Graphs.Run(graph, [1, 2, 3, 4]));
    }

    [Fact]
    public void A_multiplier_that_leaves_32_bits_at_the_border_is_refused_over_zeros_too()
    {
        // No product of zero exceeds the bound, but a window with one of its 64 * 64 elements inside multiplies by 2^24 * 2^12.
        var graph = Graphs.OfS8([1, 1, 1],
            source => new RescaleNode { Source = source, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(0, 0)) },
            source => new AveragePoolNode
            {
                Source = source,
                Window = new() { Kernel = new(64, 64), Padding = new(63, 63, 63, 63) },
                Multiplier = 1 << 24,
                ExcludesPadding = true,
                Requantise = Requantise.To(ElementType.S8, 0),
            });
        Assert.False(GraphAnalysis.TryAnalyse(graph, out _, out var error));
        Assert.Equal("graph-bound", error.Code);
    }

    [Fact]
    public void A_row_of_ones_may_be_long_enough_to_leave_32_bits_on_the_way()
    {
        // 140,000 weights of 127 over [-1, 1] stay below 2^29; over bytes offset by 128 their sum does not, until the offset is taken off.
        const int Length = 140_000;
        var graph = Graphs.OfS8([Length],
            source => new RescaleNode { Source = source, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-1, 1)) },
            source => new DenseNode
            {
                Source = source,
                Weights = Constant.S8([1, Length], [.. Enumerable.Repeat((sbyte)127, Length)]),
                Bias = Constant.S32([1], [7]),
                Requantise = Requantise.Raw([0]),
            });
        Assert.Equal([(127 * Length) + 7], Graphs.Run(graph, [.. Enumerable.Repeat(1L, Length)]));
        Assert.Equal([7 - (127 * Length)], Graphs.Run(graph, [.. Enumerable.Repeat(-1L, Length)]));
    }
}
