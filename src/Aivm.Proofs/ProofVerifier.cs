using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Checks a proof of inference. A function of its arguments alone: no clock, no threads, no memory beyond what the circuit's size bounds.</summary>
public static class ProofVerifier
{
    /// <summary>
    /// Errors: <c>proof-truncated</c>, <c>proof-trailing</c>, <c>proof-malformed</c>, <c>proof-rejected</c> (the message names the check that failed),
    /// <c>proof-statement</c> (numbers of inputs or outputs that are not the model's), <c>proof-soundness</c> (a model too large for 100 bits).
    /// </summary>
    /// <remarks>The caller sees to it that the circuit is that of the statement's model, and that the statement's roots are registered ones.</remarks>
    /// <param name="proof">Any bytes.</param>
    public static bool TryVerify(ProofShape shape, ProofStatement statement, ReadOnlyMemory<byte> proof, out Error error)
    {
        if (shape.Soundness.Shortfall is { } shortfall)
        {
            error = shortfall;
            return false;
        }
        if ((shape.Weights is null) != (statement.WeightRoot is null) || (shape.Inputs is null) != (statement.InputRoot is null))
        {
            error = new("proof-statement", "A proof about committed weights or inputs names their root, and no other proof does.");
            return false;
        }
        var holds = shape.Circuit.TryCompute(statement, out var numbers, out error);
        if (holds)
        {
            var reader = new ProofReader(proof);
            holds = TryVerify(shape, statement, numbers.Elements, reader) && reader.TryFinish();
            error = reader.Error!;
            shape.Circuit.Public.Keep(numbers);
        }
        // Kernels read the tables of the circuit by address.
        GC.KeepAlive(shape);
        return holds;
    }

    private static bool TryVerify(ProofShape shape, ProofStatement statement, Felt[] publicNumbers, ProofReader reader)
    {
        if (!TryReceive(shape, statement, publicNumbers, reader, out var channel, out var padRoot))
            return false;
        if (shape.Pads is not null)
            return PadClosing.TryVerify(shape.Pads, padRoot, channel, reader);
        return channel.CheckOpenly(new Ext4[channel.Layout.Count]) is not { } fault || reader.Fail(fault);
    }

    /// <summary>All but the closing: what is left to show are the channel's constraints.</summary>
    /// <returns>False after a failure, which the reader holds.</returns>
    internal static bool TryReceive(
        ProofShape shape, ProofStatement statement, Felt[] publicNumbers, ProofReader reader, out VerifierChannel channel, out Hash256 padRoot)
    {
        var circuit = shape.Circuit;
        var transcript = shape.Begin(statement);
        (channel, padRoot) = (new VerifierChannel(transcript, reader), default);
        if (!reader.TryRead(out Hash256 cellRoot) || (shape.Pads is not null && !reader.TryRead(out padRoot)))
            return false;
        transcript.Absorb(cellRoot.Span);
        if (shape.Pads is not null)
            transcript.Absorb(padRoot.Span);

        var challenges = ProofChallenges.Draw(shape, transcript);
        var lookups = LogupGkr.Verify(channel, shape.LeafVariables);
        if (channel.Failure is { } early)
            return reader.Fail(early);
        var mu = transcript.NextChallenge();
        using var leaves = new EqPoint(lookups.Point);
        using var equalities = new EqPoint(challenges.Equalities);
        var reduction = new LinearReduction(circuit, leaves, equalities, challenges.Alpha, challenges.Gamma, mu);
        var claim = lookups.Numerator + lookups.Denominator.Times(mu) - Hidden.Of(reduction.Known(publicNumbers, out var formsOfKnown));
        using var knownForms = new OwnedForms(formsOfKnown);
        using var products = circuit.ProductCount == 0 ? null : VerifyProducts(channel, shape, reduction, publicNumbers, ref claim);
        var weightsOfKnown = shape.Weights is null ? Hidden.Zero : channel.Receive();
        claim -= weightsOfKnown;
        var cells = ProductSumcheck.Verify(channel, claim, shape.AddressVariables);
        if (channel.Failure is { } failure)
            return reader.Fail(failure);

        if (!OracleOpening.TryVerify(shape.Cells, cellRoot, cells.Point.AsSpan(0, shape.Cells.Variables), channel, reader, out var value))
            return false;
        if (shape.Inputs is not null)
        {
            if (!OracleOpening.TryVerify(shape.Inputs, statement.InputRoot!.Value, cells.Point.AsSpan(0, shape.Inputs.Variables), channel, reader, out var input))
                return false;
            var factors = shape.OracleFactors(cells.Point);
            value = (factors.Cells * value) + (factors.Inputs * input);
        }
        using var point = new EqPoint(cells.Point);
        var coefficient = Hidden.Of(reduction.EvaluateCoefficients(point, out var formsOfCells) + (products?.EvaluateCoefficients(point) ?? Ext4.Zero));
        using var cellForms = new OwnedForms(formsOfCells);
        var weightsOfCells = shape.Weights is null ? Hidden.Zero : channel.Receive();
        channel.RequireZero(cells.Value - (coefficient + weightsOfCells).Times(value), ProofChecks.Cells);
        if (shape.Weights is not null)
        {
            var chi = transcript.NextChallenge();
            var weights = ProductSumcheck.VerifyFromLowest(channel, weightsOfKnown + weightsOfCells.Times(chi), shape.Weights.Variables);
            if (channel.Failure is { } broken)
                return reader.Fail(broken);
            if (!OracleOpening.TryVerify(shape.Weights, statement.WeightRoot!.Value, weights.Point, channel, reader, out var weight))
                return false;
            using var weightPoint = new EqPoint(weights.Point);
            var form = knownForms.Evaluate(weightPoint) + (chi * cellForms.Evaluate(weightPoint));
            channel.RequireZero(weights.Value - Hidden.Of(form * weight), ProofChecks.Weights);
        }
        return true;
    }

    /// <summary>From the sum of all products to two more claims about the cells, which join the others.</summary>
    private static ProductReduction VerifyProducts(VerifierChannel channel, ProofShape shape, LinearReduction reduction, Felt[] publicNumbers, ref Hidden claim)
    {
        var sum = channel.Receive();
        var (point, x, y) = ProductSumcheck.VerifyBoth(channel, sum, shape.ProductVariables, ProofChecks.Products);
        var products = new ProductReduction(reduction, point, channel.Transcript.NextChallenge());
        claim += products.Join(sum, x, y) - Hidden.Of(products.Known(publicNumbers));
        return products;
    }

    /// <summary>Forms of committed weights, whose memory is freed whatever the verdict is.</summary>
    private sealed class OwnedForms(List<WeightForm> forms) : IDisposable
    {
        public Ext4 Evaluate(EqPoint point)
        {
            var sum = Ext4.Zero;
            foreach (var form in forms)
                sum += form.Evaluate(point);
            return sum;
        }

        public void Dispose()
        {
            foreach (var form in forms)
                form.Dispose();
        }
    }
}

/// <summary>Names of the checks that tie the arguments together, as rejections give them.</summary>
internal static class ProofChecks
{
    public const string Cells = "cells, the linear reduction";
    public const string Products = "products, X(s) Y(s)";
    public const string Weights = "weights, the linear reduction";
    public const string Combination = "an opening's combination of rows";
}

/// <summary>The challenges that are drawn when everything is committed, before the first argument.</summary>
/// <param name="Alpha">From which keys are subtracted.</param>
/// <param name="Gamma">Whose powers compress a tuple into a key.</param>
/// <param name="Equalities">The point at which all equalities are taken together.</param>
internal sealed record ProofChallenges(Ext4 Alpha, Ext4 Gamma, Ext4[] Equalities)
{
    public static ProofChallenges Draw(ProofShape shape, Transcript transcript)
    {
        var (alpha, gamma, point) = (transcript.NextChallenge(), transcript.NextChallenge(), new Ext4[shape.EqualityVariables]);
        transcript.NextChallenges(point);
        return new ProofChallenges(alpha, gamma, point);
    }
}
