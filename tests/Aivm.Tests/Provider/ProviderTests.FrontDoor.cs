using System.Text.Json;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Cli;
using Aivm.Tests.Compiler;
using Aivm.Tests.Proofs;
using Aivm.Tests.Sdk.Content;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Aivm.Tests.Compiler.NumpyFile;

namespace Aivm.Tests.Provider;

/// <summary><c>aivm infer</c>, in a process of its own, against the daemon.</summary>
public sealed partial class ProviderTests
{
    private const int Int64 = 7;
    private const int UInt8 = 2;

    // The word's place in an encoded receipt.
    private const int ReceiptModel = 4;
    private const int ReceiptPayer = 6;
    private const int ReceiptInput = 8;
    private const int ReceiptOutput = 9;

    /// <summary>Every type that goes in and comes out; the file does not say the shape of its last output.</summary>
    private static byte[] Floats { get; } = new OnnxFile()
        .Input("x", 1, 3).TypedInput("n", Int64, 2).TypedInput("b", UInt8, 2, 2)
        .RandomWeights("w", [3, 4], 2)
        .Node("MatMul", ["x", "w"], ["h"]).Node("Softmax", ["h"], ["y"]).Node("Add", ["n", "n"], ["m"]).Node("Cast", ["b"], ["c"], OnnxFile.Attribute("to", 1L))
        .TypedOutput("y", 1, 1, 4).TypedOutput("m", Int64, 2).Output("c").Write();

    /// <summary>A row of <see cref="Floats"/>.</summary>
    private sealed record FloatRow(float[] X, long[] N, byte[] B)
    {
        public string Json => JsonSerializer.Serialize((object[])[.. X, .. N, .. B.Select(value => (int)value)]);
    }

    private static readonly FloatRow[] FloatRows = [new([0.1f, -2.5f, 3e-7f], [21, -7], [0, 1, 2, 255]), new([1e9f, 0f, -1f], [long.MaxValue, 1L << 53], [9, 8, 7, 6])];

    [Fact]
    public async Task A_model_in_floats_gives_the_command_line_what_ONNX_Runtime_gives_plain_and_sealed()
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var arrays = cli.WriteFile("rows.npz", Npz(
            ("b", Npy("|u1", "(2, 2, 2)", [.. FloatRows.SelectMany(row => row.B)])),
            ("n", Npy("<i8", "(2, 2)", [.. FloatRows.SelectMany(row => row.N).SelectMany(BitConverter.GetBytes)])),
            ("x", Npy("<f4", "(2, 1, 3)", [.. FloatRows.SelectMany(row => row.X).SelectMany(BitConverter.GetBytes)]))));
        var plain = await InferAsync(cli, "off-chain", arrays);
        Assert.Equal(("off-chain", "development-tee", 2), (plain.GetProperty("path").GetString(), plain.GetProperty("evidence").GetString(), plain.GetProperty("inferences").GetArrayLength()));
        for (var row = 0; row < FloatRows.Length; row++)
            RequireTensors(FloatRows[row], plain.GetProperty("inferences")[row]);

        var text = cli.WriteFile("row.json", $"[{FloatRows[0].Json}]");
        var hidden = await InferAsync(cli, "off-chain", text, "--evidence", "tee", "--sealed");
        RequireTensors(FloatRows[0], hidden.GetProperty("inferences")[0]);
        Assert.Equal(OutputHash(plain), OutputHash(hidden));
        var job = await new JobsClient(_rpc).GetAsync(hidden.GetProperty("inferences")[0].GetProperty("job").GetUInt64(), Cancellation);
        Assert.Equal(JobInputKind.Sealed, job.InputKind);

        var people = await RunInferAsync(cli, "off-chain", cli.WriteFile("row.csv", FloatRows[0].Json.Trim('[', ']')));
        Assert.True(people.ExitCode == 0, people.Error);
        Assert.Contains("m = 42 -14", people.Output, StringComparison.Ordinal);
        Assert.Contains("floats", people.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("re-executed", people.Output, StringComparison.Ordinal);
        Assert.Contains("nobody can challenge it", people.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_number_comes_back_from_a_model_in_floats_as_such()
    {
        var file = new OnnxFile().Input("x", 2).Node("Log", ["x"], ["y"]).TypedOutput("y", 1, 2).Write();
        await PublishAsync(OffChainKind.Onnx, FileOf(file), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var answer = await InferAsync(cli, "off-chain", cli.WriteFile("row.csv", "0,nan"));
        Assert.Equal(["-Infinity", "NaN"], answer.GetProperty("inferences")[0].GetProperty("tensors")[0].GetProperty("values").EnumerateArray().Select(value => value.GetString()));
    }

    /// <summary>The registry is gone when the second call comes; with a folder that was not asked for nothing is kept.</summary>
    [Fact]
    public async Task A_models_file_that_a_registry_gave_is_kept_in_the_callers_folder_and_not_fetched_again()
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var row = cli.WriteFile("row.json", $"[{FloatRows[0].Json}]");
        string[] command;
        using (var registry = await DebianRegistry.StartAsync(Cancellation))
        {
            using var store = new RegistryStore(registry.Location);
            await store.AddAsync(FileOf(Floats), cancellation: Cancellation);
            command = ["infer", "off-chain", "--input", row, "--store", $"{registry.Location}", "--from", $"{Customer}", "--rpc", $"{_node.Node.Url}", "--json"];
            RequireTensors(FloatRows[0], (await RunAsync()).GetProperty("inferences")[0]);
            Assert.False(Directory.Exists(cli.PathOf("content")));
            Directory.CreateDirectory(cli.PathOf("content"));
            await RunAsync();
        }
        RequireTensors(FloatRows[0], (await RunAsync()).GetProperty("inferences")[0]);
        Assert.Equal([ContentDigest.Of(Floats).Hex], Directory.EnumerateFiles(cli.PathOf("content"), "*", SearchOption.AllDirectories).Select(Path.GetFileName));

        async Task<JsonElement> RunAsync()
        {
            var outcome = await cli.Run(command);
            Assert.True(outcome.ExitCode == 0, outcome.Error);
            return outcome.Json;
        }
    }

    /// <summary>Who asks for a model need not know how heavy it is.</summary>
    [Fact]
    public async Task A_model_that_no_transaction_runs_is_run_and_proved_by_somebody_else_without_being_asked_for_it()
    {
        await new ModelPublisher(_caller).PublishAsync(new ModelRelease(HeavyNetwork.Container, "heavy"), cancellation: Cancellation);
        await ServeAsync(JobEvidence.Proved, tier: 2);
        using var cli = new CliProcess();
        var outcome = await RunInferAsync(cli, "heavy", cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { HeavyNetwork.Input.Select(value => (int)value) })), "--json");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(("off-chain", "zk"), (outcome.Json.GetProperty("path").GetString(), outcome.Json.GetProperty("evidence").GetString()));
    }

    public static TheoryData<string> BadRows => [.. Misfits.Keys];

    private static readonly Dictionary<string, (string Name, byte[] File, string Code)> Misfits = new()
    {
        ["too few values"] = ("row.json", "[[1, 2, 3]]"u8.ToArray(), "input-shape"),
        ["an array of another name"] = ("row.npz", Npz(("x", Npy("<f4", "(1, 3)", new byte[12])), ("n", Npy("<i8", "(1, 2)", new byte[16])), ("c", Npy("|u1", "(1, 2, 2)", new byte[4]))), "input-shape"),
        ["an array that lies otherwise"] = ("row.npz", Npz(("x", Npy("<f4", "(1, 3)", new byte[12])), ("n", Npy("<i8", "(1, 2)", new byte[16])), ("b", Npy("|u1", "(1, 4, 1)", new byte[4]))), "input-shape"),
        ["a fraction for an integer"] = ("row.csv", "1,2,3,4.5,5,6,7,8,9"u8.ToArray(), "input-value"),
        ["nothing for an integer"] = ("row.csv", "1,2,3,,5,6,7,8,9"u8.ToArray(), "input-value"),
        ["more than a byte holds"] = ("row.csv", "1,2,3,4,5,6,7,8,256"u8.ToArray(), "input-value"),
        ["more than a float holds"] = ("row.csv", "1e300,2,3,4,5,6,7,8,9"u8.ToArray(), "input-value"),
        ["no table"] = ("row.npy", "1,2,3"u8.ToArray(), "input-format"),
    };

    [Theory]
    [MemberData(nameof(BadRows))]
    public async Task A_row_that_a_model_in_floats_does_not_take_is_refused_before_anything_is_asked(string name)
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        using var cli = new CliProcess();
        var (file, bytes, code) = Misfits[name];
        var refused = await RunInferAsync(cli, "off-chain", cli.WriteFile(file, bytes), "--json");
        CommandLineTests.AssertFailure(refused, 2, code);
        if (code == "input-shape")
            Assert.Contains("'x' float32[1x3], 'n' int64[2], 'b' uint8[2x2]", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0ul, await new JobsClient(_rpc).CountAsync(Cancellation));
    }

    public static TheoryData<string> UncallableModels => [.. Uncallable.Keys];

    private static readonly Dictionary<string, (byte[] File, string Code)> Uncallable = new()
    {
        ["noise"] = ([0x3A, 0x10, 1, 2, 3], "onnx-corrupt"),
        ["an input of booleans"] = (new OnnxFile().TypedInput("x", 9, 4).Node("Cast", ["x"], ["y"], OnnxFile.Attribute("to", 1L)).TypedOutput("y", 1, 4).Write(), "onnx-unsupported"),
        ["a batch of any size"] = (new OnnxFile().Input("x", 0, 4).Node("Neg", ["x"], ["y"]).TypedOutput("y", 1, 1, 4).Write(), "onnx-unsupported"),
        ["an output of doubles"] = (new OnnxFile().Input("x", 4).Node("Cast", ["x"], ["y"], OnnxFile.Attribute("to", 11L)).TypedOutput("y", 11, 4).Write(), "onnx-unsupported"),
        ["outputs of unknown shapes"] = (new OnnxFile().Input("x", 4).Node("Neg", ["x"], ["y"]).Node("Abs", ["x"], ["z"]).Output("y").Output("z").Write(), "onnx-unsupported"),
        ["more than a job carries"] = (new OnnxFile().Input("x", 1L << 40, 1L << 40).Node("Neg", ["x"], ["y"]).Output("y").Write(), "input-too-large"),
    };

    [Theory]
    [MemberData(nameof(UncallableModels))]
    public async Task A_model_whose_inputs_or_outputs_cannot_be_told_is_not_asked_for(string name)
    {
        var (file, code) = Uncallable[name];
        await PublishAsync(OffChainKind.Onnx, FileOf(file), gas: 1_000_000);
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", cli.WriteFile("row.csv", "1,2,3,4"), "--json"), 2, code);
    }

    [Fact]
    public async Task A_stored_file_that_is_not_the_model_of_the_chain_is_not_read()
    {
        var right = await OffChainModel.OfFileAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000, Cancellation);
        await PublishAsync(right with { Hash = Keccak.Hash("x"u8) }, FileOf(Floats));
        using var cli = new CliProcess();
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", cli.WriteFile("row.json", $"[{FloatRows[0].Json}]"), "--json"), 1, "model-mismatch");
    }

    /// <summary>Nobody but trusted hardware vouches for floats, and a ceiling holds for all that an answer costs.</summary>
    [Fact]
    public async Task A_price_above_the_ceiling_and_evidence_that_nobody_has_take_no_coin()
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var row = cli.WriteFile("row.json", $"[{FloatRows[0].Json}]");
        var before = await _rpc.GetBalanceAsync(Customer, Cancellation);
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", row, "--max-price", "0.000000000000000999", "--json"), 1, "price-too-high");
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", row, "--sealed", "--evidence", "tee", "--max-price", "0", "--json"), 1, "price-too-high");
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", row, "--evidence", "stake", "--json"), 1, "no-offer");
        Assert.Equal(before, await _rpc.GetBalanceAsync(Customer, Cancellation));
        Assert.Equal(0ul, await new JobsClient(_rpc).CountAsync(Cancellation));
        var paid = await InferAsync(cli, "off-chain", row, "--max-price", "0.1");
        var spent = before - await _rpc.GetBalanceAsync(Customer, Cancellation);
        Assert.True(spent <= UInt256.Parse("100000000000000000"), $"{spent}");
        RequireTensors(FloatRows[0], paid.GetProperty("inferences")[0]);
    }

    [Fact]
    public async Task Rows_that_were_answered_are_printed_when_a_later_one_fails()
    {
        var table = new OnnxFile().TypedInput("i", Int64, 1).Weights("table", [2, 1], 1.5f, 2.5f).Node("Gather", ["table", "i"], ["y"]).TypedOutput("y", 1, 1, 1).Write();
        await PublishAsync(OffChainKind.Onnx, FileOf(table), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var outcome = await RunInferAsync(cli, "off-chain", cli.WriteFile("rows.csv", "1\n7\n0"));
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("aivm: job-no-provider: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("y = 2.5", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("y = 1.5", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(2ul, await new JobsClient(_rpc).CountAsync(Cancellation));
    }

    public static TheoryData<string> Lies => [.. Told.Keys];

    private static readonly Dictionary<string, (Func<ToldAnswer, ToldAnswer> Lie, string Code)> Told = new()
    {
        ["another model"] = (told => told.WithWord(ReceiptModel, new UInt256(7).ToHash256()), "receipt-mismatch"),
        ["another payer"] = (told => told.WithWord(ReceiptPayer, new UInt256(7).ToHash256()), "receipt-mismatch"),
        ["another input"] = (told => told.WithWord(ReceiptInput, Keccak.Hash("x"u8)), "receipt-mismatch"),
        ["another output"] = (told => told with { Output = OutputNumbers.Pack([1, 2, 3]) }, "receipt-mismatch"),
        ["an output that the model cannot give"] = (told => Answering(told, [1, 2, 3]), "output-malformed"),
        ["what is no float"] = (told => Answering(told, [-1, .. OutputNumbers.Unpack(told.Output)[1..]]), "output-malformed"),
    };

    private static ToldAnswer Answering(ToldAnswer told, long[] output) =>
        told.WithWord(ReceiptOutput, OutputNumbers.HashOf(output)) with { Output = OutputNumbers.Pack(output) };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task An_answer_whose_receipt_is_for_something_else_is_not_believed(string lie)
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        using var liar = new LyingNode(_node.Node.Url, Told[lie].Lie);
        var outcome = await RunInferAsync(cli, "off-chain", cli.WriteFile("row.json", $"[{FloatRows[0].Json}]"), "--json", "--rpc", $"{liar.Url}");
        CommandLineTests.AssertFailure(outcome, 1, Told[lie].Code);
    }

    [Fact]
    public async Task A_wrong_answer_of_a_model_that_can_be_run_here_is_known_at_once()
    {
        await ServeAsync(JobEvidence.Staked, answered: outputs => [.. outputs.Select(output => output + 1)]);
        using var cli = new CliProcess();
        var row = cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        var outcome = await RunInferAsync(cli, "small", row, "--evidence", "stake", "--json");
        CommandLineTests.AssertFailure(outcome, 1, "answer-mismatch");
        Assert.Contains("aivm job challenge 1", outcome.Error, StringComparison.Ordinal);
    }

    private static Address Customer => DevChain.Accounts[3].Address;

    private async Task<JsonElement> InferAsync(CliProcess cli, string model, string file, params string[] options)
    {
        var outcome = await RunInferAsync(cli, model, file, [.. options, "--json"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome.Json;
    }

    private Task<CliProcess.Outcome> RunInferAsync(CliProcess cli, string model, string file, params string[] options) => cli.Run([
        "infer", model, "--input", file, "--store", Store.Root, "--from", Customer.ToString(),
        .. options.Contains("--rpc") ? (string[])[] : ["--rpc", $"{_node.Node.Url}"], .. options]);

    /// <summary>The named tensors are, bit for bit, what ONNX Runtime gives.</summary>
    private static void RequireTensors(FloatRow row, JsonElement inference)
    {
        using var session = new InferenceSession(Floats);
        using var results = session.Run([
            NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(row.X, [1, 3])),
            NamedOnnxValue.CreateFromTensor("n", new DenseTensor<long>(row.N, [2])),
            NamedOnnxValue.CreateFromTensor("b", new DenseTensor<byte>(row.B, [2, 2])),
        ]);
        var tensors = inference.GetProperty("tensors").EnumerateArray().ToList();
        Assert.Equal([("y", "float32"), ("m", "int64"), ("c", "float32")], tensors.Select(tensor => (tensor.GetProperty("name").GetString(), tensor.GetProperty("type").GetString())));
        Assert.Equal([[1, 4], [2], [4]], tensors.Select(tensor => tensor.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())));
        foreach (var (tensor, result) in tensors.Zip(results))
        {
            var values = tensor.GetProperty("values").EnumerateArray();
            if (result.ElementType == TensorElementType.Int64)
                Assert.Equal(result.AsEnumerable<long>(), values.Select(value => value.GetInt64()));
            else
                Assert.Equal(result.AsEnumerable<float>(), values.Select(value => value.GetSingle()));
        }
    }

    private static string? OutputHash(JsonElement document) => document.GetProperty("inferences")[0].GetProperty("output_hash").GetString();
}
