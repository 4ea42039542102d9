using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>
/// A small residual network in float32, and quantised from it in the forms that tools write: scales are those of the ranges that
/// the float32 network shows on samples.
/// </summary>
internal sealed class QuantisedFile
{
    public const int Width = 3 * 8 * 8;

    private const int Int8 = 3;
    private const int UInt8 = 2;

    private static readonly long[] Pads = [1, 1, 1, 1];

    private readonly float[] _w1 = Draw("w1", 6 * 3 * 9, 0.35f);
    private readonly float[] _b1 = Draw("b1", 6, 0.5f);
    private readonly float[] _w2 = Draw("w2", 6 * 9, 0.4f);
    private readonly float[] _b2 = Draw("b2", 6, 0.5f);
    private readonly float[] _w3 = Draw("w3", 6 * 5, 0.8f);
    private readonly Dictionary<string, (float Low, float High)> _ranges = [];

    public QuantisedFile(IReadOnlyList<double[]> samples)
    {
        using var session = Onnx.Session(Float());
        foreach (var sample in samples)
        {
            using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(sample.Select(value => (float)value).ToArray(), [1, 3, 8, 8]))]);
            Widen("x", sample.Select(value => (float)value));
            foreach (var output in outputs)
                Widen(output.Name, output.AsEnumerable<float>());
        }
    }

    /// <summary>Whether activations are signed bytes around zero, as TensorRT and PyTorch have them; else unsigned ones with a zero point.</summary>
    public bool IsSymmetric { get; init; }

    public bool IsPerChannel { get; init; }

    /// <summary>Q and DQ around operators of float32.</summary>
    public byte[] Pairs()
    {
        var file = new OnnxFile().Input("x", -1, 3, 8, 8);
        string Paired(string name)
        {
            Scale(file, name);
            file.Node("QuantizeLinear", [name, name + "_s", name + "_z"], [name + "_q"]).Node("DequantizeLinear", [name + "_q", name + "_s", name + "_z"], [name + "_d"]);
            return name + "_d";
        }
        var x = Paired("x");
        Weight(file, "w1", _w1, [6, 3, 3, 3], 0);
        Weight(file, "w2", _w2, [6, 1, 3, 3], 0);
        Weight(file, "w3", _w3, [6, 5], 1);
        foreach (var name in new[] { "w1", "w2", "w3" })
            file.Node("DequantizeLinear", [name + "_q", name + "_s", name + "_z"], [name], Attribute("axis", name == "w3" ? 1L : 0));
        Bias(file, "b1", _b1, "x", "w1");
        Bias(file, "b2", _b2, "r1", "w2");
        file.Node("DequantizeLinear", ["b1_q", "b1_s"], ["b1"], Attribute("axis", 0L)).Node("DequantizeLinear", ["b2_q", "b2_s"], ["b2"], Attribute("axis", 0L));
        // Where integers are unsigned and zero is the least, their range is the Relu.
        file.Node("Conv", [x, "w1", "b1"], [IsSymmetric ? "c1" : "r1"], Attribute("pads", Pads));
        if (IsSymmetric)
            file.Node("Relu", ["c1"], ["r1"]);
        file.Node("MaxPool", [Paired("r1")], ["p"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2]));
        var p = Paired("p");
        file.Node("Conv", [p, "w2", "b2"], ["c2"], Attribute("pads", Pads), Attribute("group", 6L))
            .Node("Add", [p, Paired("c2")], [IsSymmetric ? "s" : "r2"]);
        if (IsSymmetric)
            file.Node("Relu", ["s"], ["r2"]);
        file.Node("GlobalAveragePool", [Paired("r2")], ["g"]).Node("Flatten", [Paired("g")], ["f"]).Node("MatMul", ["f", "w3"], ["y"]);
        return Renamed(file, Paired("y"));
    }

    /// <summary>Operators on integers, of ONNX and of ONNX Runtime.</summary>
    public byte[] Linear()
    {
        var file = new OnnxFile().Import("com.microsoft", 1).Input("x", -1, 3, 8, 8);
        foreach (var name in new[] { "x", "r1", "c2", "r2", "g", "y" })
            Scale(file, name);
        Weight(file, "w1", _w1, [6, 3, 3, 3], 0);
        Weight(file, "w2", _w2, [6, 1, 3, 3], 0);
        Weight(file, "w3", _w3, [6, 5], 1);
        Bias(file, "b1", _b1, "x", "w1");
        Bias(file, "b2", _b2, "r1", "w2");
        string[] Scaled(string name, string? of = null) => [name + "_q", (of ?? name) + "_s", (of ?? name) + "_z"];
        string[] ScaleOf(string name) => [name + "_s", name + "_z"];
        file.Node("QuantizeLinear", ["x", "x_s", "x_z"], ["x_q"])
            .Node("QLinearConv", [.. Scaled("x"), .. Scaled("w1"), .. ScaleOf("r1"), "b1_q"], ["r1_q"], Attribute("pads", Pads))
            .Node("MaxPool", ["r1_q"], ["p_q"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2]))
            .Node("QLinearConv", [.. Scaled("p", "r1"), .. Scaled("w2"), .. ScaleOf("c2"), "b2_q"], ["c2_q"], Attribute("pads", Pads), Attribute("group", 6L))
            .Node("com.microsoft", "QLinearAdd", [.. Scaled("p", "r1"), .. Scaled("c2"), .. ScaleOf("r2")], ["r2_q"])
            .Node("com.microsoft", "QLinearGlobalAveragePool", [.. Scaled("r2"), .. ScaleOf("g")], ["g_q"])
            .Node("Flatten", ["g_q"], ["f_q"])
            .Node("QLinearMatMul", [.. Scaled("f", "g"), .. Scaled("w3"), .. ScaleOf("y")], ["y_q"])
            .Node("DequantizeLinear", Scaled("y"), ["out"]);
        return file.Output("out").Write();
    }

    private byte[] Float() => new OnnxFile().Input("x", -1, 3, 8, 8)
        .Weights("w1", [6, 3, 3, 3], _w1).Weights("b1", [6], _b1).Weights("w2", [6, 1, 3, 3], _w2).Weights("b2", [6], _b2).Weights("w3", [6, 5], _w3)
        .Node("Conv", ["x", "w1", "b1"], ["c1"], Attribute("pads", Pads)).Node("Relu", ["c1"], ["r1"])
        .Node("MaxPool", ["r1"], ["p"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2]))
        .Node("Conv", ["p", "w2", "b2"], ["c2"], Attribute("pads", Pads), Attribute("group", 6L)).Node("Add", ["p", "c2"], ["s"]).Node("Relu", ["s"], ["r2"])
        .Node("GlobalAveragePool", ["r2"], ["g"]).Node("Flatten", ["g"], ["f"]).Node("MatMul", ["f", "w3"], ["y"])
        .Output("r1").Output("p").Output("c2").Output("r2").Output("g").Output("y").Write();

    private void Scale(OnnxFile file, string name)
    {
        var (low, high) = _ranges[name == "p" ? "r1" : name];
        var largest = Math.Max(-low, high);
        var scale = IsSymmetric ? largest / 127 : (high - low) / 255;
        var zero = IsSymmetric ? 0 : (long)Math.Round(-low / scale);
        file.Weights(name + "_s", [], scale).Initialiser(IntegerTensor(name + "_z", IsSymmetric ? Int8 : UInt8, [], zero));
    }

    /// <summary>ONNX Runtime adds two products of a byte and a weight in 16 bits where the processor has no VNNI: larger weights saturate there.</summary>
    public const int LargestWeight = 63;

    private float[] WeightScales(string name)
    {
        var (weights, channels, isLast) = name switch { "w1" => (_w1, 6, false), "w2" => (_w2, 6, false), _ => (_w3, 5, true) };
        if (!IsPerChannel)
            return [weights.Max(Math.Abs) / LargestWeight];
        var fanIn = weights.Length / channels;
        return [.. Enumerable.Range(0, channels).Select(c => weights.Where((_, i) => (isLast ? i % channels : i / fanIn) == c).Max(Math.Abs) / LargestWeight)];
    }

    private void Weight(OnnxFile file, string name, float[] weights, long[] shape, int axis)
    {
        var scales = WeightScales(name);
        var inner = shape.Skip(axis + 1).Aggregate(1L, (a, b) => a * b);
        var integers = weights.Select((weight, i) => (long)Math.Round(weight / scales[scales.Length == 1 ? 0 : i / inner % shape[axis]]));
        file.Weights(name + "_s", scales.Length == 1 ? [] : [scales.Length], scales)
            .Initialiser(IntegerTensor(name + "_z", Int8, scales.Length == 1 ? [] : [scales.Length], new long[scales.Length]))
            .Initialiser(IntegerTensor(name + "_q", Int8, shape, [.. integers]));
    }

    private void Bias(OnnxFile file, string name, float[] bias, string input, string weights)
    {
        var (low, high) = _ranges[input];
        var inputScale = IsSymmetric ? Math.Max(-low, high) / 127 : (high - low) / 255;
        float[] scales = [.. WeightScales(weights).Select(scale => scale * inputScale)];
        file.Weights(name + "_s", scales.Length == 1 ? [] : [scales.Length], scales)
            .Initialiser(IntegerTensor(name + "_q", 6, [bias.Length], [.. bias.Select((value, i) => (long)Math.Round(value / scales[scales.Length == 1 ? 0 : i]))]));
    }

    private void Widen(string name, IEnumerable<float> values)
    {
        var (low, high) = _ranges.GetValueOrDefault(name);
        foreach (var value in values)
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        _ranges[name] = (low, high);
    }

    private static byte[] Renamed(OnnxFile file, string name) => file.Node("Identity", [name], ["out"]).Output("out").Write();

    private static float[] Draw(string name, int count, float scale)
    {
        var random = new Random(name.Sum(letter => letter));
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * scale)];
    }
}
