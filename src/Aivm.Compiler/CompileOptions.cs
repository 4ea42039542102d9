using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Compiler;

/// <summary>What an ONNX file does not say about its use on the chain.</summary>
public sealed record CompileOptions
{
    /// <summary>How callers write their numbers. Fixed-point inputs have 0 to 18 decimals.</summary>
    public InputFormat Input { get; init; } = new InputFormat.Fixed(9);

    /// <summary>The ONNX input is this times the caller's value, e.g. 1/255 for bytes that the network wants as 0 to 1.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>How wide the values are that layers multiply by weights.</summary>
    public PrecisionMode Precision { get; init; } = PrecisionMode.Auto;

    /// <summary>Samples in the caller's units, to measure the ranges of activations; without them seeded uniform ones are used.</summary>
    public SampleSet? Calibration { get; init; }
}

/// <summary>The width of the values that layers multiply by weights.</summary>
public enum PrecisionMode
{
    /// <summary>8 bits, and 16 where the samples show that 8 cost the model too much.</summary>
    Auto,

    S8,
    S16,
}

/// <summary>How far a compilation has come.</summary>
public sealed record CompileProgress(string Stage, int Done, int Total);
