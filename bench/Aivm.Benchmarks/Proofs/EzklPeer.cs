using System.Text.Json;
using Aivm.Compiler;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Benchmarks.Proofs;

/// <summary>
/// ezkl in WebAssembly (<c>bench/peers/ezkl.mjs</c>) on the circuit of one small network, and our proof of the same network. The engine cannot compile
/// circuits; a folder like <c>tests/assets</c> of ezkl's repository, at the engine's version, has one with its network.
/// </summary>
/// <param name="Prove">Milliseconds, the witness included.</param>
internal sealed record EzklPeer(double Setup, double Prove, double Verify, int Bytes)
{
    private const int Decimals = 9;
    private const long Unit = 1_000_000_000;
    private const string Rounds = "5";

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <exception cref="AivmException"><c>node-missing</c>, <c>script-failed</c>.</exception>
    public static EzklPeer Measure(string folder, CancellationToken cancellation) =>
        JsonSerializer.Deserialize<EzklPeer>(
            NodeScript.RunAsync("ezkl.mjs", [Path.GetFullPath(folder), "--rounds", Rounds], cancellation).GetAwaiter().GetResult(), Format)!;

    /// <summary>The circuit's network and input, compiled for our engine, its weights private.</summary>
    public static ProofWorkload Network(string folder)
    {
        var options = new CompileOptions { Input = new InputFormat.Fixed(Decimals) };
        var model = Inference.Workload.Load(OnnxCompiler.Compile(File.ReadAllBytes(Path.Combine(folder, "network.onnx")), options).Container);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "input.json")));
        long[] input =
        [
            .. document.RootElement.GetProperty("input_data")[0].EnumerateArray()
                .Select(number => (long)decimal.Round(number.GetDecimal() * Unit)),
        ];
        return new ProofWorkload("ezkl-network", model, input, null, ProofPrivacy.Weights, Bar: null, ByteBar: null, MultipleBar: null);
    }
}
