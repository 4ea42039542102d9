using System.Diagnostics;
using Aivm.Benchmarks.Inference;
using Aivm.Chain;
using Aivm.Compiler;
using Aivm.Inference;
using Aivm.State;

namespace Aivm.Benchmarks.Frame;

/// <summary>
/// What a call of a model adds to the kernels' own time, with the model in the cache: each call begins a block's state and a transaction's
/// context anew, decodes the input, runs the model and encodes the output. Signature, trie commit and HTTP are apart. Calls and bare runs
/// take turns, and the smallest of many is kept, so that a busy machine hurts both alike.
/// </summary>
internal sealed class FrameBenchmark(FrameOptions options, TextWriter log)
{
    private const double Bound = 50;

    private static readonly (string Name, Func<PublishedModel, byte[], CallFrame> Frame)[] Calls =
    [
        ("frame-infer-int64-array", (model, input) => model.Call(model.Address, ModelsAbi.ModelInfer.BeginCall().WriteInt64Array([.. input.Select(x => (long)x)]))),
        ("frame-infer-packed", (model, input) => model.Call(model.Address, ModelsAbi.ModelInferPacked.BeginCall().WriteBytes(input))),
        ("frame-paid-infer", (model, input) => model.Call(SystemContracts.Models, ModelsAbi.Infer.BeginCall().WriteAddress(model.Address).WriteBytes(input))),
    ];

    public IEnumerable<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var onnx = File.ReadAllBytes(ModelFiles.Find("resnet8_cifar10.onnx"));
        var container = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.U8() }).Container;
        var model = Workload.Load(container);
        using var store = new MemoryStore();
        var published = PublishedModel.Publish(store, container);
        byte[] input = [.. Enumerable.Range(0, model.InputCount).Select(i => (byte)(i * 37 % 256))];
        foreach (var (name, create) in Calls)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Measure(name, model, published, input, create);
        }
    }

    private BenchmarkResult Measure(string name, Model model, PublishedModel published, byte[] input, Func<PublishedModel, byte[], CallFrame> create)
    {
        var numbers = input.Select(x => (long)x).ToArray();
        var output = new long[model.OutputCount];
        var (kernel, call, allocated) = (double.MaxValue, double.MaxValue, 0L);
        for (var i = 0; i < options.Calls; i++)
        {
            var frame = create(published, input);
            var context = published.BeginTransaction();
            var started = Stopwatch.GetTimestamp();
            model.TryRun(numbers, output, out _);
            var ran = Stopwatch.GetTimestamp();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var result = MessageCall.Execute(context, frame);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            var called = Stopwatch.GetTimestamp();
            if (!result.IsSuccess)
                throw new InvalidOperationException($"{name} failed: {result.Error}");
            kernel = Math.Min(kernel, Stopwatch.GetElapsedTime(started, ran).TotalMicroseconds);
            call = Math.Min(call, Stopwatch.GetElapsedTime(ran, called).TotalMicroseconds);
        }
        log.WriteLine(FormattableString.Invariant($"{name}: kernels {kernel:F1} us, call {call:F1} us, {allocated:N0} bytes allocated by a call"));
        return BenchmarkResult.LowerIsBetter(name, call - kernel, "us", "bound", Bound);
    }
}
