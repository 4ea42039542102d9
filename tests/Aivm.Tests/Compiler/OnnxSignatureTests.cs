using Aivm.Compiler.Onnx;
using Aivm.Primitives;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Compiler;

/// <summary>What a file takes and gives is read without its weights, however large or broken it is.</summary>
public sealed class OnnxSignatureTests
{
    private const int Int64 = 7;

    private static OnnxFile Model => new OnnxFile()
        .Input("x", 1, 3).TypedInput("n", Int64, 2).Input("w", 3, 4).Input("open", 0, 3)
        .RandomWeights("w", [3, 4], 1)
        .Node("MatMul", ["x", "w"], ["y"]).Node("Add", ["n", "n"], ["m"])
        .TypedOutput("y", 1, 1, 4).Output("m", Int64);

    [Fact]
    public void Inputs_and_outputs_are_as_declared_and_weights_are_no_input()
    {
        var signature = Read(Model.Write());
        Assert.Equal(["x", "n", "open"], signature.Inputs.Select(input => input.Name));
        Assert.Equal([OnnxType.Float, OnnxType.Int64, OnnxType.Float], signature.Inputs.Select(input => input.Kind!.Value));
        Assert.Equal([[1, 3], [2], [-1, 3]], signature.Inputs.Select(input => input.Extents));
        Assert.Equal(["y", "m"], signature.Outputs.Select(output => output.Name));
        Assert.Equal([1, 4], signature.Outputs[0].Extents);
        Assert.Null(signature.Outputs[1].Extents);
    }

    [Fact]
    public void Weights_are_stepped_over_not_read()
    {
        var weights = Join(Field(1, 1L << 22), Field(2, 1L), Field(9, new byte[4 << 22]), Field(8, "w"));
        var file = new CountedStream(Model.Input("v", 1 << 22).Initialiser(weights).Write());
        Assert.Equal(4, OnnxSignature.Read(file).Inputs.Count);
        Assert.InRange(file.BytesRead, 1, 2_000);
    }

    [Fact]
    public void A_file_that_ends_anywhere_is_refused_by_name()
    {
        var file = Model.Write();
        for (var length = 0; length < file.Length; length++)
        {
            try
            {
                Read(file[..length]);
            }
            catch (AivmException exception)
            {
                Assert.StartsWith("onnx-", exception.Error.Code, StringComparison.Ordinal);
            }
        }
    }

    public static TheoryData<string, byte[], string> BadFiles() => new()
    {
        { "nothing", [], "onnx-corrupt" },
        { "two graphs", Join(Model.Write(), Model.Write()), "onnx-corrupt" },
        { "a field without a number", [0x00, 0x00], "onnx-corrupt" },
        { "a field of no type", [0x3B], "onnx-corrupt" },
        { "a graph that is a number", Field(7, 1L), "onnx-corrupt" },
        { "a graph longer than the file", [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "onnx-corrupt" },
        { "a number without an end", [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "onnx-corrupt" },
        { "an input longer than any", Field(7, Field(11, Field(10, new byte[1 << 20]))), "onnx-too-large" },
        { "weights with an endless name", Field(7, Field(5, Field(8, new string('w', 1 << 20)))), "onnx-too-large" },
        { "names without end", Field(7, Join([.. Enumerable.Repeat(Field(11, Field(1, new string('x', 60_000))), 600)])), "onnx-too-large" },
        { "more axes than a tensor has", new OnnxFile().Input("x", 1, 1, 1, 1, 1, 1, 1, 1, 1).Output("x").Write(), "onnx-too-large" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void A_file_that_is_no_model_is_refused_by_name(string what, byte[] file, string code) =>
        Assert.True(Assert.Throws<AivmException>(() => Read(file)).Error.Code == code, what);

    private static OnnxSignature Read(byte[] file) => OnnxSignature.Read(new MemoryStream(file));

    private sealed class CountedStream(byte[] bytes) : MemoryStream(bytes)
    {
        public int BytesRead { get; private set; }

        public override int ReadByte()
        {
            BytesRead++;
            return base.ReadByte();
        }

        public override int Read(Span<byte> buffer)
        {
            BytesRead += buffer.Length;
            return base.Read(buffer);
        }
    }
}
