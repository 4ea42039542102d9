using Aivm.Primitives;

namespace Aivm.Compiler.Inputs;

/// <summary>
/// Reads samples for calibration and for running a model. CSV: one sample a row, optional header, no label. JSON: an array of arrays.
/// NPY: samples on the first axis. NPZ: such an array <c>x</c> or the only one, or one of the name of each input. A row holds the values
/// of all inputs, one input after another.
/// </summary>
public static class InputFiles
{
    /// <summary>Most bytes of an input file, and of an array inside one.</summary>
    public const int MaxSize = 256 << 20;

    /// <summary>Most values in a file.</summary>
    public const int MaxValues = 1 << 26;

    /// <exception cref="AivmException">
    /// <c>input-format</c>, <c>input-value</c>, <c>input-too-large</c>: the file is at fault. <c>file-not-found</c>,
    /// <c>file-unreadable</c>: the path is.
    /// </exception>
    public static SampleSet Read(string path)
    {
        var file = BoundedFile.Read(path, MaxSize, "input-too-large");
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            (".csv" or ".npz" or ".npy" or ".json") and var extension => Read(file, extension[1..]),
            _ => throw Refusal.Input("input-format", $"'{path}' is neither .csv, .npz, .npy nor .json."),
        };
    }

    /// <param name="format"><c>csv</c>, <c>npz</c>, <c>npy</c> or <c>json</c>.</param>
    /// <exception cref="AivmException"><c>input-format</c>, <c>input-value</c>, <c>input-too-large</c>.</exception>
    public static SampleSet Read(byte[] file, string format) => format switch
    {
        "csv" => Csv.Read(file),
        "npz" => Npz.Read(file),
        "npy" => Npy.Read(file),
        "json" => JsonRows.Read(file),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    internal static AivmException Format(string what) => Refusal.Input("input-format", $"The input file cannot be read: {what}.");

    internal static AivmException TooLarge(string what) => Refusal.Input("input-too-large", $"The input is too large: {what}.");
}
