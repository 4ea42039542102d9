using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>
/// The simulators of the specification: they know no cells and no pads, choose the challenges before the messages, and are believed. What a proof shows is therefore what
/// anybody could have drawn; that provers draw it alike is <see cref="HidingTests"/>'.
/// </summary>
public sealed class SimulatorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    [InlineData(1000)]
    public void An_opening_is_simulated_without_the_cells(int cells)
    {
        const int Seed = 7;
        var shape = OracleShape.Choose(ProofParameters.Toy, cells, openings: 1);
        var (random, program) = (new SecretRandom(), new ProgrammedChallenges(Seed));
        Ext4[] point = [.. Enumerable.Range(0, shape.Variables).Select(_ => program.Challenge(default))];
        var (rho, positions) = (program.Challenge(default), program.Positions(new int[shape.Queries], shape.CodeBits));

        var writer = new ProofWriter();
        var value = random.NextExt4();
        writer.Write(value);
        var root = Simulation.WriteSentOpening(shape, point, value, rho, nonce: null, positions, random, writer);

        Assert.Null(Verify(new ProgrammedChallenges(Seed)));
        Assert.Equal("proof-rejected", Verify(null)?.Code);

        Error? Verify(TranscriptProbe? probe)
        {
            var (transcript, drawn) = (new Transcript("simulated", probe), new Ext4[shape.Variables]);
            transcript.Absorb(root.Span);
            transcript.NextChallenges(drawn);
            var error = OpeningCheck.Error(shape, root, drawn, transcript, writer.ToArray());
            // Other positions may have longer paths.
            return error?.Code == "proof-truncated" ? ProofErrors.Rejected("") : error;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public void A_closing_is_simulated_without_the_pads(int pairs)
    {
        const int Seed = 8;
        var closing = new Closing(pairs) { Probe = new ProgrammedChallenges(Seed) };
        var (shape, random, writer) = (closing.Shape, new SecretRandom(), new ProofWriter());
        var messages = random.NextElements(closing.Messages);
        writer.Write(messages);
        var channel = new VerifierChannel(new Transcript("simulator", new ProgrammedChallenges(Seed)), new ProofReader(writer.ToArray()));
        closing.Receive(channel);
        var rest = new ProofWriter();
        var root = Simulation.WriteClosing(shape, channel, random, rest);
        var proof = new ProofWriter();
        proof.Write(root);
        proof.Write(messages);
        proof.Write(rest.Written);

        Assert.Null(closing.Verify(proof.ToArray()));
        Assert.NotNull(new Closing(pairs).Verify(proof.ToArray()));
    }

    /// <summary>
    /// A row of pads is (x^b - 1) times a random polynomial with a coefficient for each opened position, and what its values add: uniform at distinct points with x^b != 1.
    /// </summary>
    [Fact]
    public void Columns_of_pads_are_uniform()
    {
        var shape = new Closing(200).Shape;
        using var points = PadRow.Encode([Ext4.Zero, Ext4.One], shape);
        var distinct = new HashSet<Ext4>();
        for (var i = 0; i < points.Length; i++)
        {
            Assert.True(distinct.Add(points[i]));
            Assert.NotEqual(Felt.One, points[i].C0.Power((ulong)shape.Block));
        }
        Assert.Equal(shape.Queries, shape.MessageLength - shape.Block);
    }

    [Fact]
    public void A_mask_within_is_used_once()
    {
        using var opening = new Opening(100, openings: 1);
        opening.Open();
        Assert.Throws<InvalidOperationException>(() => opening.Open());
    }

    [Fact]
    public void Pads_are_closed_once()
    {
        var closing = new Closing(5);
        using var pads = PadCommitment.Commit(closing.Shape, closing.Layout, new SecretRandom());
        Assert.Null(closing.Verify(closing.Prove(pads)));
        Assert.Throws<InvalidOperationException>(() => closing.Prove(pads));
    }
}
