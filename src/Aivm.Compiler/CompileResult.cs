using Aivm.Primitives;

namespace Aivm.Compiler;

/// <summary>A compiled model.</summary>
/// <param name="Hash">keccak256 of the container: the model's identity.</param>
public sealed record CompileResult(byte[] Container, Hash256 Hash, CompileReport Report);

/// <summary>What the compiler did, for people and programs.</summary>
/// <param name="Layers">In order of execution, as the container holds them.</param>
/// <param name="Warnings">Sentences about what may surprise.</param>
public sealed record CompileReport(
    string Producer,
    int ContainerBytes,
    ulong Macs,
    ulong Gas,
    ulong LoadGas,
    IReadOnlyList<LayerReport> Layers,
    CalibrationReport Calibration,
    IReadOnlyList<string> Warnings);

/// <summary>One layer: what it came from, its scales, and its error against real arithmetic on the calibration samples.</summary>
/// <param name="Name">Of the ONNX node.</param>
/// <param name="Source">The ONNX operators that were joined into it.</param>
/// <param name="Operator">The operator of AIVM-Q.</param>
/// <param name="Shift">The requantise shift; null where there is none.</param>
/// <param name="Gas">Of one run, with what prepares the layer's operands; the fixed part of a run is apart.</param>
/// <param name="RmsError">
/// Root mean square of result minus reference; null where integers are exact or not measured. Channels may have been rescaled
/// against the layers that read them, so compare it with <paramref name="RmsSignal"/>, the root mean square of the reference.
/// </param>
public sealed record LayerReport(
    string Name, string Source, string Operator, string Type, int InputExponent, int OutputExponent, int? Shift, ulong Macs, ulong Gas,
    double? RmsError, double? MaxError, double? RmsSignal)
{
    /// <summary>The error over the signal, both root mean squares.</summary>
    public double? RelativeError => RmsSignal > 0 ? RmsError / RmsSignal : null;
}

/// <summary>The whole model against real arithmetic on the calibration samples.</summary>
/// <param name="Samples">How many samples were run.</param>
/// <param name="Seeded">Whether they were drawn, for want of given ones.</param>
/// <param name="LabelAgreement">The share of samples with the same label; null for a model without labels or scores.</param>
/// <param name="Outputs">Error of each output of numbers.</param>
/// <param name="Accuracy">Null without labels.</param>
/// <param name="ScoreError">
/// Error of the last integers in front of softmax, label or output, over their size, both root mean squares; the worst where there
/// are several; null where integers are exact or not measured. What the choice of 16 bits goes by.
/// </param>
public sealed record CalibrationReport(int Samples, bool Seeded, double? LabelAgreement, IReadOnlyList<OutputError> Outputs, Accuracy? Accuracy, double? ScoreError);

/// <summary>The error of an output in the model's units, and the root mean square of what it should be.</summary>
public sealed record OutputError(string Name, double Rms, double Max, double Signal);

/// <summary>The share of samples whose label is the true one.</summary>
/// <param name="Before">In real arithmetic.</param>
/// <param name="After">In integers.</param>
public sealed record Accuracy(double Before, double After);
