using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>Proves runs of one model: keeps the circuit's plan and its memory from proof to proof. For one proof at a time.</summary>
public sealed class ProofProver : IDisposable
{
    /// <summary>Cells that are worth a thread.</summary>
    private const int LeastCells = 1 << 15;

    private readonly ProofShape _shape;
    private readonly WitnessFiller? _filler;
    private readonly int _threads;
    private readonly BlockPool.Lease _memory = BlockPool.Open();
    private readonly LogupWorkspace _workspace = new();
    private readonly ExtArray _denominators;
    private readonly FeltArray _numerators;
    private readonly ExtArray _coefficients;
    private readonly FeltArray _cells;
    private readonly CommittedWeights? _weights;

    private ProofProver(ProofShape shape, WitnessFiller? filler, CommittedWeights? weights, int threads)
    {
        (_shape, _filler, _weights, _threads) = (shape, filler, weights, threads);
        _denominators = new ExtArray(1 << shape.LeafVariables);
        _numerators = new FeltArray(shape.Circuit.LeafCount - shape.Circuit.FullLeafCount);
        _coefficients = new ExtArray(shape.Circuit.AddressCount);
        _cells = new FeltArray(shape.Circuit.CellCount);
    }

    /// <param name="graph">The model's, with its weights.</param>
    /// <param name="weights">The commitment to the weights, where they are committed; stays the caller's.</param>
    /// <param name="threads">Changes nothing but the time.</param>
    public static bool TryCreate(ProofShape shape, Graph graph, CommittedWeights? weights, int threads, out ProofProver prover, out Error error)
    {
        if ((shape.Weights is null) != (weights is null))
            throw new ArgumentException("Committed weights come with their commitment, and no others do.", nameof(weights));
        prover = null!;
        if (shape.Soundness.Shortfall is { } shortfall)
        {
            error = shortfall;
            return false;
        }
        prover = WitnessFiller.TryCreate(shape.Circuit, graph, out var filler, out error, threads) ? new ProofProver(shape, filler, weights, threads) : null!;
        return prover is not null;
    }

    /// <summary>Proves that committed weights lie in their ranges (<see cref="ProvedModel.WeightRanges"/>): once, when they are published.</summary>
    /// <exception cref="AivmException"><c>proof-soundness</c>.</exception>
    public static byte[] ProveWeightRanges(ProofShape shape, ProofStatement statement, CommittedWeights weights, int threads)
    {
        if (shape.Soundness.Shortfall is { } error)
            throw new AivmException(Failure.Input, error.Code, error.Message);
        if (!shape.Circuit.TryCompute(statement, out var publicNumbers, out error))
            throw new AivmException(Failure.Input, error.Code, error.Message);
        return ProveWeightRanges(shape, statement, weights, WeightRangeWitness.Fill(shape.Circuit, weights.Numbers, publicNumbers), threads);
    }

    /// <param name="witness">Tests change it.</param>
    internal static byte[] ProveWeightRanges(ProofShape shape, ProofStatement statement, CommittedWeights weights, Witness witness, int threads)
    {
        using var prover = new ProofProver(shape, null, weights, threads);
        return prover.Prove(statement, witness, null);
    }

    /// <param name="statement">Its outputs are those of the model's own run: another output has no proof.</param>
    /// <param name="inputs">Where they are private: committed, and the statement names their root.</param>
    public byte[] Prove(ProofStatement statement, CommittedInputs? inputs = null, Action<ProofPhase>? progress = null)
    {
        progress?.Invoke(ProofPhase.Witness);
        var witness = Fill(statement, inputs);
        var proof = Prove(statement, witness, inputs, progress);
        _filler!.Keep(witness);
        _shape.Circuit.Public.Keep(witness.PublicNumbers);
        return proof;
    }

    internal Witness Fill(ProofStatement statement, CommittedInputs? inputs = null)
    {
        if (!_shape.Circuit.TryCompute(statement, out var numbers, out var error))
            throw new AivmException(Failure.Input, error.Code, error.Message);
        return _filler!.Fill((inputs?.Numbers ?? statement.Inputs).Span, numbers);
    }

    /// <param name="witness">Tests change it.</param>
    internal byte[] Prove(ProofStatement statement, Witness witness, CommittedInputs? inputs = null, Action<ProofPhase>? progress = null)
    {
        if ((_shape.Inputs is null) != (inputs is null))
            throw new ArgumentException("Private inputs, and no others, are committed.", nameof(inputs));
        progress?.Invoke(ProofPhase.Commit);
        var (random, writer, transcript) = (new SecretRandom(), new ProofWriter(), _shape.Begin(statement));
        Parts.Run(_threads, witness.Cells.Length, LeastCells, (_, from, to) => ExtKernels.FromIntegers(witness.Cells.AsSpan(from..to), _cells, from));
        if (_shape.Pads is not null)
            random.Fill(_cells.AsSpan()[_shape.Circuit.RandomCells.Base..]);
        using var commitment = OracleCommitment.Commit(_shape.Cells, _cells, random, _threads);
        using var pads = _shape.Pads is null ? null : PadCommitment.Commit(_shape.Pads, _shape.Layout, random, _threads);
        writer.Write(commitment.Root);
        transcript.Absorb(commitment.Root.Span);
        if (pads is not null)
        {
            writer.Write(pads.Root);
            transcript.Absorb(pads.Root.Span);
        }
        var channel = new ProverChannel(transcript, writer, pads?.Pads ?? Pads.None(_shape.Layout));

        progress?.Invoke(ProofPhase.Lookups);
        var challenges = ProofChallenges.Draw(_shape, transcript);
        var lookups = LogupGkrProver.Prove(channel, LookupLeaves.Build(witness, _weights?.Numbers ?? [], challenges.Alpha, challenges.Gamma, _denominators, _numerators, _threads), _workspace, _threads);

        progress?.Invoke(ProofPhase.Layers);
        var mu = transcript.NextChallenge();
        using var leaves = new EqPoint(lookups.Point);
        using var equalities = new EqPoint(challenges.Equalities);
        var reduction = new LinearReduction(_shape.Circuit, leaves, equalities, challenges.Alpha, challenges.Gamma, mu);
        reduction.MakeCoefficients(_coefficients, Each);
        using var joined = inputs is null ? null : Join(inputs);
        // What the verifier knows is left out: constants of forms change no pad's coefficient.
        var claim = lookups.Numerator + lookups.Denominator.Times(mu);
        var publicNumbers = witness.PublicNumbers.Elements;
        if (_shape.Circuit.ProductCount > 0)
            claim += ProveProducts(channel, reduction, joined ?? _cells, publicNumbers);
        using var known = _weights is null ? null : new WeighedForms(reduction.FormsOfKnown(publicNumbers), _weights.Cells, _threads);
        var weightsOfKnown = known is null ? Hidden.Zero : channel.Send(known.Value);
        var (cells, coefficient, _) = ProductSumcheckProver.Prove(channel, claim - weightsOfKnown, _coefficients, joined ?? _cells, _shape.AddressVariables, _threads);

        progress?.Invoke(ProofPhase.Openings);
        var value = commitment.Open(cells.Point.AsSpan(0, _shape.Cells.Variables), channel, writer);
        if (inputs is not null)
        {
            var factors = _shape.OracleFactors(cells.Point);
            value = (factors.Cells * value) + (factors.Inputs * inputs.Open(cells.Point.AsSpan(0, _shape.Inputs!.Variables), channel, writer));
        }
        if (known is null)
            channel.RequireZero(cells.Value - Hidden.Of(coefficient * value), ProofChecks.Cells);
        else
            ProveWeights(channel, writer, reduction, cells, value, weightsOfKnown, known);
        pads?.Close(channel, writer);
        return writer.ToArray();
    }

    private void Each(int count, Action<int> body) => Parts.Each(_threads, count, body);

    /// <summary>Proves the sum of all products, and adds the coefficients of what is left to show about the cells.</summary>
    private Hidden ProveProducts(ProverChannel channel, LinearReduction reduction, FeltArray cells, Felt[] publicNumbers)
    {
        var (x, y) = ProductReduction.Vectors(reduction, cells, publicNumbers, Each);
        using (x)
        using (y)
        {
            var sum = channel.Send(ExtKernels.Dot(x, 0, y, 0, x.Length));
            var (point, atX, atY) = ProductSumcheckProver.ProveBoth(channel, sum, x, y, _shape.ProductVariables, ProofChecks.Products, _threads);
            using var products = new ProductReduction(reduction, point, channel.Transcript.NextChallenge());
            products.AddCoefficients(_coefficients, Each);
            return products.Join(sum, atX, atY);
        }
    }

    /// <summary>The committed cells and the private inputs as one vector.</summary>
    private FeltArray Join(CommittedInputs inputs)
    {
        var joined = new FeltArray(_shape.Circuit.AddressCount);
        _cells.AsSpan().CopyTo(joined.AsSpan());
        inputs.Cells.AsSpan().CopyTo(joined.AsSpan()[_shape.Circuit.InputBase..]);
        return joined;
    }

    /// <summary>From what the cells leave open about the weights to one opening of their oracle.</summary>
    private void ProveWeights(
        ProverChannel channel, ProofWriter writer, LinearReduction reduction, SumcheckClaim cells, Ext4 value, Hidden weightsOfKnown, WeighedForms known)
    {
        using var point = new EqPoint(cells.Point);
        using var ofCells = new WeighedForms(reduction.FormsOfCells(point), _weights!.Cells, _threads);
        var weightsOfCells = channel.Send(ofCells.Value);
        channel.RequireZero(cells.Value - weightsOfCells.Times(value), ProofChecks.Cells);
        var chi = channel.Transcript.NextChallenge();
        ofCells.Scale(chi);
        using var sumcheck = new WeightSumcheckProver(_shape.Circuit.Weights!, [known, ofCells], _weights.Cells, _threads);
        var (weights, form, _) = sumcheck.Prove(channel, weightsOfKnown + weightsOfCells.Times(chi), _shape.Weights!.Variables);
        var weight = _weights.Open(weights.Point, channel, writer);
        channel.RequireZero(weights.Value - Hidden.Of(form * weight), ProofChecks.Weights);
    }

    public void Dispose()
    {
        _workspace.Dispose();
        _denominators.Dispose();
        _numerators.Dispose();
        _coefficients.Dispose();
        _cells.Dispose();
        _memory.Dispose();
    }
}

/// <summary>What a prover is at, in order.</summary>
public enum ProofPhase
{
    Witness,
    Commit,
    Lookups,
    Layers,
    Openings,
}
