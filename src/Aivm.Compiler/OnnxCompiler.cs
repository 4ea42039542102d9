using System.Globalization;
using Aivm.Compiler.Import;
using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Compiler;

/// <summary>
/// ONNX to AIVM-Q: read, normalise, measure with calibration samples, quantise, encode, and run what came out against what was
/// meant. The same file, samples and version of this compiler give the same bytes on every machine.
/// </summary>
public static class OnnxCompiler
{
    /// <summary>Most bytes of an ONNX file.</summary>
    public const int MaxFileSize = OnnxReader.MaxFileSize;

    /// <exception cref="AivmException">
    /// The file cannot be compiled; the message names operator, node and reason. Codes: <c>onnx-corrupt</c>, <c>onnx-invalid</c>,
    /// <c>onnx-too-large</c>, <c>onnx-external-data</c>, <c>unsupported-operator</c>, <c>unsupported-opset</c>,
    /// <c>unsupported-shape</c>, <c>unsupported-input</c>, <c>unsupported-output</c>, <c>unsupported-tensor</c>,
    /// <c>unsupported-model</c>, <c>compile-options</c>, <c>calibration-mismatch</c>, <c>input-value</c>.
    /// </exception>
    public static CompileResult Compile(ReadOnlyMemory<byte> onnx, CompileOptions options, IProgress<CompileProgress>? progress = null)
    {
        CheckLimits(options);
        progress?.Report(new CompileProgress("read", 0, 1));
        var model = OnnxReader.Read(onnx);
        var graph = Normaliser.Run(OnnxImporter.Import(model));
        RequireReasonableWork(graph, options.MaxWork);
        var samples = CalibrationData.Take(graph, options);
        var lowered = PrecisionSearch.Run(graph, options.Precision, samples, progress);
        var container = Container.Encode(lowered.Graph);
        if (!Model.TryLoad(container, ModelLimits.OffChain, out var compiled, out var error))
            throw error.Code == "limit-container" ? Refusal.DoesNotFit(error) : new InvalidOperationException($"The compiled container is refused: {error}");
        progress?.Report(new CompileProgress("verify", 0, 1));
        var calibration = Verification.Run(compiled, lowered, samples);
        var report = new CompileReport(
            model.Producer, container.Length, compiled.Macs, compiled.Gas, compiled.LoadGas, lowered.Layers, calibration, Warnings(samples, compiled, lowered.Layers, calibration));
        return new CompileResult(container, compiled.Hash, report);
    }

    private static void CheckLimits(CompileOptions options)
    {
        if (options.MaxSamples is < 1 or > CalibrationData.MaxSamples || options.MaxWork is < 1 or > Work.MaxPerRun)
            throw Refusal.Input("compile-options", $"A compilation takes 1 to {CalibrationData.MaxSamples} samples, and 1 to {Work.MaxPerRun} multiply-accumulates a run.");
    }

    private static void RequireReasonableWork(FloatGraph graph, long limit)
    {
        var values = graph.Values();
        if (values.FirstOrDefault(node => node.Count == 0) is { } empty)
            throw Refusal.Shape(empty, "it has no elements");
        var work = values.Aggregate(0L, (sum, node) => Math.Min(sum + Work.OfSample(node), limit + 1));
        if (work > limit)
            throw Refusal.TooLarge($"one run takes more than {limit} multiply-accumulates");
        if (Work.Held(graph) > Work.MaxHeld)
            throw Refusal.TooLarge($"one run holds more than {Work.MaxHeld} numbers at once");
        LeastGraph.Check(graph);
    }

    private static List<string> Warnings(CalibrationData samples, Model model, IReadOnlyList<LayerReport> layers, CalibrationReport calibration)
    {
        var warnings = new List<string>();
        if (samples.Seeded && layers.Any(layer => layer.RmsError is not null))
            warnings.Add("No calibration samples were given: ranges were measured on seeded uniform inputs, and accuracy may suffer. Pass a file of real samples.");
        if (!samples.Seeded && calibration.LabelAgreement < 0.98)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{calibration.LabelAgreement:P1} of the calibration samples keep their label."));
        if (!samples.Seeded && calibration.ScoreError > PrecisionSearch.Target)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"The scores are off by {calibration.ScoreError:P1} of their size; above {PrecisionSearch.Target:P1} labels may change."));
        if (calibration.Samples < 16 && !samples.Seeded && layers.Any(layer => layer.RmsError is not null))
            warnings.Add($"Only {calibration.Samples} calibration samples were used; a hundred or more give better scales.");
        if (!Model.TryLoad(Container.Encode(model.Graph), ModelLimits.OnChain, out _, out var error))
            warnings.Add($"The model is too large for the chain and can only be run off-chain: {error.Message}.");
        return warnings;
    }
}
