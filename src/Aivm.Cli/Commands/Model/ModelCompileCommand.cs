using System.CommandLine;
using System.CommandLine.Parsing;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;

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
            Description = "Samples (.csv, .npy, .npz, .json) in the callers' numbers, to measure the ranges of activations. Neural networks want it; trees and linear models do not need it.",
            HelpName = "FILE",
        }.AcceptExistingOnly();
        var labels = new Option<FileInfo>("--labels")
        {
            Description = "The true class of each calibration sample, a column of integers: the report then has the accuracy before and after.",
            HelpName = "FILE",
        }.AcceptExistingOnly();
        var precision = new Option<PrecisionMode>("--precision")
        {
            Description = "Bits of the values that layers multiply by weights: 8, 16 (slower, less error), or by default 8 except where the samples show that they cost too much.",
            HelpName = "auto|s8|s16",
            CustomParser = ParsePrecision,
        };
        var command = new Command("compile", "Turn an ONNX model into AIVM-Q, the integer form that every validator computes alike.")
        {
            onnx, output, format, scale, calibrate, labels, precision, json,
        };
        command.SetAction(async result =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(onnx);
            var target = result.GetValue(output) ?? new FileInfo(Path.ChangeExtension(source.FullName, ".aivm"));
            OutputFile.RequireWritable(target);
            var options = InputFormatOption.Options(result.GetValue(format), result.GetValue(scale), Samples(result.GetValue(calibrate))) with
            {
                Labels = Samples(result.GetValue(labels)),
                Precision = result.GetValue(precision),
            };
            var compiled = await terminal.Step($"Compiling {source.Name}", progress => Task.Run(() => OnnxCompiler.Compile(
                OnnxFile.Read(source.FullName), options, new CompileSteps(progress))));
            OutputFile.Write(target, compiled.Container);
            terminal.Result(
                new { Model = target.FullName, compiled.Hash, compiled.Report },
                () => Print(terminal, target, compiled));
            return 0;
        });
        return command;
    }

    private static PrecisionMode ParsePrecision(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        switch (text)
        {
            case "auto":
                return PrecisionMode.Auto;
            case "s8":
                return PrecisionMode.S8;
            case "s16":
                return PrecisionMode.S16;
            default:
                result.AddError($"--precision takes auto, s8 or s16; not '{text}'.");
                return PrecisionMode.Auto;
        }
    }

    private static SampleSet? Samples(FileInfo? file) => file is null ? null : InputFiles.Read(file.FullName);

    private static void Print(Terminal terminal, FileInfo target, CompileResult compiled)
    {
        CompileReportView.Print(terminal, compiled.Report);
        terminal.Line($"hash     {compiled.Hash}");
        terminal.Line($"written  {target.FullName}");
        foreach (var warning in compiled.Report.Warnings)
            terminal.Line($"warning  {warning}");
    }

    private sealed class CompileSteps(IProgress<string> progress) : IProgress<CompileProgress>
    {
        public void Report(CompileProgress value) => progress.Report($"{value.Stage} {value.Done}/{value.Total}");
    }
}
