using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Aivm.Inference;

namespace Aivm.Cli.Commands;

/// <summary>What ONNX does not say about a model's input: how its callers write numbers, and what one unit means.</summary>
internal static class InputFormatOption
{
    public static Option<InputFormat> Format() => new("--input")
    {
        Description = "How callers write the input: fixed:D (decimal numbers with D digits after the point, 0 to 18) or u8 (bytes).",
        HelpName = "fixed:D|u8",
        DefaultValueFactory = _ => new InputFormat.Fixed(9),
        CustomParser = Parse,
    };

    public static Option<double> Scale() => new("--scale")
    {
        Description = "The ONNX input is this times the caller's number: 1/255 for bytes that the network wants as 0 to 1.",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
        CustomParser = ParseScale,
    };

    private static InputFormat? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "u8")
            return new InputFormat.U8();
        if (text.StartsWith("fixed:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var decimals)
            && decimals <= 18)
            return new InputFormat.Fixed(decimals);
        result.AddError($"--input takes fixed:D with D from 0 to 18, or u8; not '{text}'.");
        return null;
    }

    private static double ParseScale(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var parts = text.Split('/');
        if (parts.Length <= 2
            && TryParse(parts[0], out var numerator)
            && (parts.Length == 1 || TryParse(parts[1], out _))
            && numerator / (parts.Length == 1 ? 1 : double.Parse(parts[1], CultureInfo.InvariantCulture)) is var scale
            && double.IsNormal(scale)
            && scale > 0)
            return scale;
        result.AddError($"--scale takes a positive number or a fraction such as 1/255; not '{text}'.");
        return 1;

        static bool TryParse(string number, out double value) =>
            double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
