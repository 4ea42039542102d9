using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Models;
using Aivm.Compiler.Inputs;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model run</c>: what the chain will compute, without a chain.</summary>
internal static class ModelRunCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var file = new Argument<FileInfo>("MODEL.aivm") { Description = "A compiled model." }.AcceptExistingOnly();
        var input = CommonOptions.Input();
        var command = new Command("run", "Run a compiled model here: one line a sample, its outputs and their hash, as on the chain.")
        {
            file, input, json,
        };
        command.SetAction(result =>
        {
            var terminal = result.Terminal(json);
            var model = ModelFile.Load(result.GetRequiredValue(file));
            var samples = InputFiles.Read(result.GetRequiredValue(input).FullName);
            var answers = Enumerable.Range(0, samples.Count).Select(row => ModelAnswer.Run(model, ModelInput.Read(model, samples, row)));
            if (!terminal.Json)
            {
                foreach (var answer in answers)
                    terminal.Line($"{string.Join(' ', answer.Outputs.Select(value => value.ToString(CultureInfo.InvariantCulture)))}  {answer.Hash}");
                return 0;
            }
            terminal.Result(
                new
                {
                    model.Hash,
                    Samples = answers.Select(answer => new { answer.Outputs, answer.Hash, answer.Label, answer.Probability }).ToList(),
                },
                () => { });
            return 0;
        });
        return command;
    }
}
