using System.Diagnostics;
using System.Globalization;
using Aivm.Benchmarks.Inference;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Benchmarks.Proofs;

/// <summary>
/// Zero-knowledge proofs of one inference: set-up, witness, proof, verification, bytes, memory; and the proving time as a multiple of ONNX Runtime's
/// fp32 latency on one thread, measured in turn in this process. Every proof is verified.
/// </summary>
internal sealed class ProofsBenchmark(ProofsOptions options, TextWriter log)
{
    private const int WarmUp = 3;

    /// <summary>Milliseconds of verifying that are asked for.</summary>
    private const double VerifyBar = 8;

    public IReadOnlyList<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var wanted = ProofWorkloads.All.Where(workload => workload.Name.Contains(options.Only, StringComparison.Ordinal)).ToArray();
        if (wanted.Length == 0)
            throw new AivmException(Failure.Input, "usage", $"proofs: no model's name contains {options.Only}");
        log.WriteLine(Invariant($"{FieldSimd.Level}, {options.Threads} threads, {options.Rounds} rounds; medians"));
        var results = new List<BenchmarkResult>();
        foreach (var (_, create) in wanted)
        {
            cancellation.ThrowIfCancellationRequested();
            using var workload = create();
            results.AddRange(Measure(workload));
        }
        if (options.Ezkl is { } folder)
            results.AddRange(MeasureBesideEzkl(folder, cancellation));
        return results;
    }

    /// <summary>One network of a dozen weights in both: what a proof costs at least, no more.</summary>
    private List<BenchmarkResult> MeasureBesideEzkl(string folder, CancellationToken cancellation)
    {
        using var workload = EzklPeer.Network(folder);
        var peer = EzklPeer.Measure(folder, cancellation);
        log.WriteLine(Invariant($"ezkl (wasm)      set-up {peer.Setup:N1} ms   prove {peer.Prove:N1} ms   verify {peer.Verify:N1} ms   {peer.Bytes:N0} bytes"));
        return [.. Measure(workload, peer)];
    }

    /// <param name="ezkl">What takes the bars' place; null for these.</param>
    private IEnumerable<BenchmarkResult> Measure(ProofWorkload workload, EzklPeer? ezkl = null)
    {
        var (model, start) = (workload.Model, Stopwatch.GetTimestamp());
        var isPrivate = workload.Privacy.HasFlag(ProofPrivacy.Weights);
        var architecture = isPrivate ? PrivateModel.Skeleton(model.Graph) : model.Graph;
        Require(GraphAnalysis.TryAnalyse(architecture, out var analysis, out var error), error);
        Require(Circuit.TryBuild(architecture, analysis, samples: 1, workload.Privacy, out var circuit, out error), error);
        var shape = new ProofShape(circuit, ProofParameters.Production);
        using var weights = isPrivate ? CommittedWeights.Commit(shape, model.Graph, new byte[32], threads: options.Threads) : null;
        Require(ProofProver.TryCreate(shape, model.Graph, weights, options.Threads, out var prover, out error), error);
        using var owned = prover;
        var setUp = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Require(Circuit.TryBuild(architecture, analysis, samples: 1, workload.Privacy, out var verifierCircuit, out error), error);
        var verifierShape = new ProofShape(verifierCircuit, ProofParameters.Production);

        var (witness, prove, verify, peer, bytes) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = -WarmUp; round < options.Rounds; round++)
        {
            var statement = new ProofStatement(model.Hash, Hash256.Zero, workload.Input, workload.Output, weights?.Root);
            var begin = Stopwatch.GetTimestamp();
            var witnessed = begin;
            var proof = prover.Prove(statement, progress: phase => witnessed = phase == ProofPhase.Commit ? Stopwatch.GetTimestamp() : witnessed);
            var proved = Stopwatch.GetTimestamp();
            Require(ProofVerifier.TryVerify(verifierShape, statement, proof, out error), error);
            var verified = Stopwatch.GetTimestamp();
            if (round < 0)
                continue;
            witness.Add(Stopwatch.GetElapsedTime(begin, witnessed).TotalMilliseconds);
            prove.Add(Stopwatch.GetElapsedTime(begin, proved).TotalMilliseconds);
            verify.Add(Stopwatch.GetElapsedTime(proved, verified).TotalMilliseconds);
            bytes.Add(proof.Length);
            if (workload.Peer is not null)
                peer.Add(TimePeer(workload.Peer));
        }
        using var process = Process.GetCurrentProcess();
        log.WriteLine(Invariant(
            $"{workload.Name,-16} {circuit.CellCount,8} cells {circuit.LeafCount,8} leaves   set-up {setUp,8:N1} ms   witness {Median(witness),6:N2} ms   prove {Median(prove),7:N2} ms (fastest {prove.Min():N2})   verify {Median(verify),6:N2} ms (fastest {verify.Min():N2})   {Median(bytes),8:N0} bytes   peak {process.PeakWorkingSet64 >> 20} MiB"));
        var reference = ezkl is null ? "bar" : "ezkl (wasm)";
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-prove", Median(prove), "ms", reference, ezkl?.Prove ?? workload.Bar);
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-verify", Median(verify), "ms", reference, ezkl?.Verify ?? VerifyBar);
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-bytes", Median(bytes), "bytes", reference, ezkl?.Bytes ?? workload.ByteBar);
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-setup", setUp, "ms", ezkl is null ? "" : reference, ezkl?.Setup);
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-witness", Median(witness), "ms", "", null);
        yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-peak-memory", process.PeakWorkingSet64 / 1048576.0, "MiB", "bar", 1000);
        if (peer.Count > 0)
            yield return BenchmarkResult.LowerIsBetter($"proofs-{workload.Name}-prove-times-fp32", Median(prove) / Median(peer), "x", "bar", workload.MultipleBar);
    }

    private static double TimePeer(RuntimeSession peer)
    {
        const int Runs = 20;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Runs; i++)
            peer.Run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / Runs;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Require(bool holds, Error? error)
    {
        if (!holds)
            throw new AivmException(Failure.Check, error!.Code, error.Message);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
