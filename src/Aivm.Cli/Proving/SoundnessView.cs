using Aivm.Cli.Output;
using Aivm.Inference;
using Aivm.Proofs;

namespace Aivm.Cli.Proving;

/// <summary>
/// How hard it is to find a false file that is accepted, proof by proof: that of the run and, of private weights, those of their ranges and renewals, of public ones
/// behind a commitment the one that it holds them.
/// </summary>
internal sealed class SoundnessView
{
    private readonly List<(string Proof, Soundness Soundness)> _proofs;

    private SoundnessView(List<(string Proof, Soundness Soundness)> proofs) => _proofs = proofs;

    /// <summary>Of the weakest proof.</summary>
    public double Bits => _proofs.Min(each => BitsOf(each.Soundness.Total));

    /// <param name="proof">Accepted.</param>
    public static SoundnessView Of(ProofFile proof, ProvedModel model)
    {
        var proofs = new List<(string, Soundness)>();
        if (proof.PublicRoot is not null)
        {
            if (CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OffChain, out var committed, out _)
                && committed.TryShape(proof.Samples, proof.InputRoot is not null, out var byRoot, out _)
                && committed.TryShapeRoot(out var root, out _))
                proofs.AddRange([("run", byRoot.Soundness), ("root of the public weights", root.Soundness)]);
        }
        else if (model.TryShape(proof.Samples, proof.InputRoot is not null, out var run, out _))
            proofs.Add(("run", run.Soundness));
        if (model.HidesWeights && model.TryShapeWeightRanges(out var ranges, out _))
            proofs.Add(("weight ranges", ranges.Soundness));
        if (!proof.Renewals.IsEmpty && model.TryShapeWeightEquality(out var equality, out _))
            proofs.Add(("fresh root", equality.Soundness));
        return new SoundnessView(proofs);
    }

    public object Document() => _proofs.Select(each => new
    {
        each.Proof,
        Bits = BitsOf(each.Soundness.Total),
        Terms = each.Soundness.Terms.Select(term => new { term.Name, Bits = BitsOf(term), Assumed = term.IsAssumed }),
    });

    public void Print(Terminal terminal, bool lists)
    {
        foreach (var (proof, soundness) in _proofs)
        {
            terminal.Line(FormattableString.Invariant($"soundness  {BitsOf(soundness.Total):F1} bits, of the proof of the {proof}"));
            foreach (var term in lists ? soundness.Terms : [])
                terminal.Line($"           {term}");
        }
    }

    /// <summary>With one digit behind the point, rounded down.</summary>
    private static double BitsOf(SoundnessTerm term) => ((term.Units * 10) >> SoundnessTerm.UnitBits) / 10.0;
}
