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
}
