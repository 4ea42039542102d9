using System.Collections.Immutable;
using Aivm.Compiler.Inputs;
using Aivm.Compiler.Quantisation;
using Aivm.Inference;

namespace Aivm.Compiler;

/// <summary>What an ONNX file does not say about its use on the chain.</summary>
public sealed record CompileOptions
{
    /// <summary>
    /// How callers write their numbers, where <see cref="Inputs"/> does not say. Fixed-point inputs have 0 to 18 decimals. Inputs of
    /// integers take no decimals in spite of this, those that number the rows of a table an index below their count, booleans 0 or 1.
    /// </summary>
    public InputFormat Input { get; init; } = new InputFormat.Fixed(9);

    /// <summary>An ONNX input of real numbers is this times the caller's value, e.g. 1/255 for bytes that the network wants as 0 to 1.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>How wide the values are that layers multiply by weights.</summary>
    public PrecisionMode Precision { get; init; } = PrecisionMode.Auto;

    /// <summary>What is to be different for single inputs, by their names in the ONNX file.</summary>
    public ImmutableSortedDictionary<string, InputOptions> Inputs { get; init; } = ImmutableSortedDictionary.Create<string, InputOptions>(StringComparer.Ordinal);

    /// <summary>Samples in the caller's units, to measure the ranges of activations; without them seeded uniform ones are used.</summary>
    public SampleSet? Calibration { get; init; }

    /// <summary>What is true of each calibration sample, to measure accuracy by: a class, by its name where the model's are integers, else by index.</summary>
    public SampleSet? Labels { get; init; }

    /// <summary>Most samples that are used, 1 to 256; time and memory of a compilation grow with them.</summary>
    public int MaxSamples { get; init; } = CalibrationData.MaxSamples;

    /// <summary>Most multiply-accumulates of one run, and with them most elements of its values: a model that takes more is refused.</summary>
    public long MaxWork { get; init; } = Work.MaxPerRun;
}

/// <summary>The width of the values that layers multiply by weights.</summary>
public enum PrecisionMode
{
    /// <summary>8 bits, and 16 where the samples show that 8 cost the model too much.</summary>
    Auto,

    S8,
    S16,
}

/// <summary>Format and scale of one input; null leaves the general one in force.</summary>
public sealed record InputOptions(InputFormat? Format = null, double? Scale = null);

/// <summary>How far a compilation has come.</summary>
public sealed record CompileProgress(string Stage, int Done, int Total);
