using Aivm.Benchmarks.Signature;
using Aivm.Compiler;
using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>The public models of ../shared/vectors.</summary>
public sealed class VectorModelTests
{
    public static TheoryData<string, bool> Models => new()
    {
        { "resnet8_cifar10", true },
        { "mobilenetv1_025_vww96", true },
        { "fashion_lenetish", true },
        { "fashion_dscnn", true },
        { "ad01_autoencoder", false },
        { "hmda_xgb100x6", false },
        { "credit_xgb100x6", false },
        { "hmda_logreg", false },
        { "credit_logreg", false },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_gives_the_same_numbers_at_every_level(string name, bool takesBytes)
    {
        var container = Compile(name, takesBytes);
        foreach (var seed in (ReadOnlySpan<ulong>)[1, 2, 3])
        {
            long[]? expected = null;
            foreach (var level in Graphs.Levels)
            {
                var model = Load(container, level);
                var output = new long[model.OutputCount];
                Assert.True(model.TryRun(Input(model, seed, takesBytes), output, out var error), error?.ToString());
                Assert.True((expected ??= output).AsSpan().SequenceEqual(output), $"{name} on {level}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_run_allocates_nothing_after_the_first(string name, bool takesBytes)
    {
        var container = Compile(name, takesBytes);
        foreach (var level in Graphs.Levels)
            AssertNoAllocation(Load(container, level), takesBytes ? Input(Load(container, level), 4, takesBytes) : new long[Load(container, level).InputCount]);
    }

    [Fact]
    public void No_operator_allocates_after_the_first_run()
    {
        foreach (var (graph, input) in SignatureGraphs.All())
            AssertNoAllocation(Graphs.Load(graph, Simd.Level), input);
    }

    private static void AssertNoAllocation(Model model, long[] input)
    {
        var output = new long[model.OutputCount];
        Assert.True(model.TryRun(input, output, out var error), error?.ToString());
        // A collection for another test's sake counts what is left of this thread's allocation buffer: the least of some windows decides.
        var least = long.MaxValue;
        for (var window = 0; window < 5 && least > 0; window++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 3; i++)
                model.TryRun(input, output, out _);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    private static byte[] Compile(string name, bool takesBytes)
    {
        var onnx = File.ReadAllBytes(SharedVectors.Require($"models/{name}.onnx"));
        return OnnxCompiler.Compile(onnx, new CompileOptions { Input = takesBytes ? new InputFormat.U8() : new InputFormat.Fixed(4), Scale = takesBytes ? 1 / 255.0 : 1 }).Container.ToArray();
    }

    private static Model Load(byte[] container, SimdLevel level)
    {
        Assert.True(Model.TryLoad(container, ModelLimits.OffChain, level, out var model, out var error), error?.ToString());
        return model;
    }

    private static long[] Input(Model model, ulong seed, bool takesBytes)
    {
        var numbers = new NumberStream(seed);
        return [.. Enumerable.Range(0, model.InputCount).Select(_ => takesBytes ? numbers.Next(256) : numbers.Between(-40_000, 40_000))];
    }
}
