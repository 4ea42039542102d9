using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Compiler;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

public sealed class ModelProofTests
{
    public static TheoryData<string> Models => VectorModels.Names;

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    public void A_run_of_a_vector_model_is_proved_and_no_other_output_is(string name)
    {
        var (model, samples) = (VectorModels.ModelOf(name), 2);
        var shape = new ProofShape(VectorCircuits.Build(model, samples), ProofParameters.Production);
        var inputs = VectorModels.InputsOf(name, samples);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, samples, inputs));
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
        {
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement), out error), error?.ToString());
            foreach (var output in (int[])[0, statement.Outputs.Length / 2, statement.Outputs.Length - 1])
            {
                var outputs = statement.Outputs.ToArray();
                outputs[output] += outputs[output] > 0 ? -1 : 1;
                var lie = statement with { Outputs = outputs };
                Assert.False(ProofVerifier.TryVerify(shape, lie, prover.Prove(lie), out error));
                Assert.Equal(PrivateRun.UnmetConstraints, error);
            }
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    public void A_verifier_that_never_saw_the_weights_accepts_a_proof_about_them(string name)
    {
        var model = VectorModels.ModelOf(name);
        var skeleton = PrivateRun.ArchitectureOf(model.Graph, out var analysis);
        Circuit Build()
        {
            Assert.True(Circuit.TryBuild(skeleton, analysis, samples: 1, ProofPrivacy.Weights, out var circuit, out var refused), refused?.ToString());
            return circuit;
        }

        var (proverShape, verifierShape) = (new ProofShape(Build(), ProofParameters.Production), new ProofShape(Build(), ProofParameters.Production));
        using var weights = CommittedWeights.Commit(proverShape, model.Graph, new byte[32]);
        var inputs = VectorModels.InputsOf(name, samples: 1);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), weights.Root);
        Assert.True(ProofProver.TryCreate(proverShape, model.Graph, weights, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
        {
            var proof = prover.Prove(statement);
            Assert.True(ProofVerifier.TryVerify(verifierShape, statement, proof, out error), error?.ToString());
            AssertForeign(verifierShape, statement with { WeightRoot = Keccak.Hash([3]) }, proof);
            var outputs = statement.Outputs.ToArray();
            outputs[^1] += outputs[^1] > 0 ? -1 : 1;
            var lie = statement with { Outputs = outputs };
            Assert.False(ProofVerifier.TryVerify(verifierShape, lie, prover.Prove(lie), out error));
            Assert.Equal(PrivateRun.UnmetConstraints, error);
        }
    }

    /// <summary>The sample encoder: embeddings, attention, normalisation.</summary>
    [Fact]
    public void A_transformer_is_proved_without_its_weights()
    {
        var compiled = TransformerTests.Reader.Value;
        Assert.True(Model.TryLoad(compiled.Container, out var model, out var error), error?.ToString());
        var skeleton = PrivateRun.ArchitectureOf(model.Graph, out var analysis);
        Assert.True(Circuit.TryBuild(skeleton, analysis, samples: 1, ProofPrivacy.Weights, out var circuit, out error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Production);
        using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32]);
        // Tokens, and a mask.
        long[] inputs = [.. Enumerable.Range(0, model.InputCount).Select(i => (long)(i % 2))];
        var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), weights.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 2, out var prover, out error), error?.ToString());
        using (prover)
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement), out error), error?.ToString());
    }

    /// <summary>Private weights are committed again for each proof, by whatever machine has their key.</summary>
    [Fact]
    public void Any_number_of_threads_makes_the_same_proof()
    {
        Assert.True(Model.TryLoad(TransformerTests.Reader.Value.Container, out var model, out var error), error?.ToString());
        var skeleton = PrivateRun.ArchitectureOf(model.Graph, out var analysis);
        Assert.True(Circuit.TryBuild(skeleton, analysis, samples: 1, ProofPrivacy.Weights, out var circuit, out error), error?.ToString());
        var shape = new ProofShape(circuit, ProofParameters.Production);
        long[] inputs = [.. Enumerable.Range(0, model.InputCount).Select(i => (long)(i % 2))];
        byte[] Prove(int threads)
        {
            using var known = new KnownRandomness(3);
            using var weights = CommittedWeights.Commit(shape, model.Graph, new byte[32], threads: threads);
            var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs), weights.Root);
            Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads, out var prover, out var refused), refused?.ToString());
            using (prover)
                return prover.Prove(statement);
        }

        var alone = Prove(1);
        Assert.All((int[])[2, 5], threads => Assert.Equal(alone, Prove(threads)));
    }

    [Theory]
    [InlineData("fashion_lenetish", 2)]
    [InlineData("resnet8_cifar10", 1)]
    public void A_verifier_that_never_saw_the_inputs_accepts_a_proof_about_them(string file, int samples)
    {
        var model = VectorCircuits.ModelOf(file, takesBytes: true);
        var shape = new ProofShape(VectorCircuits.Build(model, samples, ProofPrivacy.Inputs), ProofParameters.Production);
        var numbers = VectorCircuits.RandomInputs(model, samples, seed: 1);
        using var inputs = CommittedInputs.Commit(shape, numbers);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, VectorCircuits.Run(model, samples, numbers), InputRoot: inputs.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
        {
            var proof = prover.Prove(statement, inputs);
            Assert.True(ProofVerifier.TryVerify(shape, statement, proof, out error), error?.ToString());
            AssertForeign(shape, statement with { InputRoot = Keccak.Hash([3]) }, proof);
        }
    }

    [Fact]
    public void A_prover_says_what_it_is_at_phase_by_phase()
    {
        var (model, inputs) = (SmallNetwork.Model, SmallNetwork.Input(1));
        var shape = new ProofShape(VectorCircuits.Build(model, samples: 1), ProofParameters.Toy);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 1, out var prover, out var error), error?.ToString());
        var phases = new List<ProofPhase>();
        using (prover)
            prover.Prove(new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs)), progress: phases.Add);
        Assert.Equal(Enum.GetValues<ProofPhase>(), phases);
    }

    /// <summary>A provider proves for months.</summary>
    [Fact]
    public void A_prover_holds_no_more_memory_after_a_second_proof()
    {
        var model = SmallNetwork.Model;
        var shape = new ProofShape(VectorCircuits.Build(model, samples: 1), ProofParameters.Toy);
        var inputs = SmallNetwork.Input(1);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, 1, inputs));
        var before = FieldMemory.HeldWords;
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 1, out var prover, out var error), error?.ToString());
        using (prover)
        {
            prover.Prove(statement);
            var held = FieldMemory.HeldWords;
            prover.Prove(statement);
            Assert.Equal(held, FieldMemory.HeldWords);
        }
        Assert.Equal(before, FieldMemory.HeldWords);
    }

    /// <summary>Such a model reads a few of its inputs, and commits to fewer cells than it has inputs.</summary>
    [Theory]
    [InlineData(700)]
    [InlineData(1200)]
    [InlineData(3000)]
    public void More_private_inputs_than_cells_are_proved(int inputs)
    {
        var model = SmallCircuits.Model(
            new GraphInput("x", [inputs], new InputFormat.U8()), new GatherNode { Source = 0, Axis = 0, Indices = Constant.S32([2], [5, inputs - 1]) });
        var shape = new ProofShape(VectorCircuits.Build(model, 1, ProofPrivacy.Inputs), ProofParameters.Toy);
        Assert.True(shape.Circuit.InputCellCount > shape.Circuit.CellCount);
        var numbers = VectorCircuits.RandomInputs(model, 1, seed: 1);
        using var committed = CommittedInputs.Commit(shape, numbers);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, default, VectorCircuits.Run(model, 1, numbers), InputRoot: committed.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 1, out var prover, out var error), error?.ToString());
        using (prover)
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement, committed), out error), error?.ToString());
    }

    [Fact]
    public void A_proof_is_worth_nothing_for_another_statement()
    {
        var (shape, statement) = State("fashion_lenetish", takesBytes: true, samples: 1, ProofParameters.Toy);
        var proof = Prove(shape, statement);
        Assert.True(ProofVerifier.TryVerify(shape, statement, proof, out var error), error?.ToString());
        var (inputs, outputs) = (statement.Inputs.ToArray(), statement.Outputs.ToArray());
        inputs[400] ^= 1;
        outputs[3]++;
        AssertForeign(shape, statement with { ModelHash = Keccak.Hash([1]) }, proof);
        AssertForeign(shape, statement with { Context = Keccak.Hash([2]) }, proof);
        AssertForeign(shape, statement with { Inputs = inputs }, proof);
        AssertForeign(shape, statement with { Outputs = outputs }, proof);
    }

    [Fact]
    public void Another_output_has_no_proof()
    {
        var (shape, statement) = State("fashion_lenetish", takesBytes: true, samples: 1, ProofParameters.Toy);
        var outputs = statement.Outputs.ToArray();
        outputs[3]++;
        var lie = statement with { Outputs = outputs };
        Assert.False(ProofVerifier.TryVerify(shape, lie, Prove(shape, lie), out var error));
        Assert.Equal(PrivateRun.UnmetConstraints, error);
    }

    [Fact]
    public void A_changed_proof_is_refused_by_name_and_nothing_throws()
    {
        var (shape, statement) = State("fashion_lenetish", takesBytes: true, samples: 1, ProofParameters.Toy);
        var proof = Prove(shape, statement);
        var random = new Random(11);
        for (var i = 0; i < 200; i++)
        {
            var changed = Change(proof, random);
            Assert.False(ProofVerifier.TryVerify(shape, statement, changed, out var error), $"change {i} is accepted");
            RefusedBy.AssertOneOf([.. RefusedBy.Any, ProofErrors.Truncated.Message, ProofErrors.Trailing.Message], error);
        }
    }

    /// <summary>A bit flipped, a piece cut out, doubled, or replaced by another of the same proof.</summary>
    private static byte[] Change(byte[] proof, Random random)
    {
        var (at, from, length) = (random.Next(proof.Length), random.Next(proof.Length), random.Next(1, 64));
        var piece = proof.AsSpan(from, Math.Min(length, proof.Length - from)).ToArray();
        var changed = random.Next(4) switch
        {
            0 => [.. proof[..at], (byte)(proof[at] ^ (1 << random.Next(8))), .. proof[(at + 1)..]],
            1 => [.. proof[..at], .. proof[Math.Min(proof.Length, at + length)..]],
            2 => (byte[])[.. proof[..at], .. piece, .. proof[at..]],
            _ => [.. proof[..Math.Min(at, proof.Length - piece.Length)], .. piece, .. proof[(Math.Min(at, proof.Length - piece.Length) + piece.Length)..]],
        };
        return changed.AsSpan().SequenceEqual(proof) ? [.. proof, 0] : changed;
    }

    /// <summary>Of another statement: its challenges are others, so that the first opening fails, by its value, its work or its columns.</summary>
    private static void AssertForeign(ProofShape shape, ProofStatement statement, byte[] proof)
    {
        Assert.False(ProofVerifier.TryVerify(shape, statement, proof, out var error));
        Assert.Contains(error.Message, (string[])
        [
            "An opening's combination of rows has another value than the one claimed.", "The work before an opening's positions is not done.",
            "The opened leaves and nodes do not lead to the Merkle root.",
        ]);
    }

    private static (ProofShape Shape, ProofStatement Statement) State(string file, bool takesBytes, int samples, ProofParameters parameters)
    {
        var model = VectorCircuits.ModelOf(file, takesBytes);
        var inputs = VectorCircuits.RandomInputs(model, samples, seed: 1);
        return (new ProofShape(VectorCircuits.Build(model, samples), parameters), new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, samples, inputs)));
    }

    private static byte[] Prove(ProofShape shape, ProofStatement statement)
    {
        Assert.True(ProofProver.TryCreate(shape, shape.Circuit.Graph, null, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
            return prover.Prove(statement);
    }
}
