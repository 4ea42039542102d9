using Aivm.Compiler;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>Files of operator set 6, as PyTorch wrote them once.</summary>
public sealed class OperatorSet6Tests
{
    private static OnnxFile Picture(long opset) => new OnnxFile { Opset = opset }
        .Input("x", 1, 3, 8, 8).RandomWeights("w", [4, 3, 3, 3], 0.4f).Node("Conv", ["x", "w"], ["c"]).Output("y");

    private static Hash256 Compiled(OnnxFile file) => OnnxCompiler.Compile(file.Write(), new CompileOptions()).Hash;

    [Fact]
    public void A_broadcast_along_an_axis_is_the_same_model_as_its_later_form()
    {
        var old = Picture(6).RandomWeights("b", [4], 0.5f).Node("Add", ["c", "b"], ["y"], Attribute("broadcast", 1L), Attribute("axis", 1L));
        var later = Picture(7).RandomWeights("b", [4, 1, 1], 0.5f).Node("Add", ["c", "b"], ["y"]);
        Assert.Equal(Compiled(later), Compiled(old));
    }

    [Fact]
    public void A_normalisation_for_inference_is_the_same_model_as_its_later_form()
    {
        static OnnxFile Normalised(long opset, params byte[][] attributes) => Picture(opset)
            .RandomWeights("g", [4], 1).RandomWeights("h", [4], 1).RandomWeights("m", [4], 1).Weights("v", [4], 0.5f, 1, 2, 0.25f)
            .Node("BatchNormalization", ["c", "g", "h", "m", "v"], ["y"], attributes);
        Assert.Equal(Compiled(Normalised(9)), Compiled(Normalised(6, Attribute("is_test", 1L))));
    }

    public static TheoryData<string, byte[]> Training() => new()
    {
        { "BatchNormalization", Picture(6).RandomWeights("g", [4], 1).Node("BatchNormalization", ["c", "g", "g", "g", "g"], ["y"]).Write() },
        { "Dropout", Picture(6).Node("Dropout", ["c"], ["y"]).Write() },
    };

    [Theory]
    [MemberData(nameof(Training))]
    public void An_operator_in_training_mode_is_refused(string operation, byte[] file)
    {
        var refusal = Assert.Throws<AivmException>(() => OnnxCompiler.Compile(file, new CompileOptions()));
        Assert.Equal("unsupported-operator", refusal.Error.Code);
        Assert.Contains(operation, refusal.Message);
    }

    [Fact]
    public void An_operand_that_reaches_beyond_the_other_is_refused()
    {
        var file = Picture(6).RandomWeights("b", [4, 6], 0.5f).Node("Add", ["c", "b"], ["y"], Attribute("broadcast", 1L), Attribute("axis", 3L)).Write();
        Assert.Equal("onnx-invalid", Assert.Throws<AivmException>(() => OnnxCompiler.Compile(file, new CompileOptions())).Error.Code);
    }
}
