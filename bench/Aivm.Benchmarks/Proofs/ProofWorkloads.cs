using Aivm.Benchmarks.Inference;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Benchmarks.Proofs;

/// <summary>One model to prove, on one input.</summary>
/// <param name="Bar">Milliseconds of proving that are asked for.</param>
/// <param name="MultipleBar">The same as a multiple of ONNX Runtime's latency.</param>
internal sealed record ProofWorkload(
    string Name, Model Model, long[] Input, RuntimeSession? Peer, ProofPrivacy Privacy, double? Bar, double? ByteBar, double? MultipleBar) : IDisposable
{
    public long[] Output { get; } = Run(Model, Input);

    private static long[] Run(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        return model.TryRun(input, output, out var error) ? output : throw new AivmException(Failure.Check, error.Code, error.Message);
    }

    public void Dispose() => Peer?.Dispose();
}

/// <summary>The models of the project's bars: all weights private.</summary>
internal static class ProofWorkloads
{
    private const double Bytes = 400_000;

    public static IEnumerable<(string Name, Func<ProofWorkload> Create)> All =>
    [
        ("resnet8", () => Of("resnet8", ProofPrivacy.Weights, bar: 40, multipleBar: 180)),
        ("mobilenetv1-0.25", () => Of("mobilenetv1-0.25", ProofPrivacy.Weights, bar: 65, multipleBar: 320)),
        ("fashion-lenet", () => Of("fashion-lenet", ProofPrivacy.Weights, bar: 15, multipleBar: null)),
        ("credit-trees", () => Of("credit-trees", ProofPrivacy.Weights, bar: 15, multipleBar: null)),
        ("dense-4m", Dense),
        ("text-generator", Generator),
    ];

    private static ProofWorkload Of(string name, ProofPrivacy privacy, double bar, double? multipleBar)
    {
        var workload = ModelFiles.All.Single(model => model.Name == name).Create();
        return new ProofWorkload(name, workload.Model, workload.Input, workload.Peer, privacy, bar, Bytes, multipleBar);
    }

    /// <summary>The sample's transformer over 64 tokens.</summary>
    private static ProofWorkload Generator()
    {
        var sample = Path.Combine(Repository.Root, "samples", "text-generator");
        var options = new CompileOptions { Calibration = InputFiles.Read(Path.Combine(sample, "calibration.npz")) };
        var model = Workload.Load(OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(sample, "model.onnx")), options).Container);
        var random = new Random(64);
        var tokens = ((InputFormat.Index)model.Graph.Inputs[0].Format).Count;
        long[] input = [.. Enumerable.Range(0, model.InputCount).Select(_ => (long)random.Next(tokens))];
        return new ProofWorkload("text-generator", model, input, null, ProofPrivacy.Weights, Bar: 180, Bytes, MultipleBar: null);
    }

    /// <summary>Four layers of 1024 by 1024 random weights of 8 bits.</summary>
    private static ProofWorkload Dense()
    {
        const int Width = 1024;
        const int Layers = 4;
        var random = new Random(4);
        var nodes = new List<GraphNode> { QuantiseNode.Scale(0, ElementType.S8, multiplier: 1, shift: 1) };
        for (var layer = 0; layer < Layers; layer++)
            nodes.Add(new DenseNode
            {
                Source = nodes.Count,
                Weights = Constant.S8([Width, Width], [.. Enumerable.Range(0, Width * Width).Select(_ => (sbyte)random.Next(-127, 128))]),
                Bias = Constant.S32([Width], [.. Enumerable.Range(0, Width).Select(_ => random.Next(-10_000, 10_000))]),
                Requantise = Requantise.To(ElementType.S8, [12], new Activation.Clamp(0, 127)),
            });
        var graph = new Graph
        {
            Inputs = [new GraphInput("x", [Width], new InputFormat.U8())],
            Nodes = [.. nodes],
            Outputs = [new GraphOutput { Name = "y", Source = nodes.Count, Kind = OutputKind.Values }],
        };
        var input = new long[Width];
        for (var i = 0; i < input.Length; i++)
            input[i] = random.Next(256);
        return new ProofWorkload("dense-4m", Workload.Load(Container.Encode(graph)), input, null, ProofPrivacy.Weights, Bar: 25, ByteBar: 450_000, MultipleBar: null);
    }
}
