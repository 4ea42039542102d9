using System.Diagnostics;
using System.Globalization;
using Aivm.Benchmarks.Proofs;
using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Benchmarks.Gas;

/// <summary>
/// Times what the chain's verifyProof does beside what it takes gas for: deriving circuits (of every operator, of containers that are slow to load,
/// of whole models), and verifying proofs of whole models, or with --all of everything.
/// </summary>
internal sealed class ProofGasBenchmark(GasOptions options, TextWriter log)
{
    private const double Bound = 3;
    private const int Listed = 12;
    private const int Runs = 6;

    /// <summary>What a transaction may have: where a circuit takes more, its derivation stops there, and the time up to then counts.</summary>
    private static readonly long MaxGas = (long)ChainLimits.Default.TransactionGas;

    /// <summary>The most leaves of a proof that is made to be verified: what is larger costs its verifier little more.</summary>
    private const int MaxLeaves = 1 << 20;

    private sealed record Case(
        string Name, Graph Graph, GraphAnalysis Analysis, ProofPrivacy Privacy, Model Model, int Samples = 1, bool IsWhole = false, bool IsRanges = false)
    {
        public bool TryShape(WorkMeter meter, out ProofShape shape, out Error error) => IsRanges
            ? new ProvedModel(Model.Hash, Graph, Analysis, Hash256.Zero).TryShapeWeightRanges(meter, out shape, out error)
            : ProofShape.TryBuild(Graph, Analysis, Samples, Privacy, meter, out shape, out error);
    }

    private sealed record Measured(string Name, long Work, double Nanoseconds)
    {
        public double Ratio => Nanoseconds / Work;
    }

    public IEnumerable<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var (built, verified, refused) = (new List<Measured>(), new List<Measured>(), 0);
        foreach (var each in Cases().Where(each => each.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
        {
            cancellation.ThrowIfCancellationRequested();
            var meter = new WorkMeter(MaxGas);
            var isShape = each.TryShape(meter, out var shape, out _);
            built.Add(new Measured(each.Name, meter.Work, Fastest(() => each.TryShape(new WorkMeter(MaxGas), out _, out _))));
            if (!isShape)
                refused++;
            else if ((options.All || each.IsWhole) && shape.Circuit.LeafCount <= MaxLeaves && shape.Soundness.Shortfall is null && Verify(each, shape) is { } measured)
                verified.Add(measured);
        }
        foreach (var (name, model) in PublicModels().Where(each => each.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
        {
            cancellation.ThrowIfCancellationRequested();
            var meter = new WorkMeter(MaxGas);
            var isShape = TryShapeRoot(model, meter, out var committed, out var shape);
            built.Add(new Measured(name, meter.Work, Fastest(() => TryShapeRoot(model, new WorkMeter(MaxGas), out _, out _))));
            if (isShape && shape.Soundness.Shortfall is null)
                verified.Add(VerifyRoot(name, committed, shape));
            else
                refused++;
        }
        log.WriteLine($"{built.Count} circuits, {refused} of them refused; {verified.Count} proofs verified");
        List("building", built);
        List("verifying", verified);
        yield return BenchmarkResult.LowerIsBetter("proof-gas-building", built.Max(each => each.Ratio), "ns/gas", "bound", Bound);
        if (verified.Count > 0)
            yield return BenchmarkResult.LowerIsBetter("proof-gas-verifying", verified.Max(each => each.Ratio), "ns/gas", "bound", Bound);
    }

    private static IEnumerable<Case> Cases()
    {
        foreach (var (name, create) in ProofWorkloads.All)
        {
            using var workload = create();
            foreach (var (privacy, samples) in Wholes)
                if (CaseOf($"{name}, {privacy}, {samples}", workload.Model.Graph, privacy) is { } whole)
                    yield return whole with { Samples = samples, IsWhole = true };
            if (RangesOf(name, workload.Model.Graph) is { } ranges)
                yield return ranges;
        }
        foreach (var each in GasCases.All.DistinctBy(each => (each.Operator, each.Price)))
            if (CaseOf($"{each.Operator} {each.Name}", each.Graph, ProofPrivacy.None) is { } one)
                yield return one;
        foreach (var (name, graph) in LoadCases.All)
            if (CaseOf(name, graph, ProofPrivacy.None) is { } slow)
                yield return slow;
        foreach (var (name, graph) in LoadCases.All.Concat(GasCases.All.Where(each => each.Operator == Operator.Quantise).Select(each => ($"Quantise {each.Name}", each.Graph))))
        {
            if (CaseOf($"{name}, {ProofPrivacy.Weights}", graph, ProofPrivacy.Weights) is not { } hidden)
                continue;
            yield return hidden with { IsWhole = true };
            if (RangesOf(name, graph) is { } ranges)
                yield return ranges;
        }
    }

    /// <summary>Whose roots are registered against the weights that the chain stores.</summary>
    private static IEnumerable<(string Name, Model Model)> PublicModels()
    {
        foreach (var (name, create) in ProofWorkloads.All)
        {
            using var workload = create();
            yield return ($"{name}, root of public weights", workload.Model);
        }
        var operators = GasCases.All.Where(each => each.Operator is Operator.Quantise or Operator.Embedding or Operator.TreeEnsemble or Operator.WideDense);
        foreach (var (name, graph) in LoadCases.All.Concat(LoadCases.OfSharedWeights).Concat(operators.Select(each => ($"{each.Operator} {each.Name}", each.Graph))))
            if (Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, out var model, out _))
                yield return ($"{name}, root of public weights", model);
    }

    private static bool TryShapeRoot(Model model, WorkMeter meter, out CommittedModel committed, out PublicWeightsShape shape)
    {
        shape = null!;
        return CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OnChain, meter, out committed, out _) && committed.TryShapeRoot(meter, out shape, out _);
    }

    private static Measured VerifyRoot(string name, CommittedModel model, PublicWeightsShape shape)
    {
        using var weights = CommittedWeights.CommitPublic(shape, model.Graph);
        var statement = new PublicWeightsStatement(model.Hash, weights.Root);
        var proof = PublicWeightsProver.Prove(shape, statement, weights);
        return new Measured(name, VerificationWork.Of(shape), Fastest(() =>
        {
            if (!PublicWeightsVerifier.TryVerify(shape, statement, model.Graph, proof, out var refusal))
                throw new AivmException(Failure.Check, refusal.Code, $"{name}: {refusal.Message}");
        }));
    }

    /// <summary>The proof that registers private weights.</summary>
    private static Case? RangesOf(string name, Graph graph) =>
        CaseOf($"{name}, ranges of weights", graph, ProofPrivacy.Weights) is { } weights ? weights with { IsRanges = true, IsWhole = true } : null;

    /// <summary>How whole models are proved: what is private, and how many inferences at once.</summary>
    private static readonly (ProofPrivacy Privacy, int Samples)[] Wholes =
    [
        (ProofPrivacy.None, 1), (ProofPrivacy.CommittedWeights, 1), (ProofPrivacy.Weights, 1), (ProofPrivacy.Inputs, 1), (ProofPrivacy.Weights | ProofPrivacy.Inputs, 1), (ProofPrivacy.None, 4),
        (ProofPrivacy.Weights | ProofPrivacy.Inputs, 4),
    ];

    private static Case? CaseOf(string name, Graph graph, ProofPrivacy privacy)
    {
        if (!Model.TryLoad(Container.Encode(graph), ModelLimits.OffChain, out var model, out _))
            return null;
        var architecture = (privacy & (ProofPrivacy.Weights | ProofPrivacy.CommittedWeights)) == 0 ? model.Graph : PrivateModel.Skeleton(model.Graph);
        return GraphAnalysis.TryAnalyse(architecture, ModelLimits.OffChain, out var analysis, out _) ? new Case(name, architecture, analysis, privacy, model) : null;
    }

    private static Measured? Verify(Case each, ProofShape shape)
    {
        if (each.IsRanges)
            return VerifyRanges(each, shape);
        var inputs = new long[each.Samples * each.Model.InputCount];
        var outputs = new long[each.Samples * each.Model.OutputCount];
        for (var sample = 0; sample < each.Samples; sample++)
        {
            var input = InputOf(each.Model, seed: sample + 1);
            input.CopyTo(inputs, sample * input.Length);
            if (!each.Model.TryRun(input, outputs.AsSpan(sample * each.Model.OutputCount, each.Model.OutputCount), out _))
                return null;
        }
        using var weights = shape.Weights switch
        {
            null => null,
            { Hiding: true } => CommittedWeights.Commit(shape, each.Model.Graph, new byte[32]),
            _ => CommittedWeights.CommitPublic(shape, each.Model.Graph),
        };
        using var hidden = each.Privacy.HasFlag(ProofPrivacy.Inputs) ? CommittedInputs.Commit(shape, inputs) : null;
        var statement = new ProofStatement(
            each.Model.Hash, Hash256.Zero, hidden is null ? inputs : default(ReadOnlyMemory<long>), outputs, weights?.Root, hidden?.Root);
        if (!ProofProver.TryCreate(shape, each.Model.Graph, weights, threads: 1, out var prover, out _))
            return null;
        using (prover)
        {
            return Verify(each, shape, statement, prover.Prove(statement, hidden));
        }
    }

    private static Measured VerifyRanges(Case each, ProofShape shape)
    {
        using var weights = CommittedWeights.Commit(shape, each.Model.Graph, new byte[32]);
        var statement = new ProofStatement(each.Model.Hash, Hash256.Zero, default, default, weights.Root);
        return Verify(each, shape, statement, ProofProver.ProveWeightRanges(shape, statement, weights, threads: 1));
    }

    private static Measured Verify(Case each, ProofShape shape, ProofStatement statement, byte[] proof) =>
        new(each.Name, VerificationWork.Of(shape), Fastest(() =>
        {
            if (!ProofVerifier.TryVerify(shape, statement, proof, out var error))
                throw new AivmException(Failure.Check, error.Code, $"{each.Name}: {error.Message}");
        }));

    private static long[] InputOf(Model model, int seed)
    {
        var random = new Random(seed);
        var input = new List<long>();
        foreach (var port in model.Graph.Inputs)
            for (var i = 0; i < port.Shape.Elements; i++)
                input.Add(port.Format switch
                {
                    InputFormat.U8 => random.Next(256),
                    InputFormat.Index(var count) => random.Next(count),
                    _ => random.NextInt64(-1000, 1000),
                });
        return [.. input];
    }

    private static double Fastest(Action work)
    {
        var (core, fastest) = (new ReferenceCore(), double.MaxValue);
        for (var run = 0; run < Runs; run++)
        {
            core.Calibrate();
            var started = Stopwatch.GetTimestamp();
            work();
            fastest = Math.Min(fastest, Clock.NanosecondsSince(started));
        }
        return fastest * core.Speed;
    }

    private void List(string what, List<Measured> all)
    {
        if (all.Count == 0)
            return;
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: median ratio {all.Select(each => each.Ratio).Order().ElementAt(all.Count / 2):0.00}; the worst, and whole models"));
        foreach (var each in all.OrderByDescending(each => each.Ratio).Take(Listed).Concat(all.Where(each => each.Name.Contains(", ", StringComparison.Ordinal)).Take(Wholes.Length * ProofWorkloads.All.Count())).Distinct())
            log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {each.Name,-70} {each.Work,12:N0} gas {each.Nanoseconds,12:N0} ns  ratio {each.Ratio:0.00}"));
    }
}
