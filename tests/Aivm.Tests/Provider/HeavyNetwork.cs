using Aivm.Inference;

namespace Aivm.Tests.Provider;

/// <summary>A network that can just be published: one run and its loading leave less gas of a transaction than the calldata of an input takes, so that none runs it.</summary>
internal static class HeavyNetwork
{
    private const int Side = 200;
    private const int Channels = 192;

    public static byte[] Container { get; } = Aivm.Inference.Container.Encode(new Graph
    {
        Inputs = [new GraphInput("x", [1, Side, Side], new InputFormat.U8())],
        Nodes =
        [
            QuantiseNode.Scale(0, ElementType.S8, 1, 1),
            Convolution(1, kernel: 4, stride: 4, Channels, 1),
            Convolution(2, kernel: 3, stride: 1, Channels, Channels),
            Convolution(3, kernel: 3, stride: 1, Channels, Channels),
            Convolution(4, kernel: 8, stride: 8, 16, Channels),
        ],
        Outputs = [new GraphOutput { Name = "y", Source = 5, Kind = OutputKind.Values }],
    });

    /// <summary>Packed, without a zero: those are cheaper.</summary>
    public static byte[] Input { get; } = Bytes(seed: 3, Side * Side);

    private static ConvNode Convolution(int source, int kernel, int stride, params int[] channels) => new()
    {
        Source = source,
        Weights = Constant.S8([.. channels, kernel, kernel], [.. Bytes(source, channels[0] * channels[1] * kernel * kernel).Select(value => (sbyte)(value % 7 - 3))]),
        Bias = Constant.S32([channels[0]], new int[channels[0]]),
        Window = new() { Kernel = new(kernel, kernel), Strides = new(stride, stride) },
        Requantise = Requantise.To(ElementType.S8, 8),
    };

    private static byte[] Bytes(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(1, 256))];
    }
}
