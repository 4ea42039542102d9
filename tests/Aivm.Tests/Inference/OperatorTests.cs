using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>Each operator on numbers small enough to check by hand.</summary>
public sealed class OperatorTests
{
    [Fact]
    public void A_convolution_sums_taps_pads_with_zeros_and_rounds_half_up()
    {
        // 3 x 3 ones over a 2 x 2 image [1 2; 3 4] with padding 1: every position sees the whole image, 10. (10 + 2) >> 2 = 3.
        var graph = Graphs.OfS8([1, 2, 2], source => new ConvNode
        {
            Source = source,
            Weights = Constant.S8([1, 1, 3, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1]),
            Bias = Constant.S32([1], [0]),
            Window = new() { Kernel = new(3, 3), Padding = new(1, 1, 1, 1) },
            Requantise = Requantise.To(ElementType.S8, 2),
        });
        Assert.Equal([3, 3, 3, 3], Graphs.Run(graph, [1, 2, 3, 4]));
    }

    [Fact]
    public void A_dense_layer_scales_each_channel_by_its_own_shift_and_clamps()
    {
        var graph = Graphs.OfS8([2], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([3, 2], [1, 2, -3, 4, 127, 127]),
            Bias = Constant.S32([3], [1, -1, 0]),
            Requantise = Requantise.To(ElementType.S8, [0, 3, 1], new Activation.Clamp(-5, 100)),
        });
        // 10 + 40 + 1 = 51; (-30 + 80 - 1 + 4) >> 3 = 6; (127 * 30 + 1) >> 1 = 1905, clamped.
        Assert.Equal([51, 6, 100], Graphs.Run(graph, [10, 20]));
        // -10 - 40 + 1 = -49, clamped; (30 - 80 - 1 + 4) >> 3 = -47 >> 3 = -6, clamped.
        Assert.Equal([-5, -5, -5], Graphs.Run(graph, [-10, -20]));
    }

    [Fact]
    public void An_entry_map_to_64_bits_multiplies_in_128()
    {
        var graph = Graphs.Of([2], source => new QuantiseNode
        {
            Source = source,
            Output = ElementType.S64,
            Multipliers = Constant.S64([2], [1L << 61, -3]),
            Offsets = Constant.S64([2], [1L << 59, 0]),
            Shift = 60,
        });
        // (n * 2^61 + 2^59 + 2^59) >> 60 = 2n + 1; what exceeds 64 bits is clamped.
        Assert.Equal([2_000_000_000_001, 0], Graphs.Run(graph, [1_000_000_000_000, 5]));
        Assert.Equal([long.MaxValue, -24], Graphs.Run(graph, [long.MaxValue, long.MaxValue]));
    }

    [Fact]
    public void Raw_accumulators_come_out_at_the_scale_of_the_largest_shift()
    {
        var graph = Graphs.OfS8([1], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([2, 1], [3, 5]),
            Bias = Constant.S32([2], [1, 1]),
            Requantise = Requantise.Raw([2, 4]),
        });
        Assert.Equal([(30 + 1) * 4, 51], Graphs.Run(graph, [10]));
    }

    [Theory]
    [InlineData(-500, 30)]
    [InlineData(-127 - 3, 30)]
    [InlineData(128, 10)]
    [InlineData(1 << 29, 10)]
    [InlineData(-(1 << 29), 30)]
    public void A_table_that_lies_beside_its_source_gives_the_entry_at_its_end(int low, long expected)
    {
        foreach (var entries in (Constant[])[Constant.S8([3], [10, 20, 30]), Constant.S16([3], [10, 20, 30])])
        {
            Assert.Equal([expected, expected, expected], Graphs.Run(Graphs.OfS8([3], source => new TableNode { Source = source, Low = low, Entries = entries }), -127, 0, 127));
            Assert.Equal([expected], Graphs.Run(Graphs.OfS16([1], source => new TableNode { Source = source, Low = low, Entries = entries }), 0));
        }
    }
}
