using Aivm.Benchmarks;
using Aivm.Benchmarks.Accuracy;
using Aivm.Benchmarks.Attestation;
using Aivm.Benchmarks.Chain;
using Aivm.Benchmarks.Conformance;
using Aivm.Benchmarks.Frame;
using Aivm.Benchmarks.Gas;
using Aivm.Benchmarks.Inference;
using Aivm.Benchmarks.Proofs;
using Aivm.Benchmarks.Signature;
using Aivm.Primitives;

const string Usage = """
    usage: dotnet run -c Release --project bench/Aivm.Benchmarks -- BENCHMARK [options]
      chain        transfers through JSON-RPC beside anvil, and the node's memory
                   [--mining interval|instant|both] [--transfers 20000] [--rounds 3] [--memory-transfers 200000] [--alone]
      inference    one run of each model beside ONNX Runtime in fp32, on one thread
                   [--rounds 200] [--only PART-OF-A-NAME]
      conformance  ONNX's own test cases: supported, or refused by name
                   [--data FOLDER] [--write docs/benchmarks] [--only PART-OF-A-NAME]
      frame        what a call of a model adds to its kernels' own time
                   [--calls 5000]
      gas          every operator's time beside its price, and the prices that follow
                   [--only PART-OF-A-NAME] [--all] [--runs 2000] [--milliseconds 50]
      accuracy     labels and outputs of the image models beside ONNX Runtime in fp32
                   [--images 10000] [--precision auto|s8|s16]
      loading      the loading of containers beside its price, in time and in memory
                   [--only PART-OF-A-NAME] [--runs 2000] [--milliseconds 50]
      proof-gas    deriving circuits and verifying proofs beside what the chain takes for it
                   [--only PART-OF-A-NAME]
      proofs       zero-knowledge proofs of inference: proving, verifying, bytes, memory; with --only field their arithmetic
                   [--rounds 12] [--threads 2] [--only PART-OF-A-NAME] [--ezkl FOLDER]
      attestation  one verification of real evidence of trusted hardware, TDX quotes beside @phala/dcap-qvl
                   [--count 300] [--rounds 3] [--alone]
      signature    one hash of a fixed set of runs for each of this machine's kernel sets; they are all the same
    Every benchmark takes --json: JSON alone, without what it says on the way and the table.
    Standard output is a JSON array of {name, value, unit, reference, reference_value, ratio}; a ratio above 1 is ahead.
    """;

try
{
    if (args is ["signature"])
    {
        KernelSignature.Print(Console.Out);
        return 0;
    }
    using var cancellation = new CancellationTokenSource();
    Console.CancelKeyPress += (_, press) =>
    {
        press.Cancel = true;
        cancellation.Cancel();
    };
    var log = args.Contains("--json") ? TextWriter.Null : Console.Error;
    var results = args.Where(argument => argument != "--json").ToArray() switch
    {
        ["chain", .. var options] => await new ChainBenchmark(ChainOptions.Parse(options), log).RunAsync(cancellation.Token),
        ["frame", .. var options] => [.. new FrameBenchmark(FrameOptions.Parse(options), log).Run(cancellation.Token)],
        ["gas", .. var options] => [.. new GasBenchmark(GasOptions.Parse(options), log).Run(cancellation.Token)],
        ["loading", .. var options] => [.. new LoadBenchmark(GasOptions.Parse(options), log).Run(cancellation.Token)],
        ["inference", .. var options] => new InferenceBenchmark(InferenceOptions.Parse(options), log).Run(cancellation.Token),
        ["proof-gas", .. var options] => [.. new ProofGasBenchmark(GasOptions.Parse(options), log).Run(cancellation.Token)],
        ["proofs", "--only", "field"] => FieldKernels.Run(cancellation.Token),
        ["proofs", .. var options] => new ProofsBenchmark(ProofsOptions.Parse(options), log).Run(cancellation.Token),
        ["attestation", .. var options] => await new AttestationBenchmark(AttestationOptions.Parse(options), log).RunAsync(cancellation.Token),
        ["accuracy", .. var options] => new AccuracyBenchmark(AccuracyOptions.Parse(options), log).Run(cancellation.Token),
        ["conformance", .. var options] => new ConformanceBenchmark(ConformanceOptions.Parse(options), log).Run(cancellation.Token),
        _ => throw new AivmException(Failure.Input, "usage", Usage),
    };
    BenchmarkResult.Print(results, Console.Out, log);
    return 0;
}
catch (AivmException exception)
{
    Console.Error.WriteLine(exception.Message);
    return (int)exception.Failure;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("cancelled");
    return (int)Failure.Check;
}
