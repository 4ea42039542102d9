using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

public sealed class ProofSoundnessTests
{
    [Theory]
    [InlineData("fashion_lenetish", ProofPrivacy.None, 15)]
    [InlineData("fashion_lenetish", ProofPrivacy.Inputs, 19)]
    [InlineData("fashion_lenetish", ProofPrivacy.Weights, 25)]
    public void Every_term_is_listed_and_all_together_are_above_100_bits(string file, ProofPrivacy privacy, int terms)
    {
        var soundness = new ProofShape(VectorCircuits.Build(VectorCircuits.ModelOf(file, takesBytes: true), 1, privacy), ProofParameters.Production).Soundness;
        foreach (var term in soundness.Terms)
            TestContext.Current.TestOutputHelper?.WriteLine(term.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine(soundness.Total.ToString());
        Assert.Equal(terms, soundness.Terms.Length);
        Assert.All(soundness.Terms, term => Assert.True(term.Bits >= 101, term.ToString()));
        Assert.InRange(soundness.Total.Bits, 101, 103);
        Assert.Equal("BLAKE3, a random function without collisions: 128.0 bits, assumed", soundness.Terms.Single(term => term.IsAssumed).ToString());
        Assert.Null(soundness.Shortfall);
    }

    [Fact]
    public void Products_of_cells_have_terms_of_their_own()
    {
        var model = SmallCircuits.OverCommitted(
            [4], new MultiplyNode { Left = 2, Right = 2, Requantise = Requantise.To(ElementType.S8, [7], new Activation.Clamp(-127, 127)) });
        var soundness = new ProofShape(VectorCircuits.Build(model, 1), ProofParameters.Production).Soundness;
        Assert.Equal(["products, X(s) Y(s): 121.6 bits", "products, joined: 122.6 bits"], soundness.Terms.Select(term => term.ToString()).Where(term => term.StartsWith("products", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_union_bound_is_rounded_to_the_safe_side()
    {
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            SoundnessTerm[] terms = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => new SoundnessTerm("x", random.NextInt64(0, 110 << 10)))];
            var exact = -Math.Log2(terms.Sum(term => Math.Pow(2, -term.Units / 1024.0)));
            Assert.InRange(SoundnessTerm.Any("sum", terms).Units / 1024.0, Math.Max(0, exact) - 0.2, Math.Max(0, exact));
        }
        Assert.Equal((100 << 10) - 1, SoundnessTerm.Any("sum", [new("x", 101 << 10), new("y", 101 << 10)]).Units);
        Assert.Equal(119, SoundnessTerm.Any("sum", [new("x", 500 << 10)]).Bits);
    }

    [Fact]
    public void Neither_prover_nor_verifier_takes_a_shape_below_what_is_demanded()
    {
        var model = VectorCircuits.ModelOf("fashion_lenetish", takesBytes: true);
        var shape = new ProofShape(VectorCircuits.Build(model, 1), ProofParameters.Production with { QueryBits = 101 });
        Assert.Equal("proof-soundness", shape.Soundness.Shortfall?.Code);
        Assert.False(ProofProver.TryCreate(shape, model.Graph, null, threads: 1, out _, out var error));
        Assert.Equal("proof-soundness", error.Code);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, default);
        Assert.False(ProofVerifier.TryVerify(shape, statement, default, out error));
        Assert.Equal("proof-soundness", error.Code);
    }

    [Fact]
    public void Proofs_of_one_statement_made_in_two_ways_share_no_challenge()
    {
        var model = VectorCircuits.ModelOf("fashion_lenetish", takesBytes: true);
        var circuit = VectorCircuits.Build(model, 1);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, default);
        ProofShape[] shapes =
        [
            new(circuit, ProofParameters.Production), new(circuit, ProofParameters.Toy), new(circuit, ProofParameters.Toy, hiding: false),
            new(VectorCircuits.Build(model, 2), ProofParameters.Toy),
        ];
        Assert.Equal(shapes.Length, shapes.Select(shape => shape.Begin(statement).NextChallenge()).Distinct().Count());
    }

    [Theory]
    [InlineData(ProofPrivacy.Weights)]
    [InlineData(ProofPrivacy.Inputs)]
    public void A_proof_that_hides_nothing_keeps_nothing_private(ProofPrivacy privacy)
    {
        var circuit = VectorCircuits.Build(VectorCircuits.ModelOf("fashion_lenetish", takesBytes: true), 1, privacy);
        Assert.Throws<ArgumentException>(() => new ProofShape(circuit, ProofParameters.Toy, hiding: false));
    }

    [Fact]
    public void One_seed_for_other_weights_gives_other_randomness()
    {
        var model = VectorCircuits.ModelOf("fashion_lenetish", takesBytes: true);
        var shape = new ProofShape(VectorCircuits.Build(model, 1, ProofPrivacy.Weights), ProofParameters.Toy);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        using var again = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        using var others = CommittedWeights.Commit(shape, PrivateModel.Skeleton(model.Graph), new byte[32]);
        Assert.Equal(weights.Root, again.Root);
        Assert.NotEqual(weights.Cells[weights.Cells.Length - 1], others.Cells[others.Cells.Length - 1]);
    }
}
