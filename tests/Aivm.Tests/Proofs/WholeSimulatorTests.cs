using Aivm.Proofs;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs;

public sealed class WholeSimulatorTests
{
    private const int Seed = 9;

    /// <summary>
    /// Whoever may choose the challenges first needs no witness, no weights, no inputs, not even a true statement: so a proof shows nothing else. Every message of a proof is in
    /// it, at the parameters of tests and at those of production.
    /// </summary>
    [Theory]
    [InlineData("public", false)]
    [InlineData("products", false)]
    [InlineData("private", false)]
    [InlineData("private", true)]
    [InlineData("by-root", false)]
    [InlineData("by-root", true)]
    public void A_proof_of_a_false_statement_is_simulated(string kind, bool isProduction)
    {
        var honest = (SmallProof.RunProof)SmallProof.Make(kind, isProduction ? ProofParameters.Production : ProofParameters.Toy);
        var recorder = new TranscriptRecorder();
        Assert.Null(honest.Verify(honest.Bytes, recorder));
        long[] outputs = [.. honest.Statement.Outputs.ToArray().Select(output => output == 0 ? 1 : 0L)];

        var (proof, statement) = new WholeSimulator(honest.Shape, recorder.Events, Seed).Prove(honest.Statement with { Outputs = outputs });

        var simulated = honest with { Statement = statement };
        Assert.Null(simulated.Verify(proof, new ProgrammedChallenges(Seed)));
        Assert.NotNull(simulated.Verify(proof));
        Assert.NotNull(simulated.Verify(proof, new ProgrammedChallenges(Seed + 1)));
    }
}
