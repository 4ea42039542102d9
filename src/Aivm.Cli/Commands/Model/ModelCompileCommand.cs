using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Spectre.Console;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model compile</c>: an ONNX file becomes a container of canonical integers.</summary>
internal static class ModelCompileCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var onnx = new Argument<FileInfo>("MODEL.onnx") { Description = "The ONNX file." }.AcceptExistingOnly();
        var output = new Option<FileInfo>("--output", "-o") { Description = "Where the container goes; by default beside the ONNX file, as .aivm.", HelpName = "FILE" };
        var format = InputFormatOption.Format();
        var scale = InputFormatOption.Scale();
        var calibrate = new Option<FileInfo>("--calibrate")
        {
            Description = "Samples (.csv, .npz, .json) in the callers' numbers, to measure the ranges of activations. Neural networks want it; trees and linear models do not need it.",
            HelpName = "FILE",
        }.AcceptExistingOnly();
        var command = new Command("compile", "Turn an ONNX model into AIVM-Q, the integer form that every validator computes alike.")
        {
            onnx, output, format, scale, calibrate, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(onnx);
            var target = result.GetValue(output) ?? new FileInfo(Path.ChangeExtension(source.FullName, ".aivm"));
            ModelFile.RequireWritable(target);
            var samples = result.GetValue(calibrate) is { } given ? InputFiles.Read(given.FullName) : null;
            var options = InputFormatOption.Options(result.GetValue(format), result.GetValue(scale), samples);
            var compiled = await terminal.Step($"Compiling {source.Name}", progress => Task.Run(() => OnnxCompiler.Compile(
                OnnxFile.Read(source.FullName), options, new CompileSteps(progress))));
            ModelFile.Write(target, compiled.Container);
            terminal.Result(
                new { Model = target.FullName, compiled.Hash, compiled.Report },
                () => Print(terminal, target, compiled));
            return 0;
        });
        return command;
    }

    private static void Print(Terminal terminal, FileInfo target, CompileResult compiled)
    {
        var report = compiled.Report;
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("layer", "operator", "type")
            .AddColumn(new TableColumn("exponent").RightAligned())
            .AddColumn(new TableColumn("shift").RightAligned())
            .AddColumn(new TableColumn("MACs").RightAligned())
            .AddColumn(new TableColumn("error, rms / signal").RightAligned());
        foreach (var layer in report.Layers)
        {
            table.AddRow(
                Terminal.Cell(layer.Name), layer.Operator, layer.Type, layer.OutputExponent.ToString(CultureInfo.InvariantCulture),
                layer.Shift?.ToString(CultureInfo.InvariantCulture) ?? "", Coins.Gas(layer.Macs),
                layer is { RmsError: { } error, RmsSignal: > 0 } ? (error / layer.RmsSignal.Value).ToString("P2", CultureInfo.InvariantCulture) : "");
        }
        terminal.Screen.Write(table);
        var calibration = report.Calibration;
        if (calibration.LabelAgreement is { } agreement)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture,
                $"labels   {agreement:P1} equal to real arithmetic on {calibration.Samples} {(calibration.Seeded ? "seeded random" : "calibration")} samples"));
        }
        terminal.Line($"size     {Coins.Gas((ulong)report.ContainerBytes)} bytes, {Coins.Gas(report.Macs)} MACs");
        terminal.Line($"gas      {Coins.Gas(report.Gas)} a run, {Coins.Gas(report.LoadGas)} to load in a transaction");
        terminal.Line($"hash     {compiled.Hash}");
        terminal.Line($"written  {target.FullName}");
        foreach (var warning in report.Warnings)
            terminal.Line($"warning  {warning}");
    }

    private sealed class CompileSteps(IProgress<string> progress) : IProgress<CompileProgress>
    {
        public void Report(CompileProgress value) => progress.Report($"{value.Stage} {value.Done}/{value.Total}");
    }
}
