using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>The parts of transformers in small models, against ONNX Runtime on random inputs.</summary>
public sealed class AttentionImportTests
{
    private const int Int64 = 7;
    private const int Bool = 9;
    private const int Tokens = 6;
    private const int Width = 8;
    private const int Heads = 2;

    private static readonly string[] Y = ["y"];

    /// <summary>[1, 6, 8]: a value of a network.</summary>
    private static OnnxFile Rows(long opset = 17) => new OnnxFile { Opset = opset }
        .Input("x", 1, Tokens, Width).RandomWeights("w", [Width, Width], 0.6f).Node("MatMul", ["x", "w"], ["c"]).Output("y");

    /// <summary>Queries q, keys k and values v, [1, 2, 6, 4] each, keys transposed as t.</summary>
    private static OnnxFile Attention(long opset = 13)
    {
        var file = Rows(opset).Integers("heads", 0, 0, Heads, Width / Heads).Integers("joined", 0, 0, Width).RandomWeights("o", [Width, 5], 0.5f);
        foreach (var name in new[] { "q", "k", "v" })
        {
            file.RandomWeights($"w{name}", [Width, Width], 0.7f).RandomWeights($"b{name}", [Width], 0.2f)
                .Node("MatMul", ["c", $"w{name}"], [$"m{name}"]).Node("Add", [$"m{name}", $"b{name}"], [$"a{name}"])
                .Node("Reshape", [$"a{name}", "heads"], [$"r{name}"]).Node("Transpose", [$"r{name}"], [name], Attribute("perm", [0L, 2, 1, 3]));
        }
        return file.Node("Transpose", ["rk"], ["t"], Attribute("perm", [0L, 2, 3, 1]));
    }

    /// <summary>From scores to the output.</summary>
    private static OnnxFile Mixed(OnnxFile file, string scores) => file
        .Node("Softmax", [scores], ["p"], Attribute("axis", -1L)).Node("MatMul", ["p", "v"], ["mixed"])
        .Node("Transpose", ["mixed"], ["back"], Attribute("perm", [0L, 2, 1, 3])).Node("Reshape", ["back", "joined"], ["flat"]).Node("MatMul", ["flat", "o"], Y);

    private static OnnxFile Scores(long opset = 13) => Attention(opset).Node("MatMul", ["q", "t"], ["scores"]);

    /// <summary>The condition or the term that hides later positions.</summary>
    private static float[] Causal(float visible, float hidden) =>
        [.. Enumerable.Range(0, Tokens * Tokens).Select(i => i % Tokens <= i / Tokens ? visible : hidden)];

    /// <summary>c normalised in six nodes, as exporters write it below operator set 17.</summary>
    private static OnnxFile WrittenOut() => Rows(13).Weights("two", [], 2).Weights("epsilon", [], 1e-5f)
        .RandomWeights("g", [Width], 1).RandomWeights("h", [Width], 1)
        .Node("ReduceMean", ["c"], ["mean"], Attribute("axes", [-1L])).Node("Sub", ["c", "mean"], ["d"]).Node("Pow", ["d", "two"], ["s"])
        .Node("ReduceMean", ["s"], ["variance"], Attribute("axes", [-1L])).Node("Add", ["variance", "epsilon"], ["e"]).Node("Sqrt", ["e"], ["r"])
        .Node("Div", ["d", "r"], ["n"]).Node("Mul", ["n", "g"], ["scaled"]).Node("Add", ["scaled", "h"], ["z"]);

    private static OnnxFile Layer(OnnxFile file, string source) => file.RandomWeights("o", [Width, 5], 0.5f).Node("MatMul", [source, "o"], Y);

    public static TheoryData<string, byte[]> Models() => new()
    {
        { "MatMul", Attention().Node("MatMul", ["q", "t"], Y).Write() },
        { "MatMul, right not transposed", Attention().Node("Identity", ["q"], ["i"]).Node("MatMul", ["t", "i"], Y).Write() },
        { "MatMul, one matrix for all heads", Attention().Integers("s0", 0).Integers("s1", 1).Integers("axis", 1)
            .Node("Slice", ["t", "s0", "s1", "axis"], ["one"]).Node("MatMul", ["q", "one"], Y).Write() },
        { "MatMul, one left matrix", Attention().Integers("s0", 1).Integers("s1", 2).Integers("axis", 1)
            .Node("Slice", ["q", "s0", "s1", "axis"], ["one"]).Node("MatMul", ["one", "t"], Y).Write() },
        { "Attention", Mixed(Scores(), "scores").Write() },
        { "Attention, scores divided", Mixed(Scores().Weights("root", [], 1.7320508f).Node("Div", ["scores", "root"], ["scaled"]), "scaled").Write() },
        { "Attention, queries scaled", Mixed(Attention().Weights("f", [], 0.57735f).Node("Mul", ["q", "f"], ["fq"]).Node("MatMul", ["fq", "t"], ["scores"]), "scores").Write() },
        { "Attention, causal by Where", Mixed(Scores().Weights("low", [], float.NegativeInfinity).Booleans("hidden", [Tokens, Tokens], Causal(0, 1))
            .Node("Where", ["hidden", "low", "scores"], ["masked"]), "masked").Write() },
        { "Attention, causal by Where, the other way", Mixed(Scores().Weights("low", [1], -10000).Booleans("visible", [1, 1, Tokens, Tokens], Causal(1, 0))
            .Node("Where", ["visible", "scores", "low"], ["masked"]), "masked").Write() },
        { "Attention, causal by Add", Mixed(Scores().Weights("mask", [1, 1, Tokens, Tokens], Causal(0, -65504)).Weights("root", [], 2)
            .Node("Div", ["scores", "root"], ["scaled"]).Node("Add", ["scaled", "mask"], ["masked"]), "masked").Write() },
        { "Attention, biased by a constant", Mixed(Scores().RandomWeights("bias", [1, Heads, Tokens, Tokens], 1).Node("Add", ["scores", "bias"], ["biased"]), "biased").Write() },
        { "Softmax of old inside", Mixed(Attention(11).Node("MatMul", ["q", "t"], ["scores"]).Node("Identity", ["scores"], ["i"]), "i").Write() },
        { "LayerNormalization", Layer(Rows().RandomWeights("g", [Width], 1).RandomWeights("h", [Width], 1).Node("LayerNormalization", ["c", "g", "h"], ["z"]), "z").Write() },
        { "LayerNormalization at the end", Rows().RandomWeights("g", [Width], 1).Node("LayerNormalization", ["c", "g"], Y, Attribute("epsilon", 0.01f)).Write() },
        { "LayerNormalization over two axes", Rows().RandomWeights("g", [Tokens, Width], 1).Node("LayerNormalization", ["c", "g"], Y, Attribute("axis", 1L)).Write() },
        { "LayerNormalization, read twice", Layer(Rows().RandomWeights("g", [Width], 1).RandomWeights("h", [Width], 1).RandomWeights("u", [Width, Width], 0.4f)
            .Node("LayerNormalization", ["c", "g", "h"], ["z"]).Node("MatMul", ["z", "u"], ["m"]).Node("Add", ["z", "m"], ["sum"])
            .Node("LayerNormalization", ["sum", "g", "h"], ["last"]), "last").Write() },
        { "LayerNormalization, then one row", Rows().RandomWeights("g", [Width], 1).RandomWeights("h", [Width], 1).Integers("first", 0).RandomWeights("o", [Width, 5], 0.5f)
            .Node("LayerNormalization", ["c", "g", "h"], ["z"]).Node("Gather", ["z", "first"], ["row"], Attribute("axis", 1L)).Node("MatMul", ["row", "o"], Y).Write() },
        { "LayerNormalization written out", Layer(WrittenOut(), "z").Write() },
        { "LayerNormalization written out with Mul", Layer(Rows(13).Weights("epsilon", [], 1e-5f).Node("ReduceMean", ["c"], ["mean"], Attribute("axes", [2L]))
            .Node("Sub", ["c", "mean"], ["d"]).Node("Mul", ["d", "d"], ["s"]).Node("ReduceMean", ["s"], ["variance"], Attribute("axes", [2L]))
            .Node("Add", ["epsilon", "variance"], ["e"]).Node("Sqrt", ["e"], ["r"]).Node("Reciprocal", ["r"], ["i"]).Node("Mul", ["i", "d"], ["n"]), "n").Write() },
        { "RMSNorm written out", Layer(Rows(13).Weights("two", [], 2).Weights("epsilon", [], 1e-5f).Weights("one", [], 1).RandomWeights("g", [Width], 1)
            .Node("Pow", ["c", "two"], ["s"]).Node("ReduceMean", ["s"], ["m"], Attribute("axes", [-1L])).Node("Add", ["m", "epsilon"], ["e"]).Node("Sqrt", ["e"], ["r"])
            .Node("Div", ["one", "r"], ["i"]).Node("Mul", ["c", "i"], ["n"]).Node("Mul", ["n", "g"], ["z"]), "z").Write() },
        { "GELU with tanh, written out", Layer(Rows(13).Weights("three", [], 3).Weights("a", [], 0.044715f).Weights("b", [], 0.7978846f).Weights("one", [], 1).Weights("half", [], 0.5f)
            .Node("Pow", ["c", "three"], ["c3"]).Node("Mul", ["c3", "a"], ["m"]).Node("Add", ["c", "m"], ["s"]).Node("Mul", ["s", "b"], ["i"]).Node("Tanh", ["i"], ["t"])
            .Node("Add", ["t", "one"], ["u"]).Node("Mul", ["c", "half"], ["h"]).Node("Mul", ["h", "u"], ["z"]), "z").Write() },
        { "Positions", Layer(Rows().RandomWeights("positions", [Tokens, Width], 1).Node("Add", ["c", "positions"], ["z"]), "z").Write() },
        { "Gather", Rows().Integers("rows", 2, -1, 2, 0).Node("Gather", ["c", "rows"], Y, Attribute("axis", 1L)).Write() },
        { "Softmax of old over the last axis, masked", Mixed(Attention(11).Node("MatMul", ["q", "t"], ["scores"]).Weights("mask", [1, 1, Tokens, Tokens], Causal(0, -1e9f))
            .Node("Add", ["scores", "mask"], ["masked"]), "masked").Write() },
        { "Gather of constants from the end", Layer(Rows().RandomWeights("all", [3, Tokens, Width], 1).Integers("last", -1).Node("Gather", ["all", "last"], ["one"])
            .Node("Add", ["c", "one"], ["z"]), "z").Write() },
        { "Split of a layer", Rows().RandomWeights("u", [Width, 12], 0.5f).RandomWeights("b", [12], 0.3f).Integers("parts", 4, 6, 2)
            .Node("MatMul", ["c", "u"], ["m"]).Node("Add", ["m", "b"], ["a"]).Node("Split", ["a", "parts"], ["s1", "s2", "s3"], Attribute("axis", 2L))
            .RandomWeights("o", [6, 3], 0.5f).Node("MatMul", ["s2", "o"], Y).Write() },
        { "Slice backwards", Rows().Integers("from", -1).Integers("to", -100).Integers("axis", 1).Integers("step", -2)
            .Node("Slice", ["c", "from", "to", "axis", "step"], Y).Write() },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_part_of_a_transformer_means_what_it_means_to_ONNX_Runtime(string what, byte[] onnx)
    {
        using var session = Onnx.Session(onnx);
        var samples = Samples(Tokens * Width, 48);
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(4), Calibration = samples }));
        double squares = 0, signal = 0;
        for (var row = 0; row < samples.Count; row++)
        {
            var actual = Onnx.Reals(model, Onnx.Run(model, samples.Fixed(row, 4)), 0);
            var expected = Onnx.Runtime(session, samples.Reals(row)).Values.Single();
            Assert.Equal(expected.Length, actual.Length);
            for (var i = 0; i < actual.Length; i++)
            {
                squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                signal += expected[i] * expected[i];
            }
        }
        var error = Math.Sqrt(squares / signal);
        Assert.True(error < 0.03, $"{what}: relative error {error:P2}");
    }

    /// <summary>Rows of a table and their positions, by tokens, with a mask that the caller gives.</summary>
    private static byte[] Masked(MaskForm form)
    {
        var file = Attended(new OnnxFile { Opset = 13 }.TypedInput("tokens", Int64, 1, Tokens).TypedInput("mask", form == MaskForm.Boolean ? Bool : Int64, 1, Tokens)
            .RandomWeights("table", [11, Width], 1.2f).RandomWeights("positions", [1, Tokens, Width], 0.5f).Node("Gather", ["table", "tokens"], ["e"]).Node("Add", ["e", "positions"], ["c"])
            .Integers("axes", 1, 2).Integers("zero", 0).Weights("one", [], 1).Weights("low", [], form == MaskForm.Added ? -10000 : float.MinValue)
            .Node("Unsqueeze", ["mask", "axes"], ["m"])).Node("MatMul", ["q", "t"], ["scores"]);
        file = form switch
        {
            MaskForm.Added => file.Node("Cast", ["m"], ["real"], Attribute("to", 1L)).Node("Sub", ["one", "real"], ["gone"]).Node("Mul", ["gone", "low"], ["term"])
                .Node("Add", ["scores", "term"], ["masked"]),
            MaskForm.Compared => file.Node("Equal", ["m", "zero"], ["hidden"]).Node("Where", ["hidden", "low", "scores"], ["masked"]),
            _ => file.Node("Not", ["m"], ["hidden"]).Node("Where", ["hidden", "low", "scores"], ["masked"]),
        };
        return Mixed(file, "masked").Output("y").Write();
    }

    /// <summary>(1 - mask) * -10000 in front of the softmax; a choice where the mask is 0; a choice by booleans.</summary>
    public enum MaskForm
    {
        Added,
        Compared,
        Boolean,
    }

    private static OnnxFile Attended(OnnxFile file)
    {
        file.Integers("heads", 0, 0, Heads, Width / Heads).Integers("joined", 0, 0, Width).RandomWeights("o", [Width, 5], 0.5f);
        foreach (var name in new[] { "q", "k", "v" })
        {
            file.RandomWeights($"w{name}", [Width, Width], 0.7f).Node("MatMul", ["c", $"w{name}"], [$"m{name}"])
                .Node("Reshape", [$"m{name}", "heads"], [$"r{name}"]).Node("Transpose", [$"r{name}"], [name], Attribute("perm", [0L, 2, 1, 3]));
        }
        return file.Node("Transpose", ["rk"], ["t"], Attribute("perm", [0L, 2, 3, 1]));
    }

    private static SampleSet Sentences(int count)
    {
        var random = new Random(5);
        var text = new StringBuilder();
        for (var row = 0; row < count; row++)
        {
            var length = 2 + random.Next(Tokens - 1);
            text.AppendJoin(',', Enumerable.Range(0, Tokens).Select(i => i < length ? random.Next(11) : 0))
                .Append(',').AppendJoin(',', Enumerable.Range(0, Tokens).Select(i => i < length ? 1 : 0)).Append('\n');
        }
        return Inputs.Read("sentences.csv", text.ToString());
    }

    [Theory]
    [InlineData(MaskForm.Added)]
    [InlineData(MaskForm.Compared)]
    [InlineData(MaskForm.Boolean)]
    public void A_mask_that_a_caller_gives_means_what_it_means_to_ONNX_Runtime(MaskForm form)
    {
        var onnx = Masked(form);
        var samples = Sentences(64);
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Calibration = samples }));
        InputFormat mask = form == MaskForm.Compared ? new InputFormat.Fixed(0) : new InputFormat.Index(2);
        Assert.Equal([new InputFormat.Index(11), mask], model.Graph.Inputs.Select(input => input.Format));
        using var session = Onnx.Session(onnx);
        double squares = 0, signal = 0;
        for (var row = 0; row < samples.Count; row++)
        {
            var expected = Onnx.Runtime(session, samples.Reals(row)).Values.Single();
            var actual = Onnx.Reals(model, Onnx.Run(model, Onnx.Integers(model, samples, row)), 0);
            for (var i = 0; i < actual.Length; i++)
            {
                squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                signal += expected[i] * expected[i];
            }
        }
        Assert.InRange(Math.Sqrt(squares / signal), 0, 0.03);
    }

    [Theory]
    [InlineData(MaskForm.Added)]
    [InlineData(MaskForm.Compared)]
    [InlineData(MaskForm.Boolean)]
    public void What_a_mask_hides_does_not_change_a_bit_of_what_others_see(MaskForm form)
    {
        var model = Onnx.Load(OnnxCompiler.Compile(Masked(form), new CompileOptions { Calibration = Sentences(64) }));
        var random = new Random(9);
        for (var run = 0; run < 50; run++)
        {
            var visible = 1 + random.Next(Tokens - 1);
            long[] Input() => [.. Enumerable.Range(0, Tokens).Select(_ => (long)random.Next(11)), .. Enumerable.Range(0, Tokens).Select(i => i < visible ? 1L : 0)];
            var (first, second) = (Input(), Input());
            first.AsSpan(0, visible).CopyTo(second);
            Assert.Equal(Onnx.Run(model, first)[..(visible * 5)], Onnx.Run(model, second)[..(visible * 5)]);
        }
    }

    public static TheoryData<string, byte[], string> Refused() => new()
    {
        { "a dynamic sequence", new OnnxFile { Opset = 13 }.TypedInput("tokens", Int64, 1, -1).RandomWeights("table", [11, Width], 1).Node("Gather", ["table", "tokens"], Y).Output("y").Write(),
            "Axis 1 of the input 'tokens' is dynamic; only the first, the batch, may be. Export with a fixed size." },
        { "an operator that ONNX Runtime fused", new OnnxFile { Opset = 13 }.Input("x", 1, Tokens, Width).Import("com.microsoft", 1)
            .Node("com.microsoft", "SkipLayerNormalization", ["x", "x"], Y).Output("y").Write(),
            "com.microsoft.SkipLayerNormalization 'skiplayernormalization0' is not supported: ONNX Runtime fused it out of others; export without its optimisations." },
        { "sums in Einstein's notation", new OnnxFile { Opset = 13 }.Input("x", 1, Tokens, Width).Node("Einsum", ["x", "x"], Y, Attribute("equation", "bij,bkj->bik")).Output("y").Write(),
            "Einsum 'einsum0' is not supported: AIVM-Q has no such operator yet." },
        { "matrices that do not fit", Rows().Node("MatMul", ["c", "c"], Y).Write(),
            "MatMul 'matmul1': [1x6x8] by [1x6x8] is no product of matrices." },
        { "a table that is looked up by quantities", Rows().RandomWeights("table", [11, Width], 1).Node("Gather", ["table", "c"], Y).Write(),
            "Gather 'gather1' is not supported: its numbers are not known to lie within 0 and 10, as those of an index input do." },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_supported_is_refused_with_its_node_and_the_reason(string what, byte[] onnx, string message)
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(onnx, new CompileOptions()));
        Assert.True(refusal.Message == message, $"{what}: {refusal.Message}");
    }

    /// <summary>Numbers with four decimals from -1.5 to 1.5.</summary>
    private static SampleSet Samples(int width, int count)
    {
        var random = new Random(7);
        var text = new StringBuilder();
        for (var row = 0; row < count; row++)
            text.AppendJoin(',', Enumerable.Range(0, width).Select(_ => FormattableString.Invariant($"{random.NextDouble() * 3 - 1.5:F4}"))).Append('\n');
        return Inputs.Read("samples.csv", text.ToString());
    }
}
