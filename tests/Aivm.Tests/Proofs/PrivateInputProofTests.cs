using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Tests.Compiler;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

public sealed class PrivateInputProofTests
{
    [Theory]
    [InlineData("credit", "xgb100x6", 1)]
    [InlineData("hmda", "xgb100x6", 2)]
    [InlineData("credit", "logreg", 3)]
    [InlineData("hmda", "logreg", 1)]
    public void A_classical_model_is_proved_on_rows_that_nobody_sees(string table, string kind, int samples)
    {
        var model = VectorCircuits.ModelOf($"{table}_{kind}", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        PrivateRun.AssertProved(model, samples, [.. Enumerable.Range(0, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))]);
    }

    [Fact]
    public void A_network_is_proved_on_a_private_picture_of_numbers()
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [2, 6, 6], new InputFormat.Fixed(6)),
            QuantiseNode.Scale(0, ElementType.S8, 1 << 20, 33),
            new ConvNode
            {
                Source = 1,
                Weights = Constant.S8([3, 2, 3, 3], [.. Enumerable.Range(0, 54).Select(i => (sbyte)(i * 37 % 100))]),
                Bias = Constant.S32([3], [5, -5, 100]),
                Window = new() { Kernel = new(3, 3) },
                Requantise = Requantise.To(ElementType.S8, 7),
            });
        PrivateRun.AssertProved(model, 2, [.. Enumerable.Range(0, 144).Select(i => (i * 12_345_678L % 2_000_000) - 1_000_000)]);
    }

    /// <summary>Elements of the input are factors themselves, with nothing committed in between.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(1_000_000)]
    public void Private_numbers_are_factors_of_products(int count)
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [3, 4], new InputFormat.Index(count)),
            new MaxNode { Source = 0 },
            new SoftmaxNode { Source = 0, Shift = 12, Entries = Constant.S32([3], [1 << 20, 1 << 10, 0]), OutputExponent = 10 },
            new InterpolateNode { Source = 1, Low = 0, Shift = 4, Entries = Constant.S32([14], [.. Enumerable.Range(0, 14).Select(i => i * i)]) },
            new ReshapeNode { Source = 3, Shape = [3, 1] },
            new InterpolateNode { Source = 2, Low = 0, Shift = 4, Entries = Constant.S32([14], [.. Enumerable.Range(0, 14).Select(i => i * i)]) },
            new ConcatNode { Parts = [4, 5], Axis = 1 });
        PrivateRun.AssertProved(model, 2, [.. Enumerable.Range(0, 24).Select(i => (long)i * 7919 % count)]);
    }

    /// <summary>Tokens and a mask of three: attention's scores are chosen by it, against a number beyond 2^29.</summary>
    [Fact]
    public void An_encoder_is_proved_with_a_mask_that_nobody_sees()
    {
        Assert.True(Model.TryLoad(TransformerTests.Reader.Value.Container, out var model, out var error), error?.ToString());
        long[] tokens = [1, 2, 9, 16, 3, 11, 14, 6, 7, 6, .. new long[22]], mask = [.. Enumerable.Range(0, 32).Select(i => i < 10 ? 1L : 0)];
        PrivateRun.AssertProved(model, 1, [.. tokens, .. mask]);
    }

    [Fact]
    public void A_tree_is_proved_on_features_that_are_missing()
    {
        var model = SmallTrees.Model(1L << 50);
        PrivateRun.AssertProved(model, 4, [long.MinValue, long.MinValue, -5, long.MinValue, long.MinValue, 12, 5, 7]);
    }
}
