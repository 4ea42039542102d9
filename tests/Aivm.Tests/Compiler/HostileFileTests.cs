using Aivm.Compiler;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Whatever is offered as ONNX compiles or is refused by name.</summary>
public sealed class HostileFileTests
{
    private static readonly string[] Codes =
    [
        "onnx-corrupt", "onnx-invalid", "onnx-too-large", "onnx-external-data", "unsupported-operator", "unsupported-opset", "unsupported-shape",
        "unsupported-input", "unsupported-output", "unsupported-tensor", "unsupported-model",
    ];

    public static TheoryData<string, byte[], int> Files() => new()
    {
        { "network", Network(), 200 },
        { "logistic", Sample("logistic.onnx"), 300 },
        { "trees", Sample("trees.onnx"), 60 },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_cut_anywhere_compiles_or_is_refused_by_name(string what, byte[] onnx, int cuts)
    {
        Assert.NotEmpty(what);
        var step = Math.Max(1, onnx.Length / cuts);
        for (var length = 0; length < onnx.Length; length += step)
            CompileOrRefuse(onnx[..length]);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_changed_anywhere_compiles_or_is_refused_by_name(string what, byte[] onnx, int changes)
    {
        var random = new Random(what.Length);
        for (var i = 0; i < changes; i++)
        {
            var changed = (byte[])onnx.Clone();
            // Structure lies at the front and around names; a few bytes are enough to break any of it.
            for (var bytes = random.Next(1, 4); bytes > 0; bytes--)
            {
                var at = random.Next(2) == 0 ? random.Next(Math.Min(changed.Length, 600)) : random.Next(changed.Length);
                changed[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)(changed[at] ^ (1 << random.Next(8))),
                    _ => (byte)(random.Next(2) * 255),
                };
            }
            CompileOrRefuse(changed);
        }
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(3);
        for (var i = 0; i < 1000; i++)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            CompileOrRefuse(bytes);
        }
    }

    [Fact]
    public void A_file_that_gives_a_standard_operator_another_meaning_is_refused()
    {
        byte[] With(string domain) => Join(
            new OnnxFile().Input("x", 1, 4).Node("Relu", ["x"], ["y"]).Output("y").Write(), Field(25, Join(Field(1, "Relu"), Field(10, domain))));
        Assert.Equal("unsupported-operator", Assert.Throws<AivmException>(() => OnnxCompiler.Compile(With(""), new CompileOptions())).Error.Code);
        Assert.NotNull(OnnxCompiler.Compile(With("my.own"), new CompileOptions()));
    }

    public static TheoryData<string, byte[], string> Bombs() => new()
    {
        { "no bytes", [], "onnx-corrupt" },
        { "a graph longer than the file", [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "onnx-corrupt" },
        { "a number without end", [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "onnx-corrupt" },
        { "two graphs", Join(Field(7, []), Field(7, [])), "onnx-corrupt" },
        { "a million empty nodes", Field(7, [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], 1_000_000).SelectMany(node => node)]), "onnx-too-large" },
        { "a million empty initialisers", Field(7, [.. Enumerable.Repeat<byte[]>([0x2A, 0x00], 1_000_000).SelectMany(node => node)]), "unsupported-tensor" },
        { "a node of a million inputs", Field(7, Field(1, [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], 1_000_000).SelectMany(node => node)])), "onnx-too-large" },
        { "a tensor of nine axes", Initialiser(Field(1, [1, 1, 1, 1, 1, 1, 1, 1, 1])), "onnx-too-large" },
        { "a negative extent", Initialiser(Join(Field(1, -5), Field(2, 1L))), "onnx-invalid" },
        { "extents whose product overflows", Initialiser(Join(Field(1, 1L << 40), Field(1, 1L << 40), Field(2, 1L))), "onnx-too-large" },
        { "values in two places", Initialiser(Join(Field(1, 1L), Field(2, 1L), Field(4, [0, 0, 0, 0]), Field(9, [0, 0, 0, 0]))), "onnx-corrupt" },
        { "fewer values than the shape", Initialiser(Join(Field(1, 4L), Field(2, 1L), Field(9, [0, 0, 0, 0]))), "onnx-corrupt" },
        { "values of another type", Initialiser(Join(Field(1, 1L), Field(2, 1L), Field(7, 5L))), "onnx-corrupt" },
        { "texts", Initialiser(Join(Field(1, 1L), Field(2, 8L), Field(6, "a"))), "unsupported-tensor" },
        { "an unknown type", Initialiser(Join(Field(1, 1L), Field(2, 77L))), "unsupported-tensor" },
        { "weights in another file", Initialiser(Join(Field(1, 1L), Field(2, 1L), Field(13, Field(1, "location")), Field(14, 1L))), "onnx-external-data" },
        { "a name that is no text", Initialiser(Field(8, [0xC3, 0x28])), "onnx-corrupt" },
        { "a group", [0x3B, 0x3C], "onnx-corrupt" },
        { "field zero", [0x00, 0x00], "onnx-corrupt" },
        { "a shape of a quadrillion by folding", Folded(1 << 20, 1 << 20, 1 << 20), "onnx-too-large" },
        { "a negative shape by folding", Folded(-7), "onnx-invalid" },
        { "work for a week", Slow(), "onnx-too-large" },
        { "a stride of 2^63 - 1 under the same padding", Pool(Attribute("auto_pad", "SAME_UPPER"), Attribute("strides", [long.MaxValue, 1])), "onnx-invalid" },
        { "a few leaves for many targets among many leaves", ManyTargets(), "onnx-too-large" },
        { "a row of a constant that is not there", Gathered(2), "onnx-invalid" },
        { "a negative epsilon", new OnnxFile().Input("x", 1, 2, 3).Weights("g", [2], 1, 1).Weights("h", [2], 0, 0)
            .Node("InstanceNormalization", ["x", "g", "h"], ["y"], Attribute("epsilon", -9e18f)).Output("y").Write(), "onnx-invalid" },
        { "a constant of nothing", new OnnxFile().Input("x", 1, 2).Weights("k", [0]).Node("Neg", ["k"], ["y"]).Output("y").Write(), "unsupported-shape" },
        { "probabilities of interpolated scores that weigh others", new OnnxFile().Input("x", 1, 3, 4)
            .Node("Transpose", ["x"], ["t"], Attribute("perm", [0L, 2, 1])).Node("MatMul", ["x", "t"], ["m"]).Node("HardSwish", ["m"], ["h"]).Node("Softmax", ["h"], ["p"]).Node("MatMul", ["p", "x"], ["y"]).Output("y").Write(), "unsupported-operator" },
        { "an infinite slope", new OnnxFile().Input("x", 1, 2).Node("HardSigmoid", ["x"], ["y"], Attribute("alpha", float.PositiveInfinity)).Output("y").Write(), "onnx-invalid" },
        { "sixteen million features", new OnnxFile().Input("x", 1, 1 << 24).Node("ai.onnx.ml", "Binarizer", ["x"], ["y"]).Output("y").Write(), "unsupported-operator" },
        { "a regressor of fewer than no targets", Regressor(-1), "onnx-invalid" },
        { "a cell of sixteen million steps", Recurrent("GRU", 3, 1 << 24, 1), "unsupported-operator" },
        { "a cell of 256 steps over a long row", Recurrent("LSTM", 4, 256, 1 << 14), "onnx-too-large" },
        { "a cell over a batch of sixteen million", Recurrent("LSTM", 4, 256, 1 << 16), "onnx-too-large" },
        { "thousands of cells of 256 steps", Cells("GRU", 3, 4000), "onnx-too-large" },
        { "thousands of cells of 256 steps, four gates each", Cells("LSTM", 4, 4000), "onnx-too-large" },
        { "sixteen inputs of sixteen million numbers that nothing reads", Unread(16, 1 << 24), "onnx-too-large" },
        { "two steps of a cell over eight million rows", Recurrent("GRU", 3, 2, 1 << 23), "onnx-too-large" },
        { "two steps of a cell over a million rows", Recurrent("GRU", 3, 2, 1 << 20), "unsupported-model" },
        { "more outputs than a model has", new OnnxFile().Input("x", 1, 1 << 18).Node("Relu", ["x"], ["y"]).Output("y").Write(), "unsupported-model" },
        { "a hundred curves over sixteen million numbers", Curves("Elu", 100, 1 << 24), "onnx-too-large" },
        { "the error function of a million numbers, sixty times", Curves("Erf", 60, 1 << 20), "onnx-too-large" },
        { "values whose sum no workspace holds", Curves("LeakyRelu", 40, 1 << 22), "unsupported-model" },
        { "five thousand slopes of four numbers", Curves("LeakyRelu", 5000, 4), "onnx-too-large" },
        { "four thousand maxima of sixteen million numbers", Maxima(4000, 1 << 24), "onnx-too-large" },
        { "functions that double at every node", Doubling(), "unsupported-operator" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_bomb_is_refused_before_it_goes_off(string what, byte[] onnx, string code)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.True(refusal.Error.Code == code, $"{what}: {refusal.Error}");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 20);
    }

    public static TheoryData<string, byte[]> LongRows() => new()
    {
        { "an input that nothing reads", Unread(1, 1 << 24) },
        { "a recurrent cell that no output needs", Cell(new OnnxFile { Opset = 14 }.Input("x", 1 << 24, 1, 1), "GRU", 3).Output("w").Write() },
        { "a product with one number", new OnnxFile().Input("x", 1, 1 << 24).Weights("k", [], 2).Node("Mul", ["x", "k"], ["y"]).Output("y").Write() },
        { "sums with as many numbers", Ones().Node("Add", ["x", "k"], ["a"]).Node("Add", ["a", "k"], ["y"]).Output("y").Write() },
        { "constants folded again and again", Ones().Node("Neg", ["k"], ["a"]).Node("Neg", ["a"], ["b"]).Node("Neg", ["b"], ["c"]).Node("Neg", ["c"], ["y"]).Output("y").Write() },
        { "places of as many ones on eight axes", new OnnxFile().Input("x", 1).Integers("s", 1, 1, 1, 1, 1, 1, 1, 1 << 24)
            .Node("ConstantOfShape", ["s"], ["k"], TensorAttribute("value", Tensor("", [1], [1]))).Node("NonZero", ["k"], ["y"]).Output("y").Write() },
        { "a row cut into 64", new OnnxFile().Input("x", 1, 1 << 24).Node("Split", ["x"], [.. Enumerable.Range(0, 64).Select(i => $"p{i}")], Attribute("axis", 1L))
            .Node("Concat", [.. Enumerable.Range(0, 64).Select(i => $"p{i}")], ["y"], Attribute("axis", 1L)).Output("y").Write() },
        { "a scaler of sixteen million features", new OnnxFile().Input("x", 1, 1 << 24)
            .Node("ai.onnx.ml", "Scaler", ["x"], ["y"], Attribute("offset", [0f]), Attribute("scale", [2f])).Output("y").Write() },
    };

    [Theory]
    [MemberData(nameof(LongRows))]
    public void A_row_of_sixteen_million_in_a_small_file_is_refused_within_the_stated_memory(string what, byte[] onnx)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions { MaxWork = 1 << 14 }));
        Assert.True(refusal.Error.Code == "onnx-too-large", $"{what}: {refusal.Error}");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (1L << 30) + (256 * onnx.Length));
    }

    [Fact]
    public void Samples_are_fewer_where_an_input_that_nothing_reads_is_long()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = OnnxCompiler.Compile(Unread(1, 1 << 20), new CompileOptions());
        Assert.InRange(result.Report.Calibration.Samples, 1, 12);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1L << 30);
    }

    [Fact]
    public void Values_that_many_readers_wait_for_are_counted_together()
    {
        var file = new OnnxFile().Input("x", 1, 1 << 22);
        for (var i = 0; i < 30; i++)
            file.Node("LeakyRelu", ["x"], [$"a{i}"], Attribute("alpha", i / 100f));
        file.Node("Sum", [.. Enumerable.Range(0, 30).Select(i => $"a{i}")], ["s0"]);
        for (var i = 0; i < 30; i++)
            file.Node("Mul", [$"a{i}", $"s{i}"], [$"s{i + 1}"]);
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(file.Output("s30").Write(), new CompileOptions()));
        Assert.Equal("onnx-too-large", refusal.Error.Code);
        Assert.Contains("at once", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_of_2_to_the_63_takes_one_element()
    {
        var model = Onnx.Load(OnnxCompiler.Compile(Sliced(long.MaxValue, 1), new CompileOptions()));
        Assert.Equal(1, model.OutputCount);
    }

    [Theory]
    [InlineData("Slice")]
    [InlineData("Mul")]
    public void Parameters_as_long_as_a_huge_input_are_not_held_by_each_of_many_nodes(string operation)
    {
        var file = new OnnxFile().Input("n0", 1, 1 << 23).Integers("one", 1).Integers("end", -1).Integers("extent", 1 << 23).Node("ConstantOfShape", ["extent"], ["k"]);
        for (var i = 0; i < 100; i++)
            file.Node(operation, operation == "Mul" ? [$"n{i}", "k"] : [$"n{i}", "one", "end", "one"], [$"n{i + 1}"]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(file.Output("n100").Write(), new CompileOptions()));
        Assert.Equal("onnx-too-large", refusal.Error.Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3L << 30);
    }

    [Fact]
    public void A_large_layer_is_not_scaled_by_each_of_many_maps()
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(Scaled(1000, 512), new CompileOptions()));
        Assert.Equal("onnx-too-large", refusal.Error.Code);
    }

    [Fact]
    public void A_chain_of_maps_is_one_layer_whose_name_stays_short()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = OnnxCompiler.Compile(Chain(20_000, 3, 4), new CompileOptions { MaxSamples = 2 });
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 20);
        Assert.All(result.Report.Layers, layer => Assert.InRange(layer.Source.Length, 1, 220));
        Assert.Contains(result.Report.Layers, layer => layer.Source.EndsWith("+Neg+...", StringComparison.Ordinal));
    }

    private static void CompileOrRefuse(byte[] onnx)
    {
        try
        {
            var result = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(3) });
            Assert.True(Model.TryLoad(result.Container, ModelLimits.OffChain, out _, out var error), error?.ToString());
        }
        catch (AivmException refusal)
        {
            Assert.Equal(Failure.Input, refusal.Failure);
            Assert.Contains(refusal.Error.Code, Codes);
        }
    }

    private static byte[] Network() => new OnnxFile().Input("x", -1, 2, 6, 6).RandomWeights("w", [3, 2, 3, 3], 0.4f).RandomWeights("b", [3], 0.3f)
        .Node("Conv", ["x", "w", "b"], ["c"], Attribute("pads", [1L, 1, 1, 1])).Node("Relu", ["c"], ["r"])
        .Node("MaxPool", ["r"], ["p"], Attribute("kernel_shape", [2L, 2]), Attribute("strides", [2L, 2]))
        .Node("Shape", ["p"], ["s"]).Integers("first", 0).Node("Gather", ["s", "first"], ["n"]).Integers("rest", -1)
        .Node("Concat", ["n", "rest"], ["t"], Attribute("axis", 0L)).Node("Reshape", ["p", "t"], ["f"])
        .RandomWeights("v", [27, 4], 0.4f).Node("MatMul", ["f", "v"], ["m"]).Node("Softmax", ["m"], ["y"], Attribute("axis", 1L)).Output("y").Write();

    private static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "loan-approval", name));

    private static byte[] Pool(params byte[][] attributes) => new OnnxFile().Input("x", 1, 2, 3, 3)
        .Node("MaxPool", ["x"], ["y"], [.. attributes, Attribute("kernel_shape", [2L, 2])]).Output("y").Write();

    private static byte[] Sliced(long step, long first) => new OnnxFile().Input("x", 1, 4).Integers("f", first).Integers("t", long.MaxValue).Integers("a", 1).Integers("s", step)
        .Node("Slice", ["x", "f", "t", "a", "s"], ["y"]).Output("y").Write();

    private static byte[] Gathered(long index) => new OnnxFile().Input("x", 1, 2).Weights("t", [2], 1, 2).Integers("i", index)
        .Node("Gather", ["t", "i"], ["k"]).Node("Add", ["x", "k"], ["y"]).Output("y").Write();

    /// <summary>A layer, and Neg as often.</summary>
    private static byte[] Chain(int length, int inputs, int outputs)
    {
        var file = new OnnxFile().Input("x", 1, inputs).RandomWeights("w", [inputs, outputs], 0.5f).Node("MatMul", ["x", "w"], ["n0"]);
        for (var i = 0; i < length; i++)
            file.Node("Neg", [$"n{i}"], [$"n{i + 1}"]);
        return file.Output($"n{length}").Write();
    }

    /// <summary>A square layer, and as many products of its channels with constants.</summary>
    private static byte[] Scaled(int length, int width)
    {
        var file = new OnnxFile().Input("x", 1, width).RandomWeights("w", [width, width], 0.5f).RandomWeights("k", [width], 1).Node("MatMul", ["x", "w"], ["n0"]);
        for (var i = 0; i < length; i++)
            file.Node("Mul", [$"n{i}", "k"], [$"n{i + 1}"]);
        return file.Output($"n{length}").Write();
    }

    /// <summary>1024 leaves; two of them add to the first and the last of 60,000 scores.</summary>
    private static byte[] ManyTargets()
    {
        const int Leaves = 1024;
        var nodes = Enumerable.Range(0, (2 * Leaves) - 1).Select(i => (long)i).ToArray();
        var zeros = new long[nodes.Length];
        return new OnnxFile().Input("x", 1, 2).Node("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"],
            Attribute("nodes_treeids", zeros), Attribute("nodes_nodeids", nodes), Attribute("nodes_featureids", zeros),
            Attribute("nodes_values", [.. nodes.Select(i => (float)i)]), Attribute("nodes_modes", [.. nodes.Select(i => i < Leaves - 1 ? "BRANCH_LT" : "LEAF")]),
            Attribute("nodes_truenodeids", [.. nodes.Select(i => i < Leaves - 1 ? (2 * i) + 1 : 0)]),
            Attribute("nodes_falsenodeids", [.. nodes.Select(i => i < Leaves - 1 ? (2 * i) + 2 : 0)]),
            Attribute("target_treeids", [0L, 0]), Attribute("target_nodeids", [Leaves - 1L, Leaves]), Attribute("target_ids", [0L, 59_999]),
            Attribute("target_weights", [1f, 2f]), Attribute("n_targets", 60_000L)).Output("y").Write();
    }

    private static byte[] Regressor(long targets) => new OnnxFile().Input("x", 1, 2)
        .Node("ai.onnx.ml", "LinearRegressor", ["x"], ["y"], Attribute("coefficients", [1f, -2f]), Attribute("targets", targets)).Output("y").Write();

    private static byte[] Recurrent(string operation, int gates, long steps, long batch) =>
        Cell(new OnnxFile { Opset = 14 }.Input("x", steps, batch, 1), operation, gates).Output("y").Write();

    private static OnnxFile Cell(OnnxFile file, string operation, int gates) =>
        file.RandomWeights("w", [1, gates, 1], 1).RandomWeights("r", [1, gates, 1], 1).Node(operation, ["x", "w", "r"], ["y"]);

    /// <summary>A function of a function, and so on, of a row; the mean is the output.</summary>
    private static byte[] Curves(string operation, int count, long length)
    {
        var file = new OnnxFile().Input("x0", 1, length);
        for (var i = 0; i < count; i++)
            file.Node(operation, [$"x{i}"], [$"x{i + 1}"]);
        return file.Node("ReduceMean", [$"x{count}"], ["y"], Attribute("axes", [-1L])).Output("y").Write();
    }

    /// <summary>The same maximum as often.</summary>
    private static byte[] Maxima(int count, long length)
    {
        var file = new OnnxFile().Input("x", 1, length);
        for (var i = 0; i < count; i++)
            file.Node("ReduceMax", ["x"], [$"m{i}"], Attribute("axes", [-1L]));
        return file.Node("Concat", [.. Enumerable.Range(0, count).Select(i => $"m{i}")], ["y"], Attribute("axis", 1L)).Output("y").Write();
    }

    /// <summary>Cells of 256 steps, each behind the one before.</summary>
    private static byte[] Cells(string operation, int gates, int count)
    {
        var file = new OnnxFile { Opset = 14 }.Input("x0", 256, 1, 1).RandomWeights("w", [1, gates, 1], 1).RandomWeights("r", [1, gates, 1], 1).Integers("one", 1);
        for (var i = 0; i < count; i++)
            file.Node(operation, [$"x{i}", "w", "r"], [$"y{i}"]).Node("Squeeze", [$"y{i}", "one"], [$"x{i + 1}"]);
        return file.Output($"x{count}").Write();
    }

    /// <summary>Inputs beside an output that needs none of them.</summary>
    private static byte[] Unread(int inputs, long length)
    {
        var file = new OnnxFile().Weights("k", [1], 1);
        for (var i = 0; i < inputs; i++)
            file.Input($"x{i}", 1, length);
        return file.Output("k").Write();
    }

    private static OnnxFile Ones() => new OnnxFile().Input("x", 1, 1 << 24).Integers("s", 1 << 24).Node("ConstantOfShape", ["s"], ["k"], TensorAttribute("value", Tensor("", [1], [1])));

    private static byte[] Initialiser(byte[] tensor) => Field(7, Field(5, tensor));

    private static byte[] Folded(params long[] shape) => new OnnxFile().Input("x", 1, 4).Integers("s", shape).Node("ConstantOfShape", ["s"], ["c"])
        .Node("Add", ["x", "c"], ["y"]).Output("y").Write();

    /// <summary>f(n) = f(n-1) * f(n-2), all of one value.</summary>
    private static byte[] Doubling()
    {
        var file = new OnnxFile().Input("x", 1, 4).Node("Relu", ["x"], ["f0"]).Node("Tanh", ["x"], ["f1"]);
        for (var i = 2; i < 100; i++)
            file.Node("Mul", [$"f{i - 1}", $"f{i - 2}"], [$"f{i}"]);
        return file.Output("f99").Write();
    }

    /// <summary>A picture of 4096 x 4096 under a window of 1023 x 1023: 2^43 additions.</summary>
    private static byte[] Slow() => new OnnxFile().Input("x", 1, 1, 4096, 4096)
        .Node("AveragePool", ["x"], ["y"], Attribute("kernel_shape", [1023L, 1023]), Attribute("pads", [511L, 511, 511, 511])).Output("y").Write();
}
