using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Circuits;

namespace Aivm.Tests.Proofs;

public sealed class ClassicalProofTests
{
    [Theory]
    [InlineData("credit", "xgb100x6", 1)]
    [InlineData("hmda", "xgb100x6", 3)]
    [InlineData("credit", "logreg", 1)]
    [InlineData("hmda", "logreg", 2)]
    public void A_run_of_a_classical_model_is_proved_and_no_other_output_is(string table, string kind, int samples)
    {
        var model = VectorCircuits.ModelOf($"{table}_{kind}", new InputFormat.Fixed(9));
        var rows = InputFiles.Read(SharedVectors.Require($"models/{table}_x300.csv"));
        long[] inputs = [.. Enumerable.Range(0, samples).SelectMany(row => rows.Integers(row, model.Graph.Inputs[0].Format))];
        var shape = new ProofShape(VectorCircuits.Build(model, samples), ProofParameters.Production);
        var statement = new ProofStatement(model.Hash, Hash256.Zero, inputs, VectorCircuits.Run(model, samples, inputs));
        Assert.True(ProofProver.TryCreate(shape, model.Graph, null, threads: 2, out var prover, out var error), error?.ToString());
        using (prover)
        {
            Assert.True(ProofVerifier.TryVerify(shape, statement, prover.Prove(statement), out error), error?.ToString());
            foreach (var (output, change) in new[] { (0, 1L), (1, 1L), (2, -1L) })
            {
                var outputs = statement.Outputs.ToArray();
                outputs[output] = output == 0 ? 1 - outputs[0] : outputs[output] + change;
                var lie = statement with { Outputs = outputs };
                Assert.False(ProofVerifier.TryVerify(shape, lie, prover.Prove(lie), out error));
                Assert.Equal("proof-rejected", error.Code);
            }
        }
    }
}
