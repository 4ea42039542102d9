using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Tests.Compiler;

/// <summary>The two transformers of the samples, whole, beside ONNX Runtime's fp32 on texts that they were not trained on.</summary>
public sealed class TransformerTests
{
    private const int Context = 64;
    private const int Characters = 95;

    private static byte[] File(string sample, string name) => System.IO.File.ReadAllBytes(Path.Combine(Repository.Root, "samples", sample, name));

    private static SampleSet Rows(string sample, string name) => InputFiles.Read(Path.Combine(Repository.Root, "samples", sample, name));

    internal static readonly Lazy<CompileResult> Generator = new(() => Compile("text-generator"));
    internal static readonly Lazy<CompileResult> Reader = new(() => Compile("expression-reader"));

    private static CompileResult Compile(string sample) =>
        OnnxCompiler.Compile(File(sample, "model.onnx"), new CompileOptions { Calibration = Rows(sample, "calibration.npz") });

    /// <summary>The text of this repository's own licence, as the sample's script writes it in tokens.</summary>
    private static long[] Licence()
    {
        var words = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "LICENSE")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return [.. string.Join(' ', words).Where(letter => letter is >= ' ' and <= '~').Select(letter => (long)(letter - ' '))];
    }

    [Fact]
    public void The_generator_of_text_keeps_its_perplexity_within_one_percent()
    {
        var model = Onnx.Load(Generator.Value);
        Assert.Equal(new InputFormat.Index(Characters), model.Graph.Inputs.Single().Format);
        using var session = Onnx.Session(File("text-generator", "model.onnx"));
        var text = Licence();
        double expected = 0, actual = 0;
        var count = 0;
        for (var start = 0; start + Context < text.Length; start += Context)
        {
            var window = text[start..(start + Context)];
            var next = text[(start + 1)..(start + Context + 1)];
            expected += Losses(Onnx.Runtime(session, [.. window.Select(token => (double)token)])["scores"], next);
            actual += Losses(Onnx.Reals(model, Onnx.Run(model, window), 1), next);
            count += Context;
        }
        Assert.InRange(count, 10_000, 11_000);
        Assert.InRange(Math.Exp(expected / count), 3, 4);
        Assert.InRange(Math.Exp((actual - expected) / count), 0.99, 1.01);
    }

    [Fact]
    public void Text_behind_a_position_does_not_change_a_bit_of_its_scores()
    {
        var model = Onnx.Load(Generator.Value);
        var window = Licence()[..Context];
        var scores = Onnx.Part(model, Onnx.Run(model, window), 1);
        foreach (var position in new[] { 0, 1, 31, 62 })
        {
            long[] other = [.. window.Select((token, i) => i <= position ? token : (token + i) % Characters)];
            var seen = (position + 1) * Characters;
            Assert.Equal(scores[..seen], Onnx.Part(model, Onnx.Run(model, other), 1)[..seen]);
        }
    }

    [Fact]
    public void The_reader_of_expressions_keeps_its_accuracy_within_one_point()
    {
        var model = Onnx.Load(Reader.Value);
        Assert.Equal(["tokens", "attention_mask"], model.Graph.Inputs.Select(input => input.Name));
        Assert.Equal([new InputFormat.Index(17), new InputFormat.Index(2)], model.Graph.Inputs.Select(input => input.Format));
        Assert.True(Rows("expression-reader", "expressions.npz").TrySplit([("tokens", 32), ("attention_mask", 32), ("labels", 1)], out var arrays, out var fault), fault);
        using var session = Onnx.Session(File("expression-reader", "model.onnx"));
        int expected = 0, actual = 0;
        var (tokens, mask, labels) = (arrays[0], arrays[1], arrays[2]);
        for (var row = 0; row < tokens.Count; row++)
        {
            var label = labels.Bytes(row)[0];
            expected += Onnx.Runtime(session, [.. tokens.Reals(row), .. mask.Reals(row)])["label"][0] == label ? 1 : 0;
            actual += Onnx.Run(model, [.. tokens.Bytes(row), .. mask.Bytes(row)])[0] == label ? 1 : 0;
        }
        Assert.Equal(1000, tokens.Count);
        Assert.InRange(expected, 700, 1000);
        Assert.InRange(actual - expected, -10, 10);
    }

    [Fact]
    public void The_same_transformer_and_samples_give_the_same_bytes() =>
        Assert.Equal(Reader.Value.Container, Compile("expression-reader").Container);

    /// <summary>Minus the logarithms of the probabilities that scores give to what came next, added up.</summary>
    private static double Losses(double[] scores, long[] next)
    {
        var sum = 0.0;
        for (var i = 0; i < next.Length; i++)
        {
            var row = scores.AsSpan(i * Characters, Characters);
            var (largest, total) = (double.NegativeInfinity, 0.0);
            foreach (var score in row)
                largest = Math.Max(largest, score);
            foreach (var score in row)
                total += Math.Exp(score - largest);
            sum += Math.Log(total) + largest - row[(int)next[i]];
        }
        return sum;
    }
}
