using System.Buffers.Binary;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Compiler;
using Aivm.Tests.Sdk.Content;
using static Aivm.Tests.Compiler.OnnxFile;

namespace Aivm.Tests.Provider;

/// <summary>ONNX files of strangers: what runs, and the name that anything else is refused by.</summary>
public sealed class FloatModelTests : IDisposable
{
    private const int Int64 = 7;
    private const int UInt8 = 2;
    private const int Boolean = 9;

    private readonly ContentFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>x + 1 of floats, n doubled, and b as floats: each type that goes in, both that come out.</summary>
    private static OnnxFile Mixed() => new OnnxFile()
        .Input("x", 1, 2).TypedInput("n", Int64, 2).TypedInput("b", UInt8, 3)
        .Weights("one", [1], 1f)
        .Node("Add", ["x", "one"], ["y"]).Node("Add", ["n", "n"], ["m"]).Node("Cast", ["b"], ["c"], Attribute("to", 1L))
        .Output("y").Output("m", Int64).Output("c");

    [Fact]
    public void Inputs_are_packed_in_order_and_outputs_are_integers_or_the_bits_of_floats()
    {
        using var model = Load(Mixed());
        var input = new byte[8 + 16 + 3];
        BinaryPrimitives.WriteSingleLittleEndian(input, 0.5f);
        BinaryPrimitives.WriteSingleLittleEndian(input.AsSpan(4), -3f);
        BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(8), 21);
        BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(16), -7);
        input[24] = 255;
        Assert.Equal([Bits(1.5f), Bits(-2f), 42, -14, Bits(255f), 0, 0], model.Run(input, Cancellation));
        Assert.Equal(7, model.OutputCount);
        Assert.True(Bits(-2f) > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(26)]
    [InlineData(28)]
    public void An_input_of_another_length_is_refused(int length)
    {
        using var model = Load(Mixed());
        Assert.Equal("input-shape", Assert.Throws<JobRefusal>(() => model.Run(new byte[length], Cancellation)).Error.Code);
    }

    public static TheoryData<string> Files => [.. Unsupported.Keys];

    private static readonly Dictionary<string, Func<byte[]>> Unsupported = new()
    {
        ["nothing"] = () => [],
        ["noise"] = () => ContentFolder.Bytes(3, 500),
        ["half a file"] = () => Mixed().Write()[..200],
        ["a batch of any size"] = () => new OnnxFile().Input("x", 0, 4).Node("Neg", ["x"], ["y"]).Output("y").Write(),
        ["an input of booleans"] = () => new OnnxFile().TypedInput("x", Boolean, 4).Node("Cast", ["x"], ["y"], Attribute("to", 1L)).Output("y").Write(),
        ["an output of doubles"] = () => new OnnxFile().Input("x", 4).Node("Cast", ["x"], ["y"], Attribute("to", 11L)).Output("y", 11).Write(),
        ["an output of any length"] = () => new OnnxFile().Input("x", 4).Node("NonZero", ["x"], ["y"]).Output("y", Int64).Write(),
        ["an operator of nobody's"] = () =>
            new OnnxFile().Import("com.example", 1).Input("x", 4).Node("com.example", "Escape", ["x"], ["y"]).Output("y").Write(),
        ["an input of a terabyte"] = () => new OnnxFile().Input("x", 1 << 20, 1 << 18).Node("Neg", ["x"], ["y"]).Output("y").Write(),
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void What_ONNX_Runtime_or_a_job_cannot_have_is_refused_by_name(string name)
    {
        var file = _folder.Write("model", Unsupported[name]());
        Assert.Equal("onnx-unsupported", Assert.Throws<JobRefusal>(() => FloatModel.Load(file, default, Options())).Error.Code);
    }

    /// <summary>A model that reads its weights from another file would give away whatever the provider can read.</summary>
    [Theory]
    [InlineData("secret")]
    [InlineData("../secret")]
    [InlineData("../../secret")]
    [InlineData("absolute")]
    public void A_file_that_names_another_file_is_refused(string location)
    {
        var secret = _folder.Write("secret", ContentFolder.Bytes(4, 16));
        var path = location == "absolute" ? secret : location;
        byte[] External(string key, string value) => Field(13, Join(Field(1, key), Field(2, value)));
        var weights = Join(
            Field(1, 4L), Field(2, 1L), Field(8, "w"), External("location", path), External("offset", "0"), External("length", "16"), Field(14, 1L));
        var file = new OnnxFile().Input("x", 4).Initialiser(weights).Node("Add", ["x", "w"], ["y"]).Output("y");
        var model = new ProviderFiles(_folder.Path, 1 << 20).ModelFile(ContentDigest.Of(file.Write()));
        File.WriteAllBytes(model, file.Write());
        Assert.Equal("onnx-unsupported", Assert.Throws<JobRefusal>(() => FloatModel.Load(model, default, Options())).Error.Code);
        var published = _folder.Write("published", file.Write());
        Assert.Equal("onnx-unsupported", Assert.Throws<JobRefusal>(() => FloatModels.RequireRunnable(published)).Error.Code);
    }

    [Fact]
    public void A_run_that_does_not_end_is_ended()
    {
        using var model = FloatModel.Load(_folder.Write("model", Endless().Write()), default, Options() with { AnswerSeconds = 1 });
        Assert.Equal("run-too-long", Assert.Throws<JobRefusal>(() => model.Run(new byte[16], Cancellation)).Error.Code);
    }

    /// <summary>Loops for ever.</summary>
    internal static OnnxFile Endless()
    {
        var body = new OnnxFile()
            .TypedInput("i", Int64).TypedInput("go", Boolean).Input("v", 4)
            .Node("Identity", ["go"], ["on"]).Node("Cos", ["v"], ["w"]).Output("on", Boolean).Output("w");
        return new OnnxFile().Input("x", 4).IntegerTensor("count", [], long.MaxValue).Booleans("yes", [], 1)
            .Node("Loop", ["count", "yes", "x"], ["y"], Attribute("body", body)).Output("y");
    }

    [Fact]
    public void An_index_that_is_out_of_the_table_fails_that_run_alone()
    {
        var file = new OnnxFile().TypedInput("i", Int64, 1).Weights("table", [2, 1], 1f, 2f).Node("Gather", ["table", "i"], ["y"]).Output("y");
        using var model = Load(file);
        Assert.Equal("run-failed", Assert.Throws<JobRefusal>(() => model.Run(BitConverter.GetBytes(5L), Cancellation)).Error.Code);
        Assert.Equal([Bits(2f)], model.Run(BitConverter.GetBytes(1L), Cancellation));
    }

    [Fact]
    public async Task A_model_that_is_put_away_while_it_runs_ends_its_runs_first()
    {
        var model = Load(Mixed());
        var input = new byte[27];
        var expected = model.Run(input, Cancellation);
        var runs = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                try
                {
                    Assert.Equal(expected, model.Run(input, Cancellation));
                }
                catch (AivmException exception)
                {
                    return exception.Error.Code;
                }
            }
            return "model-evicted";
        })).ToArray();
        await Task.Delay(20, Cancellation);
        model.Dispose();
        Assert.All(await Task.WhenAll(runs), code => Assert.Equal("model-evicted", code));
        Assert.Equal("model-evicted", Assert.Throws<AivmException>(() => model.Run(input, Cancellation)).Error.Code);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FloatModel Load(OnnxFile file) => FloatModel.Load(_folder.Write("model", file.Write()), default, Options());

    private ProviderOptions Options() => new() { Directory = _folder.Path, FloatThreads = 1 };

    private static long Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
