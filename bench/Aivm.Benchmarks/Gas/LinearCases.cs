using Aivm.Inference;
using static Aivm.Benchmarks.Gas.CaseConstants;

namespace Aivm.Benchmarks.Gas;

/// <summary>Convolutions, dense layers and products of matrices.</summary>
internal static class LinearCases
{
    private static readonly SourceKind[] Activations = [SourceKind.Byte, SourceKind.S8, SourceKind.S16];

    public static IEnumerable<GasCase> All => [.. Convolutions(), .. Dense(), .. MatMuls()];

    /// <param name="Inputs">Channels of the source.</param>
    private sealed record Kernel(string Price, int Inputs, int Height, int Width, int Outputs, int Rows, int Columns, int Stride = 1, int Dilation = 1, int Pad = 0, int Groups = 1)
    {
        public Requantise Requantise { get; init; } = Clamp8(12);

        public override string ToString() =>
            $"{Rows}x{Columns} to {Outputs}{(Stride > 1 ? $" stride {Stride}" : "")}{(Dilation > 1 ? $" dilation {Dilation}" : "")}{(Pad > 0 ? $" pad {Pad}" : "")}{(Groups > 1 ? $" groups {Groups}" : "")}";
    }

    private static readonly Kernel[] Kernels =
    [
        new(nameof(GasTable.Mac), 16, 32, 32, 16, 3, 3, Pad: 1),
        new(nameof(GasTable.Mac), 64, 8, 8, 64, 3, 3, Pad: 1),
        new(nameof(GasTable.Mac), 64, 16, 16, 128, 1, 1),
        new(nameof(GasTable.Mac), 32, 16, 16, 64, 3, 3, Stride: 2, Pad: 1),
        new(nameof(GasTable.Mac), 16, 24, 24, 16, 3, 3, Dilation: 2, Pad: 2),
        new(nameof(GasTable.Mac), 64, 8, 8, 64, 3, 3, Pad: 1, Groups: 4),
        new(nameof(GasTable.Mac), 32, 16, 16, 64, 3, 3, Pad: 1, Groups: 8),
        new(nameof(GasTable.Mac), 128, 9, 9, 256, 1, 1, Groups: 32),
        new(nameof(GasTable.Mac), 1, 28, 28, 8, 3, 3),
        new(nameof(GasTable.Mac), 3, 32, 32, 16, 3, 3, Pad: 1),
        new(nameof(GasTable.Mac), 5, 17, 13, 9, 3, 3),
        new(nameof(GasTable.Mac), 33, 5, 5, 33, 2, 2),
        new(nameof(GasTable.Mac), 1, 64, 64, 1, 7, 7),
        new(nameof(GasTable.Clamp), 1, 64, 64, 1, 1, 1),
        new(nameof(GasTable.Clamp), 1, 1, 4000, 1, 1, 9),
        new(nameof(GasTable.Clamp), 1, 4000, 1, 1, 9, 1),
        new(nameof(GasTable.Clamp), 2, 64, 64, 3, 1, 1),
        new(nameof(GasTable.Mac), 4, 64, 64, 9, 1, 1, Dilation: 3),
        new(nameof(GasTable.Weight), 64, 4, 4, 10, 4, 4),
        new(nameof(GasTable.Weight), 1, 1, 1, 1, 1, 1),
        new(nameof(GasTable.Weight), 512, 2, 2, 512, 3, 3, Pad: 1),
        new(nameof(GasTable.Gather), 8, 128, 128, 8, 1, 1, Stride: 16),
        new(nameof(GasTable.Gather), 3, 64, 64, 1, 1, 1, Stride: 64, Pad: 1),
        new(nameof(GasTable.Gather), 1, 1, 1, 1, 1, 1, Pad: 40),
        new(nameof(GasTable.Gather), 16, 2, 2, 16, 1, 1, Pad: 20),
        new(nameof(GasTable.Clamp), 4, 64, 64, 32, 1, 1) { Requantise = Raw },
        new(nameof(GasTable.Lookup), 4, 64, 64, 32, 1, 1) { Requantise = Table8() },
        new(nameof(GasTable.Lookup), 4, 64, 64, 30, 1, 1) { Requantise = Table16() },
        new(nameof(GasTable.Clamp), 4, 64, 64, 8, 1, 1) { Requantise = Requantise.To(ElementType.S16, [1, 2, 3, 4, 5, 6, 7, 8], new Activation.Clamp(-30000, 30000)) },
        new(nameof(GasTable.DepthwiseMac), 64, 16, 16, 64, 3, 3, Pad: 1, Groups: 64),
        new(nameof(GasTable.DepthwiseMac), 16, 32, 32, 16, 3, 3, Stride: 2, Pad: 1, Groups: 16),
        new(nameof(GasTable.DepthwiseMac), 8, 32, 32, 8, 3, 3, Pad: 1, Groups: 8),
        new(nameof(GasTable.DepthwiseMac), 17, 16, 16, 17, 3, 3, Pad: 1, Groups: 17),
        new(nameof(GasTable.DepthwiseMac), 33, 9, 9, 33, 5, 5, Dilation: 2, Pad: 4, Groups: 33),
        new(nameof(GasTable.DepthwiseMac), 256, 4, 4, 256, 3, 3, Pad: 1, Groups: 256),
        new(nameof(GasTable.DepthwiseMac), 64, 16, 16, 64, 1, 1, Groups: 64),
        new(nameof(GasTable.DepthwiseMac), 16, 1, 1000, 16, 1, 9, Groups: 16),
        new(nameof(GasTable.DepthwiseMac), 256, 1, 1, 256, 1, 1, Groups: 256),
        new(nameof(GasTable.NarrowMac), 4, 32, 32, 4, 3, 3, Pad: 1, Groups: 2),
        new(nameof(GasTable.NarrowMac), 4, 64, 64, 4, 3, 3, Stride: 2, Groups: 2),
        new(nameof(GasTable.NarrowMac), 4, 1000, 1, 4, 1, 1, Groups: 2),
        new(nameof(GasTable.NarrowMac), 4, 300, 3, 4, 3, 3, Pad: 1, Groups: 2),
        new(nameof(GasTable.NarrowMac), 64, 8, 8, 128, 3, 3, Pad: 1, Groups: 64),
        new(nameof(GasTable.NarrowMac), 6, 1, 1, 6, 1, 1, Groups: 3),
        new(nameof(GasTable.NarrowMac), 1024, 1, 1, 1024, 1, 1, Groups: 512),
        new(nameof(GasTable.NarrowMac), 48, 4, 4, 28, 3, 3, Groups: 4),
        new(nameof(GasTable.NarrowMac), 4, 40, 7, 4, 2, 5, Dilation: 1, Groups: 2),
    ];

    private static IEnumerable<GasCase> Convolutions()
    {
        foreach (var kind in Activations)
        {
            foreach (var kernel in Kernels)
            {
                foreach (var channelsLast in (bool[])[false, true])
                {
                    var limit = kind == SourceKind.S16 ? 2000 : 0;
                    yield return CaseBuilder.Create($"{kernel}", kernel.Price, [new(kind, [kernel.Inputs, kernel.Height, kernel.Width], limit, channelsLast)], x => new ConvNode
                    {
                        Source = x[0],
                        Weights = Weights([kernel.Outputs, kernel.Inputs / kernel.Groups, kernel.Rows, kernel.Columns], kind == SourceKind.S16 ? 20 : 127),
                        Bias = Bias(kernel.Outputs),
                        Groups = kernel.Groups,
                        Window = new()
                        {
                            Kernel = new(kernel.Rows, kernel.Columns),
                            Strides = new(kernel.Stride, kernel.Stride),
                            Dilations = new(kernel.Dilation, kernel.Dilation),
                            Padding = new(kernel.Pad, kernel.Pad, kernel.Pad, kernel.Pad),
                        },
                        Requantise = kernel.Requantise,
                    });
                }
            }
        }
    }

    private static IEnumerable<GasCase> Dense()
    {
        (string Price, int Rows, int Inputs, int Outputs)[] layers =
        [
            (nameof(GasTable.Weight), 1, 64, 10),
            (nameof(GasTable.Weight), 1, 640, 128),
            (nameof(GasTable.Weight), 1, 1, 1),
            (nameof(GasTable.Weight), 1, 3, 1000),
            (nameof(GasTable.Weight), 1, 1000, 1),
            (nameof(GasTable.Weight), 1, 4096, 1024),
            (nameof(GasTable.Clamp), 1000, 1, 1),
            (nameof(GasTable.Clamp), 1000, 3, 5),
            (nameof(GasTable.Mac), 3, 37, 41),
            (nameof(GasTable.Mac), 64, 128, 128),
            (nameof(GasTable.Mac), 128, 512, 256),
        ];
        foreach (var kind in Activations)
        {
            foreach (var (price, rows, inputs, outputs) in layers)
            {
                var limit = kind == SourceKind.S16 ? 2000 : 0;
                yield return CaseBuilder.Create($"{inputs} to {outputs}", price, [new(kind, [rows, inputs], limit)], x => new DenseNode
                {
                    Source = x[0],
                    Weights = Weights([outputs, inputs], kind == SourceKind.S16 ? 20 : 100),
                    Bias = Bias(outputs),
                    Requantise = Clamp8(14),
                });
            }
        }
    }

    private static IEnumerable<GasCase> MatMuls()
    {
        (string Price, int Batch, int Rows, int Inner, int Columns)[] products =
        [
            (nameof(GasTable.Mac), 1, 64, 64, 64),
            (nameof(GasTable.Mac), 4, 128, 32, 128),
            (nameof(GasTable.Mac), 4, 16, 32, 16),
            (nameof(GasTable.Mac), 1, 128, 256, 128),
            (nameof(GasTable.Mac), 3, 7, 5, 9),
            (nameof(GasTable.Mac), 1, 1, 1, 1),
            (nameof(GasTable.Mac), 1000, 1, 1, 1),
            (nameof(GasTable.Mac), 300, 3, 2, 3),
            (nameof(GasTable.Mac), 1, 1, 4096, 1),
            (nameof(GasTable.Mac), 1, 4096, 1, 1),
            (nameof(GasTable.Mac), 1, 1, 1, 4096),
            (nameof(GasTable.Mac), 1, 64, 1, 64),
            (nameof(GasTable.Mac), 1, 1, 64, 1000),
            (nameof(GasTable.Mac), 1, 1000, 64, 1),
        ];
        foreach (var (left, right) in (IEnumerable<(SourceKind, SourceKind)>)[(SourceKind.Byte, SourceKind.S8), (SourceKind.S8, SourceKind.S8), (SourceKind.S16, SourceKind.S8), (SourceKind.S8, SourceKind.S16), (SourceKind.S16, SourceKind.S16)])
        {
            foreach (var (price, batch, rows, inner, columns) in products)
            {
                foreach (var transposes in (bool[])[false, true])
                {
                    Source[] sources =
                    [
                        new(left, [batch, rows, inner], left == SourceKind.S16 ? 300 : 0),
                        new(right, transposes ? [batch, columns, inner] : [batch, inner, columns], right == SourceKind.S16 ? 300 : 0),
                    ];
                    yield return CaseBuilder.Create(transposes ? "transposed" : "", price, sources, x => new MatMulNode { Left = x[0], Right = x[1], TransposesRight = transposes, Requantise = Clamp8(14) });
                }
            }
        }
    }
}
