using Aivm.Inference;

namespace Aivm.Tests.Proofs;

/// <summary>A convolution and a dense layer over 64 bytes, small enough to be proved in a moment.</summary>
internal static class SmallNetwork
{
    public static byte[] Container { get; } = Aivm.Inference.Container.Encode(new Graph
    {
        Inputs = [new GraphInput("x", [1, 8, 8], new InputFormat.U8())],
        Nodes =
        [
            QuantiseNode.Scale(0, ElementType.S8, 1, 1),
            new ConvNode
            {
                Source = 1,
                Weights = Numbers(seed: 1, 4, 1, 3, 3),
                Bias = Constant.S32([4], [10, -20, 30, 0]),
                Window = new() { Kernel = new(3, 3), Strides = new(2, 2) },
                Requantise = Requantise.To(ElementType.S8, [6], new Activation.Clamp(0, 127)),
            },
            new ReshapeNode { Source = 2, Shape = [36] },
            new DenseNode
            {
                Source = 3,
                Weights = Numbers(seed: 2, 3, 36),
                Bias = Constant.S32([3], [100, 0, -100]),
                Requantise = Requantise.To(ElementType.S8, 9),
            },
        ],
        Outputs = [new GraphOutput { Name = "y", Source = 4, Kind = OutputKind.Values }],
    });

    public static Model Model { get; } = Load();

    private static Model Load()
    {
        Assert.True(Model.TryLoad(Container, out var model, out var error), error?.ToString());
        return model;
    }

    public static long[] Input(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 64).Select(_ => (long)random.Next(256))];
    }

    public static long[] Run(long[] input)
    {
        var output = new long[Model.OutputCount];
        Assert.True(Model.TryRun(input, output, out var error), error?.ToString());
        return output;
    }

    private static Constant Numbers(int seed, params int[] shape)
    {
        var random = new Random(seed);
        return Constant.S8([.. shape], [.. Enumerable.Range(0, shape.Aggregate(1, (all, length) => all * length)).Select(_ => (sbyte)random.Next(-127, 128))]);
    }
}
