using System.Runtime.InteropServices;
using System.Text;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <summary>
/// 512 rows of 512 numbers by a constant matrix of 512 x 512: the same integers for both engines, so that both are right or the
/// benchmark ends. A model returns fewer numbers than the product has: ours goes on to sum it up by eight columns.
/// One product, with the input's and output's conversions around it, or eight in a row, as layers follow each other.
/// </summary>
internal static class MatMul
{
    private const int Size = 512;
    private const int Columns = 8;
    private const int Shift = 12;

    /// <param name="isSigned">Sources from -127 to 127; without it 0 to 127.</param>
    /// <param name="products">How many follow each other. Only a single one is compared: in a row ours are brought back to bytes.</param>
    public static Workload Create(string name, bool isSigned, int products)
    {
        var random = new Random(2);
        var weights = Numbers(random, Size, -127);
        var columns = Numbers(random, Columns, -127);
        var source = Numbers(random, Size, isSigned ? -127 : 0);
        var workload = new Workload(
            name, Workload.Load(Container.Encode(Graph(weights, columns, isSigned, products))), [[.. source.Select(value => (long)value)]],
            new RuntimeSession(Onnx(weights, products), [.. source.Select(value => (float)value)]));
        if (products == 1)
            Check(workload, columns);
        return workload;
    }

    private static sbyte[] Numbers(Random random, int rows, int least) => [.. Enumerable.Range(0, rows * Size).Select(_ => (sbyte)random.Next(least, 128))];

    private static Graph Graph(sbyte[] weights, sbyte[] columns, bool isSigned, int products) => new()
    {
        Inputs = [new GraphInput("x", [Size, Size], isSigned ? new InputFormat.Fixed(0) : new InputFormat.U8())],
        Nodes =
        [
            // Bytes go up to 255 and are clamped to 127; the input of the benchmark stays below.
            QuantiseNode.Scale(0, ElementType.S8, 1, 0),
            .. Enumerable.Range(1, products).Select(source => Dense(source, Size, weights, Bytes(isSigned || source == products))),
            Dense(products + 1, Columns, columns, Requantise.Raw([0])),
        ],
        Outputs = [new GraphOutput { Name = "y", Source = products + 2, Kind = OutputKind.Values }],
    };

    private static Requantise Bytes(bool isSigned) => Requantise.To(ElementType.S8, [Shift], new Activation.Clamp(isSigned ? -127 : 0, 127));

    private static DenseNode Dense(int source, int outputs, sbyte[] weights, Requantise requantise) => new()
    {
        Source = source,
        Weights = Constant.S8([outputs, Size], weights),
        Bias = Constant.S32([outputs], new int[outputs]),
        Requantise = requantise,
    };

    /// <summary>ONNX Runtime's product is exact: sums of integers below 2^24.</summary>
    private static void Check(Workload workload, sbyte[] columns)
    {
        workload.Run();
        workload.Peer.Run();
        var products = workload.Peer.FirstOutput();
        for (var row = 0; row < Size; row++)
            for (var column = 0; column < Columns; column++)
            {
                var expected = 0L;
                for (var i = 0; i < Size; i++)
                    expected += columns[(column * Size) + i] * Math.Clamp(((long)products[(row * Size) + i] + (1 << (Shift - 1))) >> Shift, -127, 127);
                if (workload.Output[(row * Columns) + column] != expected)
                    throw new AivmException(Failure.Check, "benchmark-differs", $"{workload.Name}: row {row} differs from ONNX Runtime's product");
            }
    }

    /// <summary>x (512 x 512) times the weights, which are stored by output: B[i, o] = weights[o, i].</summary>
    private static byte[] Onnx(sbyte[] weights, int products)
    {
        var floats = new float[Size * Size];
        for (var o = 0; o < Size; o++)
            for (var i = 0; i < Size; i++)
                floats[(i * Size) + o] = products == 1 ? weights[(o * Size) + i] : weights[(o * Size) + i] / 4096f;
        byte[] nodes = [.. Enumerable.Range(0, products).SelectMany(i => Field(1, Product(i == 0 ? "x" : $"y{i}", i == products - 1 ? "y" : $"y{i + 1}")))];
        byte[] constant = [.. Field(1, Size), .. Field(1, Size), .. Field(2, 1), .. Field(8, "b"), .. Field(9, MemoryMarshal.AsBytes<float>(floats))];
        byte[] graph = [.. nodes, .. Field(2, "matmul"), .. Field(5, constant), .. Field(11, Matrix("x")), .. Field(12, Matrix("y"))];
        return [.. Field(1, 7), .. Field(7, graph), .. Field(8, [.. Field(1, ""), .. Field(2, 13)])];
    }

    private static byte[] Product(string source, string result) => [.. Field(1, source), .. Field(1, "b"), .. Field(2, result), .. Field(4, "MatMul")];

    private static byte[] Matrix(string name)
    {
        byte[] extent = Field(1, Field(1, Size));
        return [.. Field(1, name), .. Field(2, Field(1, [.. Field(1, 1), .. Field(2, [.. extent, .. extent])]))];
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, ReadOnlySpan<byte> bytes) => [.. Varint((number << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Field(int number, int value) => [.. Varint(number << 3), .. Varint(value)];

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value > 127; value >>= 7)
            bytes.Add((byte)(value & 127 | 128));
        return [.. bytes, (byte)value];
    }
}
