using System.Globalization;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Proofs;
using Spectre.Console;

namespace Aivm.Cli.Proving;

/// <summary>What a proof says, for people and for programs.</summary>
internal static class ProofView
{
    private const int ShownNumbers = 8;

    public static object Document(ProofFile proof, ProvedModel model) => new
    {
        Model = model.Hash,
        Weights = model.HidesWeights ? "private" : "public",
        WeightRoot = proof.WeightRoot(model)?.ToString(),
        Input = proof.InputRoot is null ? "public" : "private",
        InputRoot = proof.InputRoot?.ToString(),
        ZeroKnowledge = true,
        proof.Samples,
        proof.Context,
        Runs = Answers(proof, model).Select(run => new { Inputs = run.Input, run.Answer.Outputs, OutputHash = run.Answer.Hash, run.Answer.Label, run.Answer.Probability }),
    };

    public static void Print(Terminal terminal, ProofFile proof, ProvedModel model)
    {
        terminal.Line($"model      {model.Hash}");
        terminal.Line($"weights    {WeightsOf(proof, model)}");
        terminal.Line(proof.InputRoot is { } hidden ? $"input      private, in its range, behind the commitment {hidden}" : "input      public");
        terminal.Line($"context    {proof.Context}");
        terminal.Line($"samples    {proof.Samples}, in zero knowledge: nothing is learnt but what stands here");
        var table = new Table().Border(TableBorder.Simple).AddColumns("sample", "input", "output", "answer").AddColumn(new TableColumn("probability").RightAligned());
        foreach (var (sample, (input, answer)) in Answers(proof, model).Index())
            table.AddRow(
                $"{sample + 1}", Terminal.Cell(Shown(input)), Terminal.Cell(Shown(answer.Outputs)), Terminal.Cell(answer.Label ?? ""),
                answer.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "");
        terminal.Screen.Write(table);
    }

    private static string WeightsOf(ProofFile proof, ProvedModel model)
    {
        if (proof.WeightRoot(model) is not { } root)
            return "public";
        return model.HidesWeights ? $"private, in their ranges, behind the commitment {root}" : $"public, and the commitment {root} holds them";
    }

    private static string Shown(long[] numbers) => numbers.Length == 0 ? "private" :
        string.Join(' ', numbers.Take(ShownNumbers).Select(number => number.ToString(CultureInfo.InvariantCulture))) + (numbers.Length > ShownNumbers ? " …" : "");

    private static IEnumerable<(long[] Input, ModelAnswer Answer)> Answers(ProofFile proof, ProvedModel model)
    {
        var (inputs, outputs) = (proof.Inputs.Length / proof.Samples, proof.Outputs.Length / proof.Samples);
        for (var sample = 0; sample < proof.Samples; sample++)
            yield return (
                proof.Inputs.Slice(sample * inputs, inputs).ToArray(),
                ModelAnswer.Read(model.Graph, model.Analysis, proof.Outputs.Slice(sample * outputs, outputs).ToArray()));
    }
}
